import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '../support/eventually.js';
import { Program } from '../support/process.js';
import { ask, KEY } from '../support/ask.js';
import type { Answer } from '../support/ask.js';

/** What `/health` says of a provider with that fault, once a few calls have asked it. */
const FAILS = /^lookups kept failing, the circuit breaker is open$/;
const FAULTS: Readonly<Record<string, RegExp>> = {
  'throws at once': FAILS,
  'throws a text': FAILS,
  'throws something that cannot be inspected': FAILS,
  'rejects with something that cannot be inspected': FAILS,
  'rejects with nothing': FAILS,
  'never settles': FAILS,
  'answers undefined': FAILS,
  'answers a text': FAILS,
  'answers a tier that is a number': FAILS,
  'answers targets that are a text': FAILS,
  'answers a name that is an object': FAILS,
  'answers instructions that are a text': FAILS,
  'answers instructions in a circle': FAILS,
  'answers instructions that are no JSON': FAILS,
  'answers something that cannot be inspected': FAILS,
  'answers a promise that throws': FAILS,
  'answers a promise that settles twice': FAILS,
  'holds the thread for 300 ms':
    /^a lookup blocked the event loop, and with it every call; the log says for how long$/,
  'check throws at once': /^TypeError$/,
  'check rejects': /^TypeError$/,
  'check never settles': /^no answer within 300 ms$/,
  'check answers nothing': /^TypeError$/,
  'check answers another word': /^TypeError$/,
  'check answers what is not JSON': /^all at sea$/,
  'open throws': /^it could not open: TypeError$|circuit breaker is open$/,
  'open never settles': /^it is still opening$|circuit breaker is open$/,
};
/** The log's line about what came up where nobody could catch it. */
const LOOSE = {
  'leaks a rejection': 'unhandled promise rejection',
  'throws later, where nobody can catch it': 'uncaught exception',
};

const nameOf = (fault: string): string => fault.replaceAll(/[ ,]+/g, '-');
const provider = (fault: string): string =>
  `  ${nameOf(fault)}: { kind: bad, fault: "${fault}", timeout: 300ms }`;
const target = (fault: string): string =>
  `  ${nameOf(fault)}: { providers: [${nameOf(fault)}, list], deadline: 4500ms, routes: [{ instructions: { InitialTarget: "{{ name }}" } }] }`;
const config = (faults: readonly string[]): string => `country: FI
server: { port: 0 }
credentials: [{ id: core, apiKey: ${KEY} }]
plugins: [./bad.mjs]
providers:
  list: { kind: static-file, file: ./vips.csv }
${faults.map(provider).join('\n')}
targets:
${faults.map(target).join('\n')}
`;

let realFolder: string;
let folder: string;
let program: Program;
let url: string;

async function start(text: string): Promise<void> {
  await writeFile(join(folder, 'smartrouting.yaml'), text);
  program = new Program('dist/main.js', [], {
    SMARTROUTING_CONFIG: join(folder, 'smartrouting.yaml'),
    DATABASE_URL: `sqlite:${join(folder, 'own.sqlite')}`,
  });
}

