import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { Needles } from '../privacy/leaks.js';
import { startCrmServer } from '../support/crm-server.js';
import type { CrmServer } from '../support/crm-server.js';
import { cli, Program } from '../support/process.js';
import { ask, basic } from '../support/ask.js';
import type { Answer } from '../support/ask.js';

const KEY = 'core-key-7Zr93';
const PASSWORD = 'core-pass:wörd 5';
const TOKEN = 'crm-token-2Kd81';
const NUMBERS = {
  listed: '+358501112201',
  asked: '+358501112202',
  called: '+358942415000',
  inExtradata: '+46701112203',
  inCallId: '358501112204',
  badRange: '+35850111*2205',
  inDatabase: '+358501112206',
  inPath: '+358501112207',
  ofCrm: '+358501112208',
} as const;
const SIP = 'sip:aino.aalto@example.com';
/** In error messages, the numbers of drivers and of plug-ins; the second one where nobody catches it. */
const CARELESS = `
import { VipLookup } from 'smartrouting-vip/plugin-api';
class Options {}
export class Careless {
  async lookup(caller) {
    setTimeout(() => { throw new Error('later, no seat for ' + caller.key); }, 0);
    throw new Error('no seat for ' + caller.key + ' (' + caller.national + ')', { cause: new Error(caller.key) });
  }
  async check() { throw new Error('no answer when asked for ${NUMBERS.asked}'); }
}
VipLookup({ kind: 'careless', options: Options })(Careless);
`;

let folder: string;
let crm: CrmServer;
let program: Program;
let url: string;
const refusals: Answer[] = [];
const needles = new Needles();
for (const number of [...Object.values(NUMBERS), SIP]) needles.addNumber(number);
for (const secret of [KEY, PASSWORD, TOKEN, basic('core', PASSWORD)]) needles.addSecret(secret);

const list = (...rows: string[]): Promise<void> =>
  writeFile(join(folder, 'vips.csv'), ['number,tier', `${NUMBERS.listed},gold`, ...rows, ''].join('\n'));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smartrouting-privacy-'));
  crm = await startCrmServer({ mode: 'ok', auth: { type: 'bearer', token: TOKEN } });
  await writeFile(join(folder, 'careless.mjs'), CARELESS);
  await list();
  await writeFile(
    join(folder, 'smartrouting.yaml'),
    `
country: FI
server: { port: 0 }
credentials:
  - { id: core, apiKey: ${KEY} }
  - { id: core-basic, username: core, password: '${PASSWORD}', targets: [LIST] }
providers:
  list: { kind: static-file, file: ./vips.csv }
  crm: { kind: crm-http, url: "${crm.url}/contacts?phone={{ number }}", record: contacts, auth: { type: bearer, token: ${TOKEN} }, timeout: 4500ms }
  gone: { kind: crm-http, url: "http://127.0.0.1:9/{{ number }}?token=${TOKEN}", record: "$" }
  own: { kind: database, connection: "sqlite:${join(folder, 'own.sqlite')}" }
  careless: { kind: careless }
plugins: [./careless.mjs]
targets:
  LIST: { providers: [list], routes: [{ instructions: { Tts: "{{ name }}" } }] }
  default: { providers: [careless, gone, crm, own], stagger: 0ms, deadline: 4500ms, routes: [{ instructions: { ExtraPriority: 5 } }] }
logging: { level: debug }
`,
  );
  program = new Program('dist/main.js', [], environment());
  url = (await program.until(/"url":"(http:[^"]+)"/))[1]!;
});
afterAll(async () => {
  program?.signal('SIGKILL');
  await program?.finished;
  await crm?.stop();
  await rm(folder, { recursive: true, force: true });
});

const environment = (): Record<string, string> => ({
  SMARTROUTING_CONFIG: join(folder, 'smartrouting.yaml'),
  DATABASE_URL: `sqlite:${join(folder, 'own.sqlite')}`,
});

/** Keeps what is not for Core. */
async function call(
  anum: unknown,
  more: object = {},
  headers: Record<string, string> = { 'X-Benemen-APIKey': KEY },
) {
  const body = { anum, bnum: NUMBERS.called, extradata: { DYN_ANI: NUMBERS.inExtradata }, ...more };
  const answer = await ask(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body,
  });
  if (answer.status >= 400) refusals.push(answer);
  return answer;
}

