import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { RoutingService } from '../../src/routing/routing.service.js';
import { eventually } from '../support/eventually.js';
import { RawClient } from '../support/raw-http.js';
import { KEY, RunningService } from '../support/service.js';

const STRANGER = '127.0.0.1';
const CORE = '127.0.0.2';
const BODY = JSON.stringify({ anum: '+358501231234', bnum: '+358942415000' });

const post = (headers: string, body = BODY): string =>
  `POST /smartrouting HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`;
const CALL = post(`X-Benemen-APIKey: ${KEY}\r\n`);
const REFUSED: [number, string][] = [
  [401, post('')],
  [401, post('X-Benemen-APIKey: guess\r\n')],
  [403, post(`X-Benemen-APIKey: limited-key\r\n`)],
  [404, 'GET /admin HTTP/1.1\r\nHost: x\r\n\r\n'],
  [405, 'PUT /smartrouting HTTP/1.1\r\nHost: x\r\n\r\n'],
  [413, post(`X-Benemen-APIKey: ${KEY}\r\n`, JSON.stringify({ anum: '', bnum: 'x'.repeat(70_000) }))],
];

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function start(server: string, more = ''): Promise<RunningService> {
  const service = await RunningService.start({
    'smartrouting.yaml': `
server: { ${server} }
${more}
credentials:
  - { id: core, apiKey: ${KEY} }
  - { id: limited, apiKey: limited-key, targets: [OTHER] }
providers: { list: { kind: static-file, file: ./vips.csv } }
targets:
  OTHER: { providers: [list], routes: [{ instructions: { ExtraPriority: 1 } }] }
  default: { providers: [list], routes: [{ instructions: { ExtraPriority: 5 } }] }
logging: { level: silent }`,
    'vips.csv': 'number,tier\n+358501231234,gold\n',
  });
  undo.push(() => service.stop());
  return service;
}

const portOf = ({ url }: RunningService): number => Number(new URL(url).port);

function client(service: RunningService, from: string): RawClient {
  const one = new RawClient(portOf(service), from);
  undo.push(() => one.destroy());
  return one;
}

/** Of the latest answer, once there are so many. */
async function status(one: RawClient, answers: number): Promise<number> {
  return (await one.answers(answers)).at(-1)!.status;
}

/** Resolves when a client that was refused later than all others has lost its connection. */
async function aSecondLater(service: RunningService, from = STRANGER): Promise<void> {
  await client(service, from).send(post('')).closed;
}

