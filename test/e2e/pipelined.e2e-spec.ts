import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OwnPrototypeAdapter } from '../../src/http/own-prototype.adapter.js';
import type { CrmServer } from '../support/crm-server.js';
import { startCrmServer } from '../support/crm-server.js';
import { RawClient, readAnswers } from '../support/raw-http.js';
import { KEY, RunningService } from '../support/service.js';

const VIP = '+358501231234';

let crm: CrmServer;
let service: RunningService;
let port: number;

beforeAll(async () => {
  crm = await startCrmServer({ contacts: { [VIP]: { tier: 'gold' } } });
  crm.mode = 'slow';
  crm.slowMs = 100;
});
beforeEach(async () => {
  service = await RunningService.start({
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
  port = Number(new URL(service.url).port);
});
afterEach(() => service?.stop());
afterAll(() => crm?.stop());

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

async function decided(): Promise<number> {
  const { body } = await service.get('/metrics');
  const counts = [...body.matchAll(/^smartrouting_decisions_total\{.*\} (\d+)$/gm)].map(([, count]) =>
    Number(count),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

const MATCHED = { status: 200, body: '{"ExtraPriority":5}' };

describe('several requests on one connection at once', () => {
  it.each(['FAST', 'SLOW'])(
    'a good call keeps its answer when a refused one follows that is still being sent: %s',
    async (target) => {
      const client = new RawClient(port).pause().send(call(target) + call(target, [], 3_000_000));
      for (let part = 0; part < 10; part++) {
        client.send('x'.repeat(50_000));
        await sleep(25);
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
    const client = new RawClient(port).send(call('SLOW') + last);
    await sleep(20);
    client.send(call('FAST') + call('FAST')).end();
    expect(await client.closed).toBeUndefined();
    expect(readAnswers(client.received)).toMatchObject([
      MATCHED,
      { status, headers: { connection: 'close' } },
    ]);
    expect(await decided()).toBe(status === 431 || status === 414 ? 1 : 2);
  });

  it('all calls at hand are answered while the service stops, and the last answer ends the connection', async () => {
    const early = new RawClient(port).send(call('SLOW'));
    await sleep(20);
    (service.app.getHttpAdapter() as unknown as OwnPrototypeAdapter).drain();
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
    (service.app.getHttpAdapter() as unknown as OwnPrototypeAdapter).drain();
    const client = new RawClient(port).send(call('SLOW') + call('FAST'));
    await sleep(50); // the second has its answer, which waits
    client.send(call('FAST')).end();
    expect(await client.closed).toBeUndefined();
    const count = readAnswers(client.received).length;
    expect(await decided()).toBe(count);
  });
});