describe('with everything logged that can be, no number and no secret is told', () => {
  it('when providers fail, each in its way', async () => {
    await call(NUMBERS.asked);
    for (const mode of ['500', 'errors', 'html', 'truncated', 'redirect'] as const) {
      crm.mode = mode;
      crm.redirectTo = `${crm.url}/elsewhere?phone=${encodeURIComponent(NUMBERS.asked)}&token=${TOKEN}`;
      expect((await call(NUMBERS.asked)).headers['x-smartrouting-reason']).toBe('lookup-failed');
    }
    crm.mode = 'ok';
    const contact = {
      number: NUMBERS.asked,
      tier: NUMBERS.ofCrm,
      validFrom: `call ${NUMBERS.ofCrm}`,
      [NUMBERS.ofCrm]: 1,
    };
    crm.answer = () => ({ body: { contacts: contact } });
    await call(NUMBERS.asked);
    crm.answer = () => ({ status: 401, body: { error: `${TOKEN} may not ask for ${NUMBERS.asked}` } });
    await call(NUMBERS.asked);
    await program.until(/later, no seat for/);
  });

  it('however the caller is written, and wherever Core puts a number', async () => {
    for (const anum of [
      '0501112202',
      '00358501112202',
      '050-111 2202',
      'tel:+358501112202',
      '358501112202',
      SIP,
    ]) {
      await call(anum);
    }
    for (const CallId of [NUMBERS.inCallId, `leg of +${NUMBERS.inCallId}`]) {
      await call(NUMBERS.listed, {
        targetid: 'LIST',
        extradata: { CallId, [NUMBERS.inExtradata]: NUMBERS.inExtradata },
      });
    }
    await call(NUMBERS.asked, { targetid: NUMBERS.called });
  });

  it('when requests are refused', async () => {
    await call(Number(NUMBERS.inCallId), { bnum: [NUMBERS.called], extradata: NUMBERS.inExtradata });
    await call(NUMBERS.asked, {}, { Authorization: basic('core', PASSWORD) });
    await call(NUMBERS.asked, {}, { Authorization: basic('core', `${PASSWORD}!`) });
    await call(NUMBERS.asked, {}, { 'X-Benemen-APIKey': `${KEY}!` });
    const { origin } = new URL(url);
    for (const path of [
      `/${NUMBERS.inPath}`,
      `/metrics/${NUMBERS.inPath}`,
      `/health?number=${NUMBERS.inPath}`,
      '/%zz+358501112207',
    ]) {
      refusals.push(await ask(origin + path, { method: path.includes('health') ? 'PUT' : 'GET' }));
    }
    refusals.push(await ask(url, { method: 'DELETE', headers: { 'X-Benemen-APIKey': KEY } }));
    const json = { 'Content-Type': 'application/json', 'X-Benemen-APIKey': KEY };
    refusals.push(
      await ask(url, { method: 'POST', headers: json, body: `{"anum": ${NUMBERS.asked} "${KEY}"` }),
    );
    expect(refusals.map(({ status }) => status)).toEqual([400, 403, 401, 401, 404, 404, 405, 404, 405, 400]);
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.end(`GET ${NUMBERS.inPath} ${KEY}\r\n\r\n`);
    expect(needles.find(await readAll(socket))).toEqual([]);
  });

  it('when a list, a table or an import has mistakes', async () => {
    await list(`${NUMBERS.badRange},gold`, `${NUMBERS.listed},silver`, `"${NUMBERS.listed},gold`);
    await program.until(/stays in use/);
    await list(`${NUMBERS.listed},silver`, `${NUMBERS.asked},`);
    for (const command of [
      ['import', join(folder, 'vips.csv')],
      ['config', 'check'],
    ]) {
      const { stdout, stderr } = await cli(command, environment());
      expect(needles.find(stdout + stderr)).toEqual([]);
    }
  });

  it('in log, refusals, health and metrics', async () => {
    const { origin } = new URL(url);
    for (const path of ['/health', '/metrics']) refusals.push(await ask(origin + path));
    expect(refusals.at(-1)!.body).toContain(
      'smartrouting_provider_lookups_total{provider="crm",outcome="failed"}',
    );
    for (const { body, headers } of refusals)
      expect(needles.find(body + JSON.stringify(headers))).toEqual([]);
    expect(program.logLines.length).toBeGreaterThan(30);
    for (const line of program.stdout.split('\n'))
      expect({ line, leaks: needles.find(line) }).toEqual({ line, leaks: [] });
    expect(program.stderr).toBe('');
  });
});
