import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority } from '../support/certificates.js';
import { docsExample } from '../support/docs-example.js';
import { startHaproxy } from '../support/haproxy.js';
import { startNginx } from '../support/nginx.js';
import { freePort } from '../support/ports.js';
import type { RunningProxy } from '../support/proxy-program.js';
import { HTTP2_PREFACE, RawClient } from '../support/raw-http.js';
import { KEY, RunningService } from '../support/service.js';

const PAGE = 'tls-and-proxies.md';
const GOOD = JSON.stringify({ anum: '+358501231234', bnum: '+358942415000' });
/** All of 127.0.0.0/8 is this machine: callers have addresses of their own. */
const CORE = '127.0.0.5';
const CORE_TOO = '127.0.0.6';
const STRANGER = '127.0.0.66';
/** A proxy further out, played by the test's own client. */
const OUTER = '127.0.0.9';

let folder: string;
let ca: Buffer;
let service: RunningService;
let connections: number;
const proxies: RunningProxy[] = [];
let ports: Record<string, number>;

interface Ask {
  readonly port: number;
  /** The caller's own address. */
  readonly from: string;
  readonly key?: string;
  readonly forwardedFor?: string | string[];
  readonly path?: string;
  readonly plain?: boolean;
}

function ask({ port, from, key = KEY, forwardedFor, path = '/smartrouting', plain = false }: Ask) {
  return new Promise<{ status: number; protocol: string }>((resolve, reject) => {
    const sent = (plain ? httpRequest : httpsRequest)(
      {
        host: '127.0.0.1',
        port,
        path,
        method: 'POST',
        localAddress: from,
        agent: false,
        ...(!plain && { ca, servername: 'localhost' }),
        headers: {
          'X-Benemen-APIKey': key,
          'Content-Type': 'application/json',
          ...(forwardedFor !== undefined && { 'X-Forwarded-For': forwardedFor }),
        },
      },
      (answer) => {
        const { getProtocol } = answer.socket as { getProtocol?: () => string };
        const protocol = getProtocol?.call(answer.socket) ?? 'none';
        answer.resume().on('end', () => resolve({ status: answer.statusCode!, protocol }));
      },
    );
    sent.on('error', reject);
    sent.end(GOOD);
  });
}
const servicePort = (): number => Number(new URL(service.url).port);
const statusOf = async (options: Ask): Promise<number> => (await ask(options)).status;

async function nginx(port: number, upstream: number, listen = `${port} ssl`): Promise<void> {
  const example = await docsExample(PAGE, 'nginx', {
    '/etc/smartrouting/': `${folder}/`,
    '127.0.0.1:3000': `127.0.0.1:${upstream}`,
    'listen 443 ssl': `listen 127.0.0.1:${listen}`,
  });
  proxies.push(await startNginx(example, [port]));
}

async function haproxy(port: number, upstream: number, listen?: string): Promise<void> {
  const bind = ':443 ssl crt /etc/haproxy/smartrouting.pem alpn http/1.1';
  const example = await docsExample(PAGE, 'haproxy', {
    [bind]: listen ?? `127.0.0.1${bind}`.replace('443', `${port}`).replace('/etc/haproxy', folder),
    // The other proxy does not pass the check on.
    '127.0.0.1:3000 check': `127.0.0.1:${upstream}${upstream === servicePort() ? ' check' : ''}`,
  });
  proxies.push(await startHaproxy(example, [port]));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smartrouting-proxies-'));
  const authority = await Authority.make(folder, 'authority');
  await authority.sign('tls');
  ca = await readFile(authority.files.cert);
  const pair = ['tls.crt', 'tls.key'].map((name) => readFile(join(folder, name), 'utf8'));
  await writeFile(join(folder, 'smartrouting.pem'), (await Promise.all(pair)).join(''));
  const names = ['nginx', 'haproxy', 'nginxInside', 'haproxyInside', 'haproxyToNginx', 'nginxToHaproxy'];
  ports = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await freePort()] as const)));
});
afterAll(async () => {
  for (const proxy of proxies) await proxy.stop();
  await service?.stop();
  await rm(folder, { recursive: true, force: true });
});

beforeAll(async () => {
  service = await RunningService.start({
    'vips.csv': 'number,tier\n+358501231234,gold\n',
    'smartrouting.yaml': `
server:
  trustedProxies: [127.0.0.1, ${OUTER}]
  allowedNetworks: [${CORE}, ${CORE_TOO}, "2001:db8::/32"]
credentials: [{ id: core, apiKey: ${KEY} }]
providers: { list: { kind: static-file, file: ./vips.csv } }
targets: { default: { providers: [list], routes: [{ instructions: { ExtraPriority: 5 } }] } }
logging: { level: silent }
`,
  });
  service.app.getHttpServer().on('connection', () => connections++);
  const own = servicePort();
  const { nginxInside, haproxyInside } = ports as { nginxInside: number; haproxyInside: number };
  await Promise.all([
    nginx(ports['nginx']!, own),
    haproxy(ports['haproxy']!, own),
    nginx(nginxInside, own, `${nginxInside}`),
    haproxy(haproxyInside, own, `127.0.0.1:${haproxyInside}`),
    haproxy(ports['haproxyToNginx']!, nginxInside),
    nginx(ports['nginxToHaproxy']!, haproxyInside),
  ]);
});
beforeEach(() => {
  connections = 0;
});

