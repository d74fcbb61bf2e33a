import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ask, KEY } from '../support/ask.js';
import { startCrmServer } from '../support/crm-server.js';
import type { CrmServer } from '../support/crm-server.js';
import { eventually } from '../support/eventually.js';
import { IS_LONG } from '../support/length.js';
import { Program } from '../support/process.js';

const VIP = '+358501231234';
const BODY = JSON.stringify({ anum: VIP, bnum: '+358942415000', targetid: 'SALES_QUEUE' });
const RELOADS = IS_LONG ? 100 : 20;
/** Every so many of them is not usable. */
const BAD = 4;
const CALLERS = 8;

let service: Program | undefined;
let crm: CrmServer | undefined;
let folder: string | undefined;
let calling = false;
afterEach(async () => {
  calling = false;
  service?.signal('SIGKILL');
  await service?.finished;
  await crm?.stop();
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

/**
 * Everything in it says its number; every third time the CRM's entry is another one. Only the first one would have the service
 * stop later than any test waits.
 */
const configuration = (number: number): string => `
server: { port: 0, shutdownGrace: ${number === 0 ? '5m' : '0s'} }
credentials: [{ id: core-${number}, apiKey: ${KEY} }]
providers:
  list: { kind: static-file, file: ./vips.csv }
  crm: { kind: crm-http, url: "${crm!.url}/c?phone={{ number }}", record: "contacts", timeout: ${4_000 + Math.floor(number / 3)}ms }
targets:
  SALES_QUEUE:
    providers: [${number % 2 === 0 ? 'crm, list' : 'crm'}]
    deadline: 4500ms
    routes: [{ instructions: { InitialTarget: Q${number}, Priority: ${number}, ExtraPriority: ${number} } }]
`;

interface Said {
  readonly status: number | undefined;
  readonly body: string;
}

function call(url: string, agent: Agent): Promise<Said> {
  return new Promise((resolve, reject) => {
    const headers = { 'X-Benemen-APIKey': KEY, 'Content-Length': BODY.length };
    const sent = request(`${url}/smartrouting`, { method: 'POST', agent, headers }, (answer) => {
      let body = '';
      answer.on('data', (chunk: Buffer) => (body += chunk.toString()));
      answer.on('end', () => resolve({ status: answer.statusCode, body }));
    });
    sent.on('error', reject).end(BODY);
  });
}

describe('many reloads under load, every fourth refused', () => {
  it('lose no call, each answer is that of one configuration, and what is not needed any more is closed', async () => {
    crm = await startCrmServer({ contacts: { [VIP]: { number: VIP, tier: 'gold' } } });
    folder = mkdtempSync(join(tmpdir(), 'smartrouting-reload-'));
    const file = join(folder, 'smartrouting.yaml');
    writeFileSync(join(folder, 'vips.csv'), `number,tier\n${VIP},gold\n`);
    writeFileSync(file, configuration(0));
    service = new Program('dist/main.js', [], {
      SMARTROUTING_CONFIG: file,
      DATABASE_URL: `sqlite:${join(folder, 'service.sqlite')}`,
    });
    const [, url = ''] = await service.until(/"url":"(http:[^"]*)\/smartrouting"/);

    let newest = -1;
    let calls = 0;
    const wrong: Said[] = [];
    calling = true;
    const callers = Array.from({ length: CALLERS }, async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      while (calling) {
        const atLeast = newest;
        const said = await call(url, agent);
        calls++;
        const number = Number(/^\{"InitialTarget":"Q(\d+)"/.exec(said.body)?.[1]);
        const whole = `{"InitialTarget":"Q${number}","Priority":${number},"ExtraPriority":${number}}`;
        if (said.status !== 200 || said.body !== whole || number < atLeast) wrong.push(said);
        newest = Math.max(newest, number);
      }
      agent.destroy();
    });
    const reload = (text: string): void => {
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
      service!.signal('SIGHUP');
    };
    const lastWasGood = async (): Promise<boolean> =>
      (await ask(`${url}/metrics`)).body.includes('\nsmartrouting_config_last_reload_success 1');

    for (let number = 1; number <= RELOADS; number++) {
      const before = calls;
      await eventually(() => expect(calls).toBeGreaterThan(before + CALLERS));
      if (number % BAD === 0) {
        reload(configuration(number).replace('providers: [', 'providers: [nobody, '));
        await eventually(async () => expect(await lastWasGood()).toBe(false));
      } else {
        reload(configuration(number));
        await eventually(() => expect(newest).toBe(number));
      }
    }
    calling = false;
    await Promise.all(callers);
    expect(wrong).toEqual([]);
    expect(newest).toBe(RELOADS - 1);
    // The old file back: nothing changes, and whoever reads the log is told that all is well again.
    reload(configuration(newest));
    await eventually(async () => expect(await lastWasGood()).toBe(true));
    // The connections of many entries for the CRM were opened; only those of the last one stay.
    if (IS_LONG) await eventually(() => expect(crm!.openConnections).toBeLessThanOrEqual(10));

    service.signal('SIGTERM');
    expect((await service.finished).code).toBe(0);
    expect(service.stderr).toBe('');
    const messages = service.logLines.map(({ msg }) => msg);
    expect(messages.filter((msg) => msg === 'changed configuration in use')).toHaveLength(
      (RELOADS * (BAD - 1)) / BAD,
    );
    expect(
      messages.filter((msg) => msg === 'changed configuration is invalid, the previous one stays in use'),
    ).toHaveLength(RELOADS / BAD);
    expect(messages).toContain('configuration read again without changes');
  });
});
