import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, KEY } from '../support/ask.js';
import type { Answer } from '../support/ask.js';
import { startCrmServer } from '../support/crm-server.js';
import type { CrmServer } from '../support/crm-server.js';
import { eventually } from '../support/eventually.js';
import { Program } from '../support/process.js';

const CALLER = '+358501231234';
const LISTED = '+358507654321';
const OTHER = '+358401112222';

let folder: string;
let crm: CrmServer;
let service: Program;
let url: string;
const undo: (() => unknown)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smartrouting-answers-'));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  crm = await startCrmServer({});
  undo.push(() => crm.stop());
});
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** @param record the expression of the provider `crm` */
async function start(record: string): Promise<void> {
  await writeFile(join(folder, 'vips.csv'), `number,tier\n${LISTED},gold\n`);
  await writeFile(
    join(folder, 'smartrouting.yaml'),
    `
server: { port: 0, shutdownGrace: 60s }
credentials: [{ id: core, apiKey: ${KEY} }]
providers:
  list: { kind: static-file, file: ./vips.csv }
  crm: { kind: crm-http, url: '${crm.url}/?phone={{ number }}', record: ${JSON.stringify(record)}, timeout: 4s }
targets:
  LIST: { providers: [list], routes: [{ instructions: { ExtraPriority: 1 } }] }
  CRM: { providers: [crm], deadline: 4500ms, routes: [{ instructions: { ExtraPriority: 2 } }] }
`,
  );
  service = new Program('dist/main.js', [], {
    SMARTROUTING_CONFIG: join(folder, 'smartrouting.yaml'),
    DATABASE_URL: `sqlite:${join(folder, 'own.sqlite')}`,
  });
  undo.push(() => {
    service.signal('SIGKILL');
    return service.finished;
  });
  [, url] = (await service.until(/"url":"(http:[^"]+)"/)) as unknown as [string, string];
}

const call = (targetid: string, anum: string): Promise<Answer> =>
  ask(url, {
    method: 'POST',
    headers: { 'X-Benemen-APIKey': KEY, 'Content-Type': 'application/json' },
    body: { anum, bnum: '+358942415000', targetid },
  });

/** Ids of the processes that the service has begun. */
const children = (): number[] =>
  readFileSync(`/proc/${service.pid}/task/${service.pid}/children`, 'utf8')
    .split(' ')
    .filter(Boolean)
    .map(Number);

describe('an answer of a CRM', () => {
  it('that takes long to be made sense of, or much memory, keeps no other call waiting, and the next is read', async () => {
    await start('$exists(tier) ? $ : $exists(list) ? $distinct(list) : $pad("x", width)');
    const list = Array.from({ length: 140_000 }, (_, nth) => -nth);
    for (const answer of [{ list }, { width: 300_000_000 }]) {
      crm.answer = ({ url }) =>
        url.includes(OTHER.slice(1)) ? { body: { number: OTHER, tier: 'gold' } } : { body: answer };
      const asked = crm.requests.length;
      const order: string[] = [];
      const slow = call('CRM', CALLER).then((answered) => {
        order.push('CRM');
        return answered;
      });
      await crm.received(asked + 1);
      const listed: number[] = [];
      for (let nth = 0; nth < 5; nth++) listed.push((await call('LIST', LISTED)).status);
      // A long answer keeps none of the same CRM waiting either.
      if ('list' in answer) expect((await call('CRM', OTHER)).status).toBe(200);
      order.push('list');
      expect(listed).toEqual([200, 200, 200, 200, 200]);
      const { status, headers } = await slow;
      expect(status).toBe(204);
      // On a slow machine its time is over before the memory is.
      expect(headers['x-smartrouting-reason']).toMatch(/^(?:lookup-failed|timeout)$/);
      expect(order).toEqual(['list', 'CRM']);
      crm.answer = () => ({ body: { number: CALLER, tier: 'gold' } });
      await eventually(async () => (await call('CRM', CALLER)).status === 200);
    }
  });

  it('with far more than there can be of one caller is a failure, told with the cure', async () => {
    await start('$');
    const numbers = (count: number): string[] =>
      Array.from({ length: count }, (_, nth) => `05${1_000_000 + nth}`);
    const answers: [string, object][] = [
      ['1000 contacts', numbers(1_001).map((number) => ({ number, tier: 'x' }))],
      ['2000 numbers', [{ number: numbers(2_001), tier: 'x' }]],
    ];
    for (const [what, answer] of answers) {
      crm.answer = () => ({ body: answer });
      const told = `mapping: record yields more than ${what}; make url search for the number instead of listing everybody`;
      // On a starved machine the time for a lookup may be over before that is known.
      const statuses: unknown[] = [];
      await eventually(async () => {
        statuses.push((await call('CRM', CALLER)).status);
        expect(service.stdout).toContain(told);
      });
      expect(new Set(statuses)).toEqual(new Set([204]));
    }
  });
});

describe('the process that reads answers', () => {
  it('knows nothing of the environment, and ends when the service is killed', async () => {
    await start('$');
    const [child] = children();
    expect(readFileSync(`/proc/${child}/environ`, 'utf8')).not.toMatch(/SMARTROUTING|DATABASE_URL/);
    service.signal('SIGKILL');
    await eventually(() => !existsSync(`/proc/${child}`));
  });

  it('reads the answers to calls in hand when every process of the service gets a SIGTERM', async () => {
    await start('$');
    let go!: () => void;
    crm.hold = new Promise((resolve) => (go = resolve));
    crm.answer = () => ({ body: { number: CALLER, tier: 'gold' } });
    const answer = call('CRM', CALLER);
    await crm.received(1);
    const [child] = children();
    process.kill(child!, 'SIGTERM');
    service.signal('SIGTERM');
    await service.until(/"msg":"stopping/);
    go();
    expect((await answer).status).toBe(200);
  });
});