describe('a stranger', () => {
  it('takes no connection from calls of another address, however many it opens and holds', async () => {
    const service = await start('maxConnections: 500');
    const ends: Promise<unknown>[] = [];
    const statuses = new Set<number>();
    for (let offered = 0; offered < 1_000; offered++) {
      const one = client(service, STRANGER);
      ends.push(one.closed);
      one.send(REFUSED[offered % 2]![1]);
      void one.answers(1).then(
        ([answer]) => statuses.add(answer!.status),
        () => undefined,
      );
    }
    const calls = Array.from({ length: 100 }, async () => {
      const one = client(service, CORE).send(CALL);
      return status(one, 1);
    });
    expect(new Set(await Promise.all(calls))).toEqual(new Set([200]));
    expect([...statuses].every((one) => one === 401 || one === 429)).toBe(true);
    await Promise.all(ends);
  });

  it('has as many connections as an address may, silent ones included, and new ones when they are gone', async () => {
    const service = await start('maxConnections: 8');
    const silent = [client(service, STRANGER), client(service, STRANGER)];
    await eventually(async () => {
      const third = client(service, STRANGER).send(CALL);
      return status(third, 1).then(
        () => false,
        () => true,
      );
    });
    expect(await status(silent[0]!.send(CALL), 1)).toBe(200);
    expect(await status(client(service, CORE).send(CALL), 1)).toBe(200);
    const [metrics] = await client(service, CORE).send('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n').answers(1);
    expect(metrics!.body).toMatch(/^smartrouting_connections_dropped_total [1-9]/m);
    silent[1]!.destroy();
    await eventually(async () => (await status(client(service, STRANGER).send(CALL), 1)) === 200);
  });

  it.each(REFUSED)('loses its connection after a %i', async (expected, request) => {
    const service = await start('maxConnections: 500');
    const refused = client(service, STRANGER).send(request);
    expect(await status(refused, 1)).toBe(expected);
    await refused.closed;
  });

  it.each([
    ['being refused again and again', post('')],
    ['line ends between requests', '\r\n'],
    ['requests that anybody may send', 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n'],
  ])('cannot hold it by %s', async (_, text) => {
    const service = await start('maxConnections: 500');
    const refused = client(service, STRANGER).send(post(''));
    expect(await status(refused, 1)).toBe(401);
    const drip = setInterval(() => refused.send(text), 50);
    undo.push(() => clearInterval(drip));
    await refused.closed;
  });

  it('may come back with the right key, and then stays', async () => {
    const service = await start('maxConnections: 500');
    const core = client(service, CORE);
    expect(await status(core.send(post('')), 1)).toBe(401);
    expect(core.received).toMatch(/\r\nKeep-Alive: timeout=1\r\n/);
    expect(await status(core.send(CALL), 2)).toBe(200);
    await aSecondLater(service);
    expect(await status(core.send(CALL), 3)).toBe(200);
  });

  it('does not end a call that came right behind the refused request', async () => {
    const service = await start('maxConnections: 500');
    const routing = service.app.get(RoutingService);
    const decide = routing.decide.bind(routing);
    let goOn!: () => void;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    routing.decide = async (...call) => held.then(() => decide(...call));
    const core = client(service, CORE).send(post('') + CALL);
    await core.answers(1);
    await aSecondLater(service);
    goOn();
    expect((await core.answers(2)).map(({ status: one }) => one)).toEqual([401, 200]);
  });

  it('does not close what a trusted proxy shares', async () => {
    const service = await start(`maxConnections: 4, trustedProxies: [${CORE}]`);
    const proxy = client(service, CORE);
    expect(await status(proxy.send(post('')), 1)).toBe(401);
    await aSecondLater(service);
    expect(await status(proxy.send(post('')), 2)).toBe(401);
    const more = [client(service, CORE), client(service, CORE)];
    for (const one of more) expect(await status(one.send(CALL), 1)).toBe(200);
    expect(await status(proxy.send(CALL), 3)).toBe(200);
  });
});

describe('an address outside allowedNetworks', () => {
  const allowed = `allowedNetworks: [${CORE}]`;

  it('is not even heard where only calls come to the port', async () => {
    const service = await start(allowed, 'management: { port: 0 }');
    const stranger = client(service, STRANGER).send(CALL);
    await stranger.closed;
    expect(stranger.received).toBe('');
    expect(await status(client(service, CORE).send(CALL), 1)).toBe(200);
  });

  it('is not even heard on a TLS port', async () => {
    const pem = (what: string): string =>
      fileURLToPath(new URL(`../support/crm-server.${what}.pem`, import.meta.url));
    const service = await start(
      `${allowed}, tls: { cert: ${pem('cert')}, key: ${pem('key')} }`,
      'management: { port: 0 }',
    );
    const stranger = client(service, STRANGER).send('\x16\x03\x01');
    await stranger.closed;
    expect(stranger.received).toBe('');
    const socket = connect({ host: '127.0.0.1', port: portOf(service), localAddress: CORE });
    const core = connectTls({ socket, rejectUnauthorized: false });
    undo.push(() => core.destroy());
    await once(core, 'secureConnect');
  });

  it('gets 403 where others may come to the port', async () => {
    const service = await start(allowed);
    expect(await status(client(service, STRANGER).send(CALL), 1)).toBe(403);
    expect((await service.get('/health/live')).status).toBe(200);
  });

  it('gets 403 where a trusted proxy may come in between', async () => {
    const service = await start(`${allowed}, trustedProxies: [127.0.0.9]`, 'management: { port: 0 }');
    expect(await status(client(service, STRANGER).send(CALL), 1)).toBe(403);
    expect(await status(client(service, CORE).send(CALL), 1)).toBe(200);
  });
});
