import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OwnPrototypeAdapter } from '../../src/http/own-prototype.adapter.js';
import type { CrmServer } from '../support/crm-server.js';
import { startCrmServer } from '../support/crm-server.js';
import { eventually } from '../support/eventually.js';
import { fakeOnly } from '../support/fake-time.js';
import { RawClient, readAnswers } from '../support/raw-http.js';
import { KEY, RunningService } from '../support/service.js';

const VIP = '+358501231234';

let crm: CrmServer;
let main: RunningService;
/** The main one, or one of the test's own. */
let service: RunningService;
let port: number;
/** Calls that were decided before the test. */
let before: number;

beforeAll(async () => {
  crm = await startCrmServer({ contacts: { [VIP]: { tier: 'gold' } } });
  crm.mode = 'slow';
  crm.slowMs = 100;
  // No deadline comes.
  fakeOnly('setTimeout', 'clearTimeout');
  main = await start();
  await use(main);
});
afterEach(async () => {
  if (service !== main) await service.stop();
  await use(main);
});
afterAll(async () => {
  await main?.stop();
  await crm?.stop();
  jest.useRealTimers();
});

function start(): Promise<RunningService> {
  return RunningService.start({
    'vips.csv': `number,tier\n${VIP},gold\n`,
    'smartrouting.yaml': `
credentials: [{ id: core, apiKey: ${KEY} }]
providers:
  list: { kind: static-file, file: ./vips.csv }
  crm: { kind: crm-http, url: "${crm.url}/contacts?phone={{ number }}", record: contacts }
targets:
  FAST: { providers: [list], routes: [{ instructions: { ExtraPriority: 5 } }] }
  SLOW: { providers: [crm], routes: [{ instructions: { ExtraPriority: 5 } }] }
logging: { level: silent }
`,
  });
}

async function use(other: RunningService): Promise<void> {
  service = other;
  port = Number(new URL(service.url).port);
  before = 0;
  before = await decided();
}

const drain = (): void => (service.app.getHttpAdapter() as unknown as OwnPrototypeAdapter).drain();

/** Sends a call that the CRM has to answer; resolves once it was asked. */
async function underWay(client: RawClient, bytes: string): Promise<void> {
  const { length } = crm.requests;
  client.send(bytes);
  await eventually(() => expect(crm.requests.length).toBeGreaterThan(length));
}

function call(targetid: string, headers: readonly string[] = [], length?: number): string {
  const body = JSON.stringify({ anum: VIP, bnum: '1', targetid });
  const all = [
    'Host: x',
    `X-Benemen-APIKey: ${KEY}`,
    'Content-Type: application/json',
    `Content-Length: ${length ?? body.length}`,
    ...headers,
  ];
  return `POST /smartrouting HTTP/1.1\r\n${all.join('\r\n')}\r\n\r\n${length === undefined ? body : ''}`;
}

/** Calls since the test began. */
async function decided(): Promise<number> {
  const { body } = await service.get('/metrics');
  const counts = [...body.matchAll(/^smartrouting_decisions_total\{.*\} (\d+)$/gm)].map(([, count]) =>
    Number(count),
  );
  return counts.reduce((sum, count) => sum + count, -before);
}

const MATCHED = { status: 200, body: '{"ExtraPriority":5}' };

describe('several requests on one connection at once', () => {
  it.each(['FAST', 'SLOW'])(
    'a good call keeps its answer when a refused one follows that is still being sent: %s',
    async (target) => {
      const client = new RawClient(port).pause().send(call(target) + call(target, [], 3_000_000));
      for (let part = 0; part < 10; part++) {
        client.send('x'.repeat(50_000));
        await sleep(5);
      }
      client.resume().end();
      expect(await client.closed).toBeUndefined();
      expect(readAnswers(client.received)).toMatchObject([MATCHED, { status: 413 }]);
    },
  );

  it.each([
    ['a target that is too long', `GET /${'x'.repeat(8_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 414],
    ['too many headers', call('FAST', Array<string>(100).fill('X: y')), 431],
    ['a body that is too long', call('FAST', [], 70_000) + 'x'.repeat(70_000), 413],
    ['a wish for another protocol', call('SLOW', ['Connection: Upgrade', 'Upgrade: h2c']), 200],
  ])('a call that gets no answer is not decided: after %s', async (_, last, status) => {
    const client = new RawClient(port);
    await underWay(client, call('SLOW') + last);
    client.send(call('FAST') + call('FAST')).end();
    expect(await client.closed).toBeUndefined();
    expect(readAnswers(client.received)).toMatchObject([
      MATCHED,
      { status, headers: { connection: 'close' } },
    ]);
    expect(await decided()).toBe(status === 431 || status === 414 ? 1 : 2);
  });

  it('all calls at hand are answered while the service stops, and the last answer ends the connection', async () => {
    await use(await start());
    const early = new RawClient(port);
    await underWay(early, call('SLOW'));
    drain();
    early.send(call('FAST') + call('SLOW'));
    const all = [
      early,
      ...[
        ['FAST'],
        ['SLOW'],
        ['FAST', 'FAST', 'FAST'],
        ['SLOW', 'FAST', 'SLOW'],
        ['FAST', 'SLOW', 'FAST'],
      ].map((targets) => new RawClient(port).send(targets.map((target) => call(target)).join(''))),
    ];
    for (const [index, client] of all.entries()) {
      expect(await client.closed).toBeUndefined();
      const answers = readAnswers(client.received);
      expect({ index, count: answers.length }).toEqual({ index, count: [3, 1, 1, 3, 3, 3][index] });
      expect(answers).toMatchObject(answers.map(() => MATCHED));
      expect(answers.map(({ headers }) => headers['connection'] === 'close')).toEqual(
        answers.map((_, at) => at === answers.length - 1),
      );
    }
    expect(await decided()).toBe(14);
  });

  it('a call behind an answer that ends the connection is not decided while the service stops', async () => {
    await use(await start());
    drain();
    const client = new RawClient(port);
    await underWay(client, call('SLOW') + call('FAST'));
    // The second has its answer, which waits.
    await eventually(async () => expect(await decided()).toBeGreaterThan(0));
    client.send(call('FAST')).end();
    expect(await client.closed).toBeUndefined();
    const count = readAnswers(client.received).length;
    expect(await decided()).toBe(count);
  });
});
