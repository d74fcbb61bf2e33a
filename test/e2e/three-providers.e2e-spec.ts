import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { createDataSource } from '../../src/database/data-source.js';
import { startCrmServer } from '../support/crm-server.js';
import type { CrmServer } from '../support/crm-server.js';
import { eventually } from '../support/eventually.js';
import { startMariaDb } from '../support/mariadb.js';
import type { MariaDb } from '../support/mariadb.js';
import { KEY, RunningService } from '../support/service.js';

const call = JSON.parse(
  readFileSync(new URL('../fixtures/calls/with-extradata.json', import.meta.url), 'utf8'),
) as Record<string, unknown>;

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
  sqlite: { kind: database, timeout: 4400ms }
  maria: { kind: database, timeout: 4400ms, connection: "${maria.url}" }
  customers:
    kind: database
    timeout: 4400ms
    connection: "${maria.url}"
    table: customer
    columns: { number: phone, name: full_name }
    tier: gold
    spellings: [national]
  crm:
    kind: crm-http
    timeout: 4400ms
    url: "${crm.url}/contacts?phone={{ number }}"
    record: "contacts[0]"
targets:
  FILE: { providers: [file], deadline: 4500ms, routes: &vip [{ tier: gold, instructions: { InitialTarget: VIP, Tts: "{{ name }}" } }] }
  SQLITE: { providers: [sqlite], deadline: 4500ms, routes: *vip }
  MARIA: { providers: [maria], deadline: 4500ms, routes: *vip }
  CUSTOMERS: { providers: [customers], deadline: 4500ms, routes: *vip }
  CRM: { providers: [crm], deadline: 4500ms, routes: *vip }
  ALL: { providers: [maria, crm, file], routes: [{ instructions: { Tts: "{{ name }}" } }], deadline: 300ms }
  CRM_SOON: { providers: [crm], deadline: 300ms, routes: *vip }
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
});
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
  const reasonFor = async (targetid: string): Promise<unknown> =>
    (await ask(targetid)).headers['x-smartrouting-reason'];

  it('each call is answered, and matching resumes', async () => {
    const statuses: number[] = [];
    let isOver = false;
    const caller = async (): Promise<void> => {
      while (!isOver) statuses.push((await ask('MARIA')).status);
    };
    const load = Promise.all([caller(), caller(), caller()]);
    await eventually(() => statuses.includes(200));
    await maria.kill();
    await eventually(async () => expect(await reasonFor('MARIA')).toBe('lookup-failed'));
    await eventually(async () => expect((await ask('ALL')).json).toEqual({ Tts: 'Aino in the CRM' }));
    await eventually(async () => {
      const { json } = await service.get('/health');
      expect((json as { details: object }).details).toMatchObject({ maria: { status: 'degraded' } });
    });
    // None of them waits for the server.
    const before = statuses.length;
    await eventually(() => statuses.length > before + 10);
    await maria.restart();
    await eventually(async () => expect((await ask('MARIA')).status).toBe(200));
    isOver = true;
    await load;
    expect(new Set(statuses)).toEqual(new Set([200, 204]));
    await eventually(async () => expect((await ask('ALL')).json).toEqual({ Tts: 'Aino in MariaDB' }));
  });

  it('a frozen server costs the deadline at most, and the call goes to the next provider', async () => {
    maria.freeze();
    try {
      // Again if others too were late for the short deadline.
      await eventually(async () => expect((await ask('ALL')).json).toEqual({ Tts: 'Aino in the CRM' }));
      crm.mode = 'hang';
      await eventually(async () => expect((await ask('ALL')).json).toEqual({ Tts: 'Aino in the file' }));
    } finally {
      crm.mode = 'ok';
      maria.thaw();
    }
  });
});

describe('when every provider is down', () => {
  it('all calls are 204', async () => {
    crm.mode = 'hang';
    try {
      const answers = await Promise.all(Array.from({ length: 20 }, () => ask('CRM_SOON')));
      expect(answers.every(({ status, body }) => status === 204 && body === '')).toBe(true);
      expect(new Set(answers.map(({ headers }) => headers['x-smartrouting-reason']))).toEqual(
        new Set(['timeout']),
      );
    } finally {
      crm.mode = 'ok';
    }
  });
});
