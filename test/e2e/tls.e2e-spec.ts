import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { request } from 'node:https';
import { connect } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KEY, RunningService } from '../support/service.js';

let certificates: string;
let service: RunningService;
const GOOD = JSON.stringify({ anum: '+358501231234', bnum: '+358942415000' });

const makeCertificate = (name: string): void => {
  execFileSync(
    'openssl',
    // prettier-ignore
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1', '-subj', `/CN=${name}`,
      '-keyout', join(certificates, `${name}.key`), '-out', join(certificates, `${name}.crt`)],
    { stdio: 'ignore' },
  );
};

function call(): Promise<{ status: number; certificate: string; protocol: string | null }> {
  return new Promise((resolve, reject) => {
    const headers = {
      'X-Benemen-APIKey': KEY,
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(GOOD),
    };
    const sent = request(
      service.url + service.path,
      { method: 'POST', headers, rejectUnauthorized: false, agent: false },
      (answer) => {
        const socket = answer.socket as TLSSocket;
        const seen = {
          certificate: socket.getPeerCertificate().subject.CN as string,
          protocol: socket.getProtocol(),
        };
        answer.resume().on('end', () => resolve({ status: answer.statusCode!, ...seen }));
      },
    );
    sent.on('error', reject);
    sent.end(GOOD);
  });
}

beforeAll(async () => {
  certificates = await mkdtemp(join(tmpdir(), 'smartrouting-tls-'));
  for (const name of ['first', 'second']) makeCertificate(name);
  await copyFile(join(certificates, 'first.crt'), join(certificates, 'tls.crt'));
  await copyFile(join(certificates, 'first.key'), join(certificates, 'tls.key'));
  service = await RunningService.start({
    'vips.csv': 'number,tier\n+358501231234,gold\n',
    'smartrouting.yaml': `
server: { tls: { cert: ${join(certificates, 'tls.crt')}, key: ${join(certificates, 'tls.key')} } }
credentials: [{ id: core, apiKey: ${KEY} }]
providers: { list: { kind: static-file, file: ./vips.csv } }
targets: { default: { providers: [list], routes: [{ instructions: { ExtraPriority: 5 } }] } }
logging: { level: silent }
`,
  });
});
afterAll(async () => {
  await service?.stop();
  await rm(certificates, { recursive: true, force: true });
});

describe('server.tls', () => {
  it('answers calls over TLS 1.3, and takes a changed certificate over while running', async () => {
    expect(await call()).toEqual({ status: 200, certificate: 'first', protocol: 'TLSv1.3' });
    await copyFile(join(certificates, 'second.crt'), join(certificates, 'tls.crt'));
    await copyFile(join(certificates, 'second.key'), join(certificates, 'tls.key'));
    let certificate = 'first';
    for (let tries = 0; tries < 150 && certificate === 'first'; tries++) {
      await sleep(100);
      ({ certificate } = await call());
    }
    expect(certificate).toBe('second');
  });

  it('cuts off a client that says nothing', async () => {
    const { port } = new URL(service.url);
    const silent = connect(Number(port), '127.0.0.1');
    const closed = once(silent, 'close').then(() => 'closed');
    expect(await Promise.race([closed, sleep(20_000, 'still open', { ref: false })])).toBe('closed');
  });

  it('that cannot be used stops the start, naming the key', async () => {
    const broken = RunningService.start({
      'smartrouting.yaml': `
server: { tls: { cert: ${join(certificates, 'first.crt')}, key: ${join(certificates, 'second.key')} } }
credentials: [{ id: core, apiKey: ${KEY} }]
providers: { list: { kind: static-file, file: ./vips.csv } }
targets: { default: { providers: [list], routes: [{ instructions: { ExtraPriority: 5 } }] } }
`,
    });
    await expect(broken).rejects.toThrow(
      /line 2, server\.tls: cannot be used: .*mismatch.*Name PEM files that belong together/,
    );
  });
});
