import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFailure } from '../../src/app/start-failure.js';
import type { OwnPrototypeAdapter } from '../../src/http/own-prototype.adapter.js';
import { Authority } from '../support/certificates.js';
import { eventually } from '../support/eventually.js';
import { Program } from '../support/process.js';
import { ask, KEY, RunningService } from '../support/service.js';
import type { Answer } from '../support/service.js';

const GOOD = { anum: '+358501231234', bnum: '+358942415000', targetid: 'SALES_QUEUE' };
const SLOW = { ...GOOD, targetid: 'SLOW_QUEUE' };
const HEADERS = { 'X-Benemen-APIKey': KEY, 'Content-Type': 'application/json' };
const OWN = ['/health', '/health/live', '/health/ready', '/metrics', '/docs', '/docs-json'];
/** Other spellings of the same addresses, for the routes of Express. */
const SPELLINGS = ['/health/', '/HEALTH', '/health?a=/x', '/docs/', '/Metrics', '/docs/swagger-ui.css'];
const NOT_FOUND = { type: 'about:blank', title: 'Not Found', status: 404 };

let folder: string;
let crm: Server;
let service: RunningService | undefined;
let program: Program | undefined;
let isHeld: boolean;
/** Ends the CRM's answer that is held open. */
let release: () => void;
let asked: Promise<void>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smartrouting-management-'));
  isHeld = false;
  let hear: () => void;
  asked = new Promise((resolve) => (hear = resolve));
  crm = createServer((_request, response) => {
    release = () => response.end('{"tier":"gold"}');
    if (isHeld) hear();
    else release();
  }).listen(0, '127.0.0.1');
  await once(crm, 'listening');
});
afterEach(async () => {
  await service?.stop();
  service = undefined;
  program?.signal('SIGKILL');
  await program?.finished;
  program = undefined;
  crm.closeAllConnections();
  await new Promise((resolve) => crm.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

const config = (server: string): Record<string, string> => ({
  'vips.csv': 'number,tier\n+358501231234,gold\n',
  'smartrouting.yaml': `
${server}
credentials: [{ id: core, apiKey: ${KEY} }]
providers:
  list: { kind: static-file, file: ./vips.csv }
  slow: { kind: crm-http, url: "http://127.0.0.1:${(crm.address() as AddressInfo).port}/{{ number }}", record: "$", trustAnswer: true, timeout: 4500ms }
targets:
  SALES_QUEUE: { providers: [list], deadline: 4500ms, routes: [{ instructions: { ExtraPriority: 5 } }] }
  SLOW_QUEUE: { providers: [slow], deadline: 4500ms, routes: [{ instructions: { ExtraPriority: 7 } }] }
`,
});

/** @returns the addresses of the two ports */
async function start(server: string): Promise<{ calls: string; management: string }> {
  service = await RunningService.start({ ...config(`${server}\nlogging: { level: silent }`) });
  const { management } = service.app.getHttpAdapter() as unknown as OwnPrototypeAdapter;
  return { calls: service.url, management: management?.url ?? 'none' };
}

async function run(server: string, env: Record<string, string> = {}): Promise<Program> {
  for (const [name, content] of Object.entries(config(server))) await writeFile(join(folder, name), content);
  return (program = new Program('dist/main.js', [], {
    SMARTROUTING_CONFIG: join(folder, 'smartrouting.yaml'),
    DATABASE_URL: `sqlite:${join(folder, 'own.sqlite')}`,
    ...env,
  }));
}

const call = (url: string, body: object = GOOD): Promise<Answer> =>
  ask(`${url}/smartrouting`, { method: 'POST', headers: HEADERS, body });

/** The first line of an answer to a request line that no client library would send. */
async function raw(url: string, line: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  socket.write(`${line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  await once(socket, 'close');
  return answer.split('\r\n')[0]!;
}

describe('management.port', () => {
  it('moves health, metrics and docs to a port of their own, where no call is taken', async () => {
    const { calls, management } = await start('management: { port: 0 }');
    expect(management).not.toBe(calls);
    expect((await call(calls)).status).toBe(200);
    for (const path of OWN) {
      expect([path, (await ask(management + path)).status]).toEqual([path, 200]);
      const answer = await ask(calls + path);
      expect([path, answer.status, answer.json]).toEqual([path, 404, NOT_FOUND]);
      expect(answer.headers['content-type']).toBe('application/problem+json');
    }
    const refused = await call(management);
    expect([refused.status, refused.json]).toEqual([404, NOT_FOUND]);
    expect((await ask(`${management}/smartrouting`)).status).toBe(404);
    expect((await ask(`${management}/`)).status).toBe(404);
    expect((await ask(`${calls}/smartrouting`)).status).toBe(405);
    expect((await ask(`${management}/metrics`)).body).toContain(
      'smartrouting_decisions_total{target="SALES_QUEUE",reason="matched"} 1',
    );
  });

  it('cannot be got round by another spelling of a path', async () => {
    const { calls, management } = await start('management: { port: 0 }');
    for (const path of SPELLINGS) {
      expect([path, (await ask(calls + path)).status]).toEqual([path, 404]);
      expect([path, (await ask(management + path)).status]).toEqual([path, 200]);
    }
    for (const target of [
      'http://x/health',
      '/%68ealth',
      '//health',
      '/smartrouting/../health',
      '/health#x',
    ]) {
      expect([target, await raw(calls, `GET ${target}`)]).toEqual([target, 'HTTP/1.1 404 Not Found']);
    }
    for (const [target, status] of [
      ['http://x/smartrouting', '404 Not Found'],
      ['/health/../smartrouting', '404 Not Found'],
      ['/docs/../smartrouting', '405 Method Not Allowed'],
    ]) {
      expect([target, await raw(management, `POST ${target}`)]).toEqual([target, `HTTP/1.1 ${status}`]);
    }
  });

  it('is plain HTTP beside a port of calls that has TLS', async () => {
    const { cert, key } = await (await Authority.make(folder, 'authority')).sign('service');
    const { calls, management } = await start(
      `management: { port: 0 }\nserver: { tls: { cert: ${cert}, key: ${key} } }`,
    );
    expect(calls).toMatch(/^https:/);
    expect(management).toMatch(/^http:/);
    expect((await ask(`${management}/health/ready`)).status).toBe(200);
  });

  it('asks health of anybody, since allowedNetworks are for calls', async () => {
    const { calls, management } = await start(
      'management: { port: 0, host: 127.0.0.1 }\nserver: { allowedNetworks: [192.0.2.0/24] }',
    );
    await expect(call(calls)).rejects.toThrow('socket hang up');
    expect((await ask(`${management}/health`)).status).toBe(200);
  });

  it('works with calls at the root path', async () => {
    service = await RunningService.start(
      config('management: { port: 0 }\nserver: { path: / }\nlogging: { level: silent }'),
    );
    const { management } = service.app.getHttpAdapter() as unknown as OwnPrototypeAdapter;
    const post = { method: 'POST', headers: HEADERS, body: GOOD };
    expect((await ask(`${service.url}/`, post)).status).toBe(200);
    expect((await ask(`${management!.url}/`, post)).status).toBe(404);
    expect((await ask(`${management!.url}/health`)).status).toBe(200);
    expect((await ask(`${service.url}/health`)).status).toBe(404);
  });

  it('without the key all is on one port', async () => {
    const { calls, management } = await start('');
    expect(management).toBe('none');
    for (const path of OWN) expect([path, (await ask(calls + path)).status]).toEqual([path, 200]);
    expect((await call(calls)).status).toBe(200);
  });

  it('does not offer the OpenAPI document under an address that is not promised', async () => {
    const { calls } = await start('');
    expect((await ask(`${calls}/docs-yaml`)).status).toBe(404);
  });
});

describe('the process with management.port', () => {
  it('has it also by MANAGEMENT_PORT alone', async () => {
    const started = await run('server: { port: 0 }', { MANAGEMENT_PORT: '0', MANAGEMENT_HOST: '127.0.0.1' });
    const [, endpoint, management] = await started.until(/"url":"([^"]+)","management":"([^"]+)"/);
    expect((await ask(`${management}/health/ready`)).status).toBe(200);
    expect((await ask(`${new URL(endpoint!).origin}/health/ready`)).status).toBe(404);
    started.signal('SIGINT');
    expect((await started.finished).code).toBe(0);
  });

  it('tells of its shutdown there until the last call is answered, and then closes both', async () => {
    const started = await run('server: { port: 0, shutdownGrace: 200ms }\nmanagement: { port: 0 }');
    const [, endpoint, management] = await started.until(/"url":"([^"]+)","management":"([^"]+)"/);
    const origin = new URL(endpoint!).origin;
    expect((await ask(`${management}/health/ready`)).status).toBe(200);
    isHeld = true;
    const slow = call(origin, SLOW);
    await asked;
    started.signal('SIGTERM');
    await started.until(/no longer ready/);
    const during = await ask(`${management}/health/ready`);
    expect([during.status, during.headers.connection]).toEqual([503, 'close']);
    // The port of calls closes after the grace time; the call is still in hand.
    await eventually(() =>
      call(origin).then(
        () => false,
        () => true,
      ),
    );
    release();
    // Late, where the machine stood still meanwhile.
    expect([200, 204]).toContain((await slow).status);
    expect((await started.finished).code).toBe(0);
    await expect(ask(`${management}/health/live`)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('management.port that cannot be used', () => {
  it('is named where it is taken, with the key to change', async () => {
    const { port } = crm.address() as AddressInfo;
    const refused = start(`management: { host: 127.0.0.1, port: ${port} }`).catch(startFailure);
    expect(await refused).toEqual({
      exitCode: 1,
      text: expect.stringMatching(
        new RegExp(
          `EADDRINUSE: address already in use 127.0.0.1:${port}\\. Set another management\\.port, or MANAGEMENT_PORT in the environment\\.$`,
        ),
      ),
    });
  });
});
