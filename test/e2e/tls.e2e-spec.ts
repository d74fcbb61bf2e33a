import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { connect } from 'node:net';
import { connect as connectTls, createServer } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkFile } from '../../src/cli/config.js';
import { readTls } from '../../src/http/read-tls.js';
import { Authority } from '../support/certificates.js';
import type { TlsFiles } from '../../src/http/read-tls.js';
import type { CertificateFiles } from '../support/certificates.js';
import { eventually } from '../support/eventually.js';
import { fakeOnly } from '../support/fake-time.js';
import { logLinesOf } from '../support/log-lines.js';
import { KEY, RunningService } from '../support/service.js';

const GOOD = JSON.stringify({ anum: '+358501231234', bnum: '+358942415000' });
let certificates: string;
let authority: Authority;
let first: CertificateFiles;
let second: CertificateFiles;
let inUse: CertificateFiles;
/** With `inUse`. */
let main: RunningService;
/** Another one, of one test. */
let service: RunningService | undefined;
let url: string;

beforeAll(async () => {
  certificates = await mkdtemp(join(tmpdir(), 'smartrouting-tls-'));
  authority = await Authority.make(certificates, 'authority');
  // RSA, so that suites with RSA key exchange are refused for what they are.
  first = await authority.sign('first', { newkey: 'rsa:2048' });
  second = await authority.sign('second');
  inUse = { cert: join(certificates, 'tls.crt'), key: join(certificates, 'tls.key') };
  await replace(first);
  // Files are looked at when a test wants it.
  fakeOnly('setTimeout', 'clearTimeout');
  main = await RunningService.start(files(inUse));
  url = main.url;
});
afterEach(async () => {
  await service?.stop();
  service = undefined;
  url = main.url;
});
afterAll(async () => {
  await main?.stop();
  jest.useRealTimers();
  await rm(certificates, { recursive: true, force: true });
});

async function replace({ cert, key }: CertificateFiles): Promise<void> {
  await copyFile(cert, inUse.cert);
  await copyFile(key, inUse.key);
}

const files = (tls: TlsFiles): Record<string, string> => ({
  'vips.csv': 'number,tier\n+358501231234,gold\n',
  'smartrouting.yaml': `
server: { port: 0, tls: ${JSON.stringify(tls)} }
credentials: [{ id: core, apiKey: ${KEY} }]
providers: { list: { kind: static-file, file: ./vips.csv } }
targets: { default: { providers: [list], routes: [{ instructions: { ExtraPriority: 5 } }] } }
logging: { level: silent }
`,
});

const start = async (tls: TlsFiles): Promise<RunningService> => {
  service = await RunningService.start(files(tls));
  url = service.url;
  return service;
};

interface Seen {
  readonly status: number;
  readonly body: string;
  readonly certificate: string;
  readonly protocol: string | null;
  readonly suite: string;
}

function ask(method: string, path: string, options: ConnectionOptions = {}): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const headers = { 'X-Benemen-APIKey': KEY, 'Content-Type': 'application/json' };
    const sent = request(
      url + path,
      { method, headers, rejectUnauthorized: false, agent: false, ...options },
      (answer) => {
        const socket = answer.socket as TLSSocket;
        const seen = {
          status: answer.statusCode!,
          certificate: socket.getPeerCertificate().subject.CN as string,
          protocol: socket.getProtocol(),
          suite: socket.getCipher().standardName,
        };
        let body = '';
        answer.on('data', (chunk: Buffer) => (body += chunk.toString()));
        answer.on('end', () => resolve({ ...seen, body }));
      },
    );
    sent.on('error', reject);
    sent.end(method === 'POST' ? GOOD : undefined);
  });
}
const call = (options?: ConnectionOptions): Promise<Seen> => ask('POST', '/smartrouting', options);

async function configuration(): Promise<Record<string, unknown>> {
  const { body } = await ask('GET', '/health');
  return (JSON.parse(body) as { details: { configuration: Record<string, unknown> } }).details.configuration;
}

/** Looks at the files again and again. */
function eventuallySeen(look: () => Promise<void>): Promise<void> {
  return eventually(() => {
    jest.advanceTimersByTime(500);
    return look();
  });
}
const statusIs = async (status: string): Promise<void> =>
  expect(await configuration()).toMatchObject({ status });
const certificateIs = async (certificate: string): Promise<void> =>
  expect(await call()).toMatchObject({ status: 200, certificate });