async function started(text: string): Promise<void> {
  await start(text);
  url = new URL((await program.until(/"url":"(http:[^"]+)"/))[1]!).origin;
}

async function end(): Promise<void> {
  program.signal('SIGKILL');
  await program.finished;
}

const call = (targetid: string, anum: string): Promise<Answer> =>
  ask(`${url}/smartrouting`, {
    method: 'POST',
    headers: { 'X-Benemen-APIKey': KEY, 'Content-Type': 'application/json' },
    body: { anum, bnum: '+358942415000', targetid },
  });

const health = async (): Promise<Record<string, { status: string; reason?: string }>> => {
  const { status, json } = await ask(`${url}/health`);
  expect(status).toBe(200);
  return (json as { details: Record<string, { status: string; reason?: string }> }).details;
};

/** Waits for the state of a provider, calls going on meanwhile. */
async function expectReason(name: string, wanted: RegExp): Promise<void> {
  await eventually(async () => {
    const { reason } = (await health())[name]!;
    if (!wanted.test(reason ?? '')) await call(name, '+358501231234');
    expect(reason).toMatch(wanted);
  });
}

/** A call that the list after the bad provider decides; asked again where the machine stood still until it was too late. */
async function expectMatched(name: string): Promise<void> {
  let answer = await call(name, '+358501231234');
  for (let tries = 1; tries < 4 && answer.headers['x-smartrouting-reason'] === 'timeout'; tries++)
    answer = await call(name, '+358501231234');
  const { status, headers, json } = answer;
  expect({ status, reason: headers['x-smartrouting-reason'], json }).toEqual({
    status: 200,
    reason: 'matched',
    json: { InitialTarget: 'Aino Aalto' },
  });
}

beforeAll(async () => {
  realFolder = await mkdtemp(join(tmpdir(), 'smartrouting-bad-'));
  // As a mounted ConfigMap is: the paths of stacks are not those of the configuration.
  folder = join(realFolder, 'link');
  await mkdir(join(realFolder, 'data'));
  await symlink('data', folder);
  await copyFile(
    fileURLToPath(new URL('../fixtures/plugins/bad.mjs', import.meta.url)),
    join(folder, 'bad.mjs'),
  );
  await writeFile(join(folder, 'vips.csv'), 'number,tier,name\n+358501231234,gold,Aino Aalto\n');
});
afterAll(() => rm(realFolder, { recursive: true, force: true }));

describe('a plug-in that', () => {
  beforeAll(() => started(config(Object.keys(FAULTS))));
  afterAll(end);

  it.each(Object.entries(FAULTS))(
    '%s costs no call its decision, and health names it',
    async (fault, reason) => {
      const name = nameOf(fault);
      for (let calls = 0; calls < 3; calls++) await expectMatched(name);
      await expectReason(name, reason);
      expect((await health())['list']).toMatchObject({ status: 'up' });
    },
  );

  it('could not tell never makes a stranger of the caller', async () => {
    const unable = Object.keys(FAULTS).filter((fault) => FAULTS[fault] === FAILS);
    expect(unable.length).toBeGreaterThan(10);
    for (const fault of unable) {
      const { status, headers } = await call(nameOf(fault), '+358509999999');
      expect({ fault, status }).toEqual({ fault, status: 204 });
      expect(headers['x-smartrouting-reason']).toMatch(/^(lookup-failed|timeout)$/);
    }
  });
});

describe('a plug-in that fails where nobody can catch it', () => {
  const faults = [...Object.keys(LOOSE), 'close throws', 'close never settles'];
  beforeAll(() => started(config(faults)));
  afterAll(end);

  it.each(Object.entries(LOOSE))(
    '%s, is named in log and health, and costs no call its decision',
    async (fault, message) => {
      for (let calls = 0; calls < 3; calls++) await expectMatched(nameOf(fault));
      await program.until(new RegExp(message));
      const line = program.logLines.find(({ msg }) => msg === message);
      expect(line).toMatchObject({
        level: 'error',
        plugin: './bad.mjs',
        // Which of the providers that it brought cannot be told.
        providers: faults.map(nameOf),
        error: { name: 'TypeError' },
      });
      await expectReason(nameOf(fault), /^an error was not caught: TypeError$/);
    },
  );

  it('or never ends while it is closed, is named in the log, and the exit is clean', async () => {
    await expectMatched('close-throws');
    program.signal('SIGINT');
    const { code, stdout } = await program.finished;
    expect(code).toBe(0);
    expect(stdout).toMatch(/"provider":"close-throws".*did not close cleanly/);
    expect(stdout).toMatch(/"provider":"close-never-settles".*did not close in time/);
  });
});

describe('a plug-in that fails in its constructor', () => {
  it('ends the start, which says which provider, where, and what to do', async () => {
    await start(config(['constructor throws']));
    const { code, stderr } = await program.finished;
    expect(code).toBe(78);
    expect(stderr).toContain(
      'line 7, providers.constructor-throws: cannot be made: TypeError. Correct its options, or the plug-in that provides the kind bad.',
    );
  });
});
