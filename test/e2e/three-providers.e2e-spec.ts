import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDataSource } from '../../src/providers/database/data-source.js';
import { startCrmServer } from '../support/crm-server.js';
import type { CrmServer } from '../support/crm-server.js';
import { startMariaDb } from '../support/mariadb.js';
import type { MariaDb } from '../support/mariadb.js';
import { KEY, RunningService } from '../support/service.js';

const call = JSON.parse(
  readFileSync(new URL('../fixtures/calls/with-extradata.json', import.meta.url), 'utf8'),
) as Record<string, unknown>;

const DEADLINE_MS = 600;

let maria: MariaDb;
let crm: CrmServer;
let service: RunningService;

beforeAll(async () => {
  maria = await startMariaDb();
  crm = await startCrmServer({ contacts: { '+358501231234': { tier: 'gold', name: 'Aino in the CRM' } } });
  await maria.sql(`CREATE TABLE customer (phone VARCHAR(40) NOT NULL, full_name VARCHAR(80), KEY (phone))`);
  await maria.sql(`INSERT INTO customer VALUES ('0501231234', 'Aino the customer')`);
  service = await RunningService.start(
    {
      'vips.csv': 'number,tier,name\n+358 50 123 1234,gold,Aino in the file\n',
      'smartrouting.yaml': `
country: FI
credentials: [{ id: core, apiKey: ${KEY} }]
providers:
  file: { kind: static-file, file: ./vips.csv }
  sqlite: { kind: database }
  maria: { kind: database, connection: "${maria.url}" }
  customers:
    kind: database
    connection: "${maria.url}"
    table: customer
    columns: { number: phone, name: full_name }
    tier: gold
    spellings: [national]
  crm:
    kind: crm-http
    url: "${crm.url}/contacts?phone={{ number }}"
    record: "contacts[0]"
targets:
  FILE: { providers: [file], routes: [{ tier: gold, instructions: { InitialTarget: VIP, Tts: "{{ name }}" } }] }
  SQLITE: { providers: [sqlite], routes: [{ tier: gold, instructions: { InitialTarget: VIP, Tts: "{{ name }}" } }] }
  MARIA: { providers: [maria], deadline: ${DEADLINE_MS}ms, routes: [{ tier: gold, instructions: { InitialTarget: VIP, Tts: "{{ name }}" } }] }
  CUSTOMERS: { providers: [customers], routes: [{ tier: gold, instructions: { InitialTarget: VIP, Tts: "{{ name }}" } }] }
  CRM: { providers: [crm], routes: [{ tier: gold, instructions: { InitialTarget: VIP, Tts: "{{ name }}" } }] }
  ALL: { providers: [maria, crm, file], routes: [{ instructions: { Tts: "{{ name }}" } }], deadline: ${DEADLINE_MS}ms }
logging: { level: silent }
`,
    },
    {},
  );
  await maria.sql(
    `INSERT INTO vip_caller (number, tier, name) VALUES ('+358501231234', 'gold', 'Aino in MariaDB')`,
  );
  const sqlite = createDataSource(`sqlite:${service.folder}/service.sqlite`);
  await sqlite.initialize();
  await sqlite.query(
    `INSERT INTO vip_caller (number, tier, name) VALUES ('+358501231234', 'gold', 'Aino in SQLite')`,
  );
  await sqlite.destroy();
}, 120_000);
afterAll(async () => {
  await service?.stop();
  await crm?.stop();
  await maria?.stop();
});

const ask = (targetid: string, anum = call['anum']) => service.call({ ...call, targetid, anum });

describe("the guide's example call", () => {
  it.each([
    ['FILE', 'Aino in the file'],
    ['SQLITE', 'Aino in SQLite'],
    ['MARIA', 'Aino in MariaDB'],
    ['CUSTOMERS', 'Aino the customer'],
    ['CRM', 'Aino in the CRM'],
  ])('is answered for %s by the provider that its targetid selects', async (targetid, name) => {
    const answer = await ask(targetid);
    expect({ status: answer.status, json: answer.json }).toEqual({
      status: 200,
      json: { InitialTarget: 'VIP', Tts: name },
    });
    const stranger = await ask(targetid, '+358509999999');
    expect(stranger).toMatchObject({ status: 204, body: '' });
    expect(stranger.headers['x-smartrouting-reason']).toBe('no-match');
  });
});

describe('while MariaDB dies and comes back', () => {
  it('each call is answered in time, and matching resumes', async () => {
    const answers: { status: number; reason: unknown; ms: number }[] = [];
    let running = true;
    const load = (async () => {
      const calls: Promise<void>[] = [];
      while (running) {
        const startedMs = performance.now();
        calls.push(
          ask('MARIA').then(({ status, headers }) => {
            answers.push({
              status,
              reason: headers['x-smartrouting-reason'],
              ms: performance.now() - startedMs,
            });
          }),
        );
        await sleep(20);
      }
      await Promise.all(calls);
    })();
    await sleep(300);
    await maria.kill();
    await sleep(1_000);
    const whileDown = await ask('MARIA');
    expect(whileDown).toMatchObject({ status: 204, body: '' });
    expect(whileDown.headers['x-smartrouting-reason']).toBe('lookup-failed');
    expect((await ask('ALL')).json).toEqual({ Tts: 'Aino in the CRM' });
    expect(
      ((await service.get('/health')).json as { details: Record<string, object> }).details['maria'],
    ).toMatchObject({
      status: 'degraded',
    });
    await maria.restart();
    let status = 0;
    for (let tries = 0; tries < 150 && status !== 200; tries++) {
      await sleep(100);
      status = (await ask('MARIA')).status;
    }
    expect(status).toBe(200);
    running = false;
    await load;
    expect(answers.length).toBeGreaterThan(20);
    expect(answers.every(({ status: answered }) => answered === 200 || answered === 204)).toBe(true);
    // Far beyond any scheduling noise, far below the 5 s at which Core gives up.
    expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(DEADLINE_MS + 3_000);
    expect((await ask('ALL')).json).toEqual({ Tts: 'Aino in MariaDB' });
  }, 60_000);

  it('a frozen server costs the deadline at most, and the call goes to the next provider', async () => {
    maria.freeze();
    try {
      const startedMs = performance.now();
      expect((await ask('ALL')).json).toEqual({ Tts: 'Aino in the CRM' });
      crm.mode = 'hang';
      expect((await ask('ALL')).json).toEqual({ Tts: 'Aino in the file' });
      expect(performance.now() - startedMs).toBeLessThan(2 * DEADLINE_MS + 3_000);
    } finally {
      crm.mode = 'ok';
      maria.thaw();
    }
  }, 60_000);
});

describe('when every provider is down', () => {
  it('all calls are 204', async () => {
    crm.mode = 'hang';
    try {
      const answers = await Promise.all(Array.from({ length: 20 }, () => ask('CRM')));
      expect(answers.every(({ status, body }) => status === 204 && body === '')).toBe(true);
      expect(new Set(answers.map(({ headers }) => headers['x-smartrouting-reason']))).toEqual(
        new Set(['timeout']),
      );
    } finally {
      crm.mode = 'ok';
    }
  }, 60_000);
});