describe('server.tls', () => {
  it('answers calls over TLS 1.3 and 1.2, and tells health and metrics until when its certificate is valid', async () => {
    expect(await call()).toMatchObject({ status: 200, certificate: 'first', protocol: 'TLSv1.3' });
    const { period } = await readTls(inUse);
    expect(await configuration()).toMatchObject({
      status: 'up',
      certificateValidUntil: new Date(period.validUntilMs).toISOString(),
    });
    expect((await ask('GET', '/metrics')).body).toContain(
      `\nsmartrouting_tls_certificate_expiry_timestamp_seconds ${period.validUntilMs / 1000}\n`,
    );
    expect(await call({ ca: [(await readTls(first)).options.cert as string] })).toMatchObject({
      status: 200,
    });
    for (const ciphers of [
      'ECDHE-RSA-AES128-GCM-SHA256',
      'ECDHE-RSA-AES256-GCM-SHA384',
      'ECDHE-RSA-CHACHA20-POLY1305',
    ]) {
      const seen = await call({ maxVersion: 'TLSv1.2', ciphers });
      expect(seen).toMatchObject({
        status: 200,
        protocol: 'TLSv1.2',
        suite: expect.stringContaining('ECDHE'),
      });
    }
  });

  const OLD: [string, ConnectionOptions][] = [
    ['TLS 1.0', { minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' }],
    ['TLS 1.1', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }],
    ['CBC', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-SHA256:ECDHE-RSA-AES256-SHA384' }],
    ['CBC with SHA-1', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES256-SHA' }],
    ['RSA key exchange', { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256:AES256-GCM-SHA384' }],
    ['CCM', { maxVersion: 'TLSv1.3', minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_CCM_SHA256' }],
  ];

  it('refuses older versions and suites, which a lax server would take', async () => {
    const { options } = await readTls(first);
    const lax = createServer({
      ...options,
      minVersion: 'TLSv1',
      ciphers: 'ALL:TLS_AES_128_CCM_SHA256:@SECLEVEL=0',
    });
    lax.listen(0, '127.0.0.1');
    await once(lax, 'listening');
    const connects = async (port: number, client: ConnectionOptions): Promise<string> => {
      const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, ...client });
      try {
        await once(socket, 'secureConnect');
        return 'connects';
      } catch (error) {
        return `refused: ${(error as NodeJS.ErrnoException).code}`;
      } finally {
        socket.destroy();
      }
    };
    const own = Number(new URL(url).port);
    const { port: laxPort } = lax.address() as { port: number };
    try {
      for (const [name, client] of OLD) {
        expect([name, await connects(laxPort, client)]).toEqual([name, 'connects']);
        expect([name, await connects(own, client)]).toEqual([
          name,
          expect.stringMatching(
            /^TLS/.test(name)
              ? /^refused: ERR_SSL_\S*ALERT_PROTOCOL_VERSION$/
              : /^refused: ERR_SSL_\S*HANDSHAKE_FAILURE$/,
          ),
        ]);
      }
    } finally {
      lax.close();
    }
  });

  it('does not serve plain HTTP', async () => {
    const plain = connect(Number(new URL(url).port), '127.0.0.1');
    let answer = '';
    plain.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    plain.write(`GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await once(plain, 'close');
    expect(answer).not.toMatch(/HTTP|\{/);
  });

  it('takes a changed certificate over while running; a wrong pair is refused and health says so', async () => {
    await replace(second);
    await eventuallySeen(() => certificateIs('second'));
    await copyFile(first.cert, inUse.cert);
    await eventuallySeen(() => statusIs('degraded'));
    const { reason, since } = await configuration();
    expect(reason).toBe(
      'the changed certificate is not in use: server.tls has a certificate and a key that do not match. Name PEM files that do',
    );
    expect(since).toMatch(/^\d{4}-/);
    await certificateIs('second');
    await copyFile(first.key, inUse.key);
    await eventuallySeen(() => statusIs('up'));
    await certificateIs('first');
  });

  it('starts with a certificate that ends soon or has ended, and says so', async () => {
    const soon = await authority.sign('soon', { days: 3 });
    await start(soon);
    expect(await configuration()).toMatchObject({
      status: 'degraded',
      reason: expect.stringMatching(/^the certificate ends .* within 14 days\. Replace the files/),
      since: expect.stringMatching(/^\d{4}-/),
    });
    await certificateIs('soon');
    const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    try {
      await checkFile(join(service!.folder, 'smartrouting.yaml'));
      expect(write.mock.calls.join('')).toMatch(
        /^Warning: server\.tls\.cert: the certificate ends .* within 14 days/m,
      );
    } finally {
      write.mockRestore();
    }
  });

  it('that cannot be used stops the start, naming the key and the cure', async () => {
    const starting = (tls: TlsFiles) => RunningService.start(files(tls));
    await expect(starting({ cert: first.cert, key: second.key })).rejects.toThrow(
      /line 2, server\.tls: has a certificate and a key that do not match\. Name PEM files that do\./,
    );
    await expect(starting({ ...first, cert: './none.crt' })).rejects.toThrow(
      /line 2, server\.tls\.cert: names a file that does not exist\. Name a PEM file/,
    );
    await expect(starting({ ...first, clientCa: first.key })).rejects.toThrow(
      /line 2, server\.tls\.clientCa: holds no certificate in PEM form/,
    );
  });
});

describe('server.tls.clientCa', () => {
  it('lets in only clients with a certificate of that authority, and the log says whom it refused', async () => {
    const clients = await Authority.make(certificates, 'clients');
    const load = async (by: Authority, name: string): Promise<ConnectionOptions> => {
      const { options } = await readTls(await by.sign(name));
      return { cert: options.cert as string, key: options.key as string };
    };
    const own = await load(clients, 'client');
    const stranger = await load(authority, 'stranger');
    const lines = logLinesOf(await start({ ...first, clientCa: clients.files.cert }));
    expect(await call(own)).toMatchObject({ status: 200, certificate: 'first' });
    expect(await call({ ...own, maxVersion: 'TLSv1.2' })).toMatchObject({ status: 200 });
    await expect(call()).rejects.toThrow();
    await expect(call({ maxVersion: 'TLSv1.2' })).rejects.toThrow();
    await expect(call(stranger)).rejects.toThrow();
    await expect(call(stranger)).rejects.toThrow();
    const refused = (): typeof lines =>
      lines.filter(({ msg }) => String(msg).startsWith('client certificate refused'));
    await eventually(() =>
      expect(refused().map(({ code }) => code)).toContainEqual(
        expect.stringMatching(/UNABLE_TO_GET_ISSUER|UNABLE_TO_VERIFY|SELF_SIGNED/),
      ),
    );
    expect(await call(own)).toMatchObject({ status: 200 });
    expect(refused().every(({ level, count }) => level === 'warn' && count === 1)).toBe(true);
    expect(new Set(refused().map(({ code }) => code)).size).toBe(refused().length);
  });
});