describe.each(['nginx', 'haproxy'])('behind %s', (name) => {
  it('calls come over TLS, judged by the address of whoever calls the proxy', async () => {
    const port = ports[name]!;
    expect(await ask({ port, from: CORE })).toEqual({ status: 200, protocol: 'TLSv1.3' });
    expect(await statusOf({ port, from: STRANGER })).toBe(403);
  });

  it('an address that the caller claims itself is not believed', async () => {
    const port = ports[name]!;
    for (const forwardedFor of [CORE, `${CORE}, ${CORE}`, [CORE, CORE], '2001:db8::7', '127.0.0.1', '']) {
      expect([forwardedFor, await statusOf({ port, from: STRANGER, forwardedFor })]).toEqual([
        forwardedFor,
        403,
      ]);
      expect([forwardedFor, await statusOf({ port, from: CORE, forwardedFor })]).toEqual([forwardedFor, 200]);
    }
  });

  it('an address that a trusted proxy further out tells is believed, IPv6 too', async () => {
    const port = ports[name]!;
    for (const forwardedFor of [CORE, '2001:db8::7', `${STRANGER}, ${CORE}`, [STRANGER, '2001:DB8:0::7']]) {
      expect([forwardedFor, await statusOf({ port, from: OUTER, forwardedFor })]).toEqual([
        forwardedFor,
        200,
      ]);
    }
    for (const forwardedFor of [
      STRANGER,
      '2001:db9::7',
      `${CORE}, ${STRANGER}`,
      [CORE, STRANGER],
      'unknown',
    ]) {
      expect([forwardedFor, await statusOf({ port, from: OUTER, forwardedFor })]).toEqual([
        forwardedFor,
        403,
      ]);
    }
  });

  it('connections to the service are kept and shared by callers', async () => {
    const port = ports[name]!;
    for (let calls = 0; calls < 12; calls++) expect(await statusOf({ port, from: CORE })).toBe(200);
    expect(connections).toBeLessThanOrEqual(3);
  });

  it('failed logins are counted by the address of the caller', async () => {
    const port = ports[name]!;
    // Every proxy has callers of its own, so that one test does not stop the guesses of another.
    const [guesser, other] =
      name === 'nginx' ? ['2001:db8:1::1', '2001:db8:2::1'] : ['2001:db8:3::1', '2001:db8:4::1'];
    const guess = (forwardedFor: string): Promise<number> =>
      statusOf({ port, from: OUTER, forwardedFor, key: 'guess' });
    for (let count = 0; count < 20; count++) expect(await guess(guesser)).toBe(401);
    expect(await guess(guesser)).toBe(429);
    expect(await guess(other)).toBe(401);
    expect(await statusOf({ port, from: OUTER, forwardedFor: guesser })).toBe(200);
  });

  it('health, metrics and docs are not to be had from outside', async () => {
    const port = ports[name]!;
    for (const path of ['/health', '/metrics', '/docs', '/smartrouting/x', '/']) {
      expect([path, await statusOf({ port, from: CORE, path })]).toEqual([path, 404]);
    }
  });
});

describe.each(['haproxyToNginx', 'nginxToHaproxy'])('behind two proxies (%s)', (name) => {
  it('calls are judged by the address of whoever calls the outer one', async () => {
    const port = ports[name]!;
    expect(await ask({ port, from: CORE })).toEqual({ status: 200, protocol: 'TLSv1.3' });
    expect(await statusOf({ port, from: STRANGER })).toBe(403);
    expect(await statusOf({ port, from: STRANGER, forwardedFor: CORE })).toBe(403);
    expect(await statusOf({ port, from: CORE, forwardedFor: STRANGER })).toBe(200);
  });
});

describe('HAProxy without TLS', () => {
  it('is not talked into HTTP/2', async () => {
    const client = new RawClient(ports['haproxyInside']!).send(HTTP2_PREFACE);
    await client.closed;
    expect(client.received).toMatch(/^HTTP\/1\.\d 400 /);
  });
});

describe('past the proxy', () => {
  it('nobody gets in by the header that the proxy would write', async () => {
    const port = servicePort();
    const direct = (from: string, forwardedFor?: string | string[]): Promise<number> =>
      statusOf({ port, from, plain: true, ...(forwardedFor !== undefined && { forwardedFor }) });
    expect(await direct(STRANGER, CORE)).toBe(403);
    expect(await direct(STRANGER, [CORE, CORE])).toBe(403);
    expect(await direct(CORE, STRANGER)).toBe(200);
    expect(await direct(CORE)).toBe(200);
  });
});
