import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, createServer, request } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentServer } from '../support/database-provider.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/ports.js';
import { Program, recorder } from '../support/process.js';
import { ask, KEY } from '../support/ask.js';
import type { Answer } from '../support/ask.js';

const GOOD = {
  anum: '+358501231234',
  bnum: '+358942415000',
  targetid: 'SALES_QUEUE',
  extradata: { CallId: 'call-1' },
};
const HELD = { ...GOOD, targetid: 'HELD_QUEUE' };
const HEADERS = { 'X-Benemen-APIKey': KEY, 'Content-Type': 'application/json' };
const SECRET = 'a-password-nobody-may-see';
const PLUGIN = fileURLToPath(new URL('../fixtures/plugins/tea-leaves.mjs', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let folder: string;
/** Of a CRM that answers when the test lets it. */
let crm: Server;
let program: Program | undefined;

const config = (server = 'port: 0'): string => `
country: FI
server: { ${server} }
credentials:
  - { id: core, apiKey: ${KEY} }
  - { id: core-basic, username: core, password: ${SECRET} }
providers:
  list: { kind: static-file, file: ./vips.csv }
  held: { kind: crm-http, url: "http://127.0.0.1:${(crm.address() as AddressInfo).port}/{{ number }}", record: "$", trustAnswer: true, timeout: 4500ms }
  leaves: { kind: tea-leaves }
  grounds: { kind: coffee-grounds }
plugins: [./tea-leaves.mjs, coffee-grounds]
targets:
  SALES_QUEUE: { providers: [list], deadline: 4500ms, routes: [{ instructions: { ExtraPriority: 5 } }] }
  HELD_QUEUE: { providers: [held], deadline: 4500ms, routes: [{ instructions: { ExtraPriority: 7 } }] }
  GROUNDS: { providers: [grounds], deadline: 4500ms, routes: [{ instructions: { Tts: "{{ name }}" } }] }
  LEAVES: { providers: [leaves], deadline: 4500ms, routes: [{ instructions: { Tts: "{{ name }}" } }] }
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smartrouting-process-'));
  crm = createServer().listen(0, '127.0.0.1');
  await once(crm, 'listening');
  await copyFile(PLUGIN, join(folder, 'tea-leaves.mjs'));
  await installCoffeeGrounds();
  await writeFile(join(folder, 'vips.csv'), 'number,tier\n+358501231234,gold\n');
});
afterAll(async () => {
  await kill();
  crm.closeAllConnections();
  crm.close();
  await rm(folder, { recursive: true, force: true });
});

async function kill(): Promise<void> {
  program?.signal('SIGKILL');
  await program?.finished;
}

/** The same plug-in as an npm package that is ESM only, with a Nest module around the class. */
async function installCoffeeGrounds(): Promise<void> {
  const home = join(folder, 'node_modules', 'coffee-grounds');
  await mkdir(home, { recursive: true });
  const manifest = {
    name: 'coffee-grounds',
    version: '1.0.0',
    type: 'module',
    exports: { '.': { import: './index.js' } },
    peerDependencies: { 'smartrouting-vip': '^0.1.0' },
  };
  await writeFile(join(home, 'package.json'), JSON.stringify(manifest));
  const source = (await readFile(PLUGIN, 'utf8')).replaceAll('tea-leaves', 'coffee-grounds');
  await writeFile(
    join(home, 'index.js'),
    `import { Module } from '@nestjs/common';\n${source}\nexport class CoffeeModule {}\nModule({ providers: [TeaLeaves] })(CoffeeModule);\n`,
  );
}

/** Starts the service, which is not ready yet. */
async function launch(text: string, more: Record<string, string> = {}): Promise<Program> {
  await kill();
  await writeFile(join(folder, 'smartrouting.yaml'), text);
  return (program = new Program('dist/main.js', [], { ...environment(), ...more }));
}

const environment = (): Record<string, string> => ({
  SMARTROUTING_CONFIG: join(folder, 'smartrouting.yaml'),
  DATABASE_URL: `sqlite:${join(folder, 'own.sqlite')}`,
});

/** @returns the address of the endpoint */
async function start(text = config()): Promise<string> {
  const [, url] = await (await launch(text)).until(/"url":"(http:[^"]+)"/);
  return url!;
}

const call = (url: string, body: object = GOOD): Promise<Answer> =>
  ask(url, { method: 'POST', headers: HEADERS, body });

/** A call that the CRM has been asked about, and answers when it is released. */
async function callInHand(url: string): Promise<{ answer: Promise<Answer>; release: () => void }> {
  const asked = once(crm, 'request') as Promise<[IncomingMessage, ServerResponse]>;
  const answer = call(url, HELD);
  const [, response] = await asked;
  return { answer, release: () => response.end('{"tier":"gold"}') };
}

/** Times of which a machine that stands still for a while may miss the first. */
const GRACES = ['500ms', '10s', '60s'];
const OPENINGS = [1, 2, 3];

describe('the process', () => {
  let url: string;
  beforeAll(async () => {
    url = await start();
  });

  it('starts, answers, and writes one log line per decision without a full number or a secret', async () => {
    expect((await ask(url, { method: 'POST', headers: HEADERS, body: GOOD })).status).toBe(200);
    expect(
      (await ask(url, { method: 'POST', headers: HEADERS, body: { ...GOOD, anum: '+358509999999' } })).status,
    ).toBe(204);
    const unknown = { ...GOOD, targetid: 'OTHER_QUEUE' };
    expect((await ask(url, { method: 'POST', headers: HEADERS, body: unknown })).status).toBe(204);
    expect((await ask(url, { method: 'POST', headers: HEADERS, body: { anum: 7 } })).status).toBe(400);
    expect(
      (await ask(url, { method: 'POST', headers: { ...HEADERS, 'X-Benemen-APIKey': 'guess' }, body: GOOD }))
        .status,
    ).toBe(401);
    await program!.until(/"reason":"invalid-request"/);
    const decisions = program!.logLines.filter(({ msg }) => msg === 'decision');
    const common = {
      time: expect.any(String),
      msg: 'decision',
      credential: 'core',
      ms: expect.any(Number),
      instance: hostname(),
    };
    expect(decisions).toEqual([
      {
        ...common,
        level: 'info',
        callId: 'call-1',
        target: 'SALES_QUEUE',
        targetid: 'SALES_QUEUE',
        caller: '+35850*****34',
        outcome: 200,
        reason: 'matched',
        provider: 'list',
        tier: 'gold',
        route: 0,
        providerMs: { list: expect.any(Number) },
      },
      {
        ...common,
        level: 'info',
        callId: 'call-1',
        target: 'SALES_QUEUE',
        targetid: 'SALES_QUEUE',
        caller: '+35850*****99',
        outcome: 204,
        reason: 'no-match',
        providerMs: { list: expect.any(Number) },
      },
      {
        ...common,
        level: 'info',
        callId: 'call-1',
        target: 'unknown',
        targetid: 'OTHER_QUEUE',
        caller: '+35850*****34',
        outcome: 204,
        reason: 'unknown-target',
      },
      {
        ...common,
        level: 'warn',
        callId: expect.stringMatching(/^req-[0-9a-f]{8}-\d+$/),
        outcome: 400,
        reason: 'invalid-request',
        detail: 'the body is not usable',
        errors: [
          { path: 'anum', message: 'must be a string or null' },
          { path: 'bnum', message: 'is missing; send a string, or null when the number is withheld' },
        ],
      },
    ]);
    for (const secret of [KEY, SECRET, 'guess', '358501231234', '358509999999'])
      expect(program!.stdout).not.toContain(secret);
  });

  it('asks plug-ins from a file and from a package, which import nothing of ours but smartrouting-vip/plugin-api', async () => {
    const leaves = { ...GOOD, targetid: 'LEAVES' };
    const answer = await ask(url, { method: 'POST', headers: HEADERS, body: leaves });
    expect({ status: answer.status, json: answer.json }).toEqual({ status: 200, json: { Tts: 'leaves' } });
    const grounds = await ask(url, {
      method: 'POST',
      headers: HEADERS,
      body: { ...GOOD, targetid: 'GROUNDS' },
    });
    expect({ status: grounds.status, json: grounds.json }).toEqual({ status: 200, json: { Tts: 'grounds' } });
    const failed = await ask(url, {
      method: 'POST',
      headers: HEADERS,
      body: { ...leaves, anum: '+358501231230' },
    });
    expect(failed.headers['x-smartrouting-reason']).toBe('lookup-failed');
    await program!.until(/"faults":\[\{"provider":"leaves","outcome":"failed","reason":"the leaves are wet"/);
  });
});

describe('the process at a signal', () => {
  it('finishes the calls in hand at SIGTERM, is not ready meanwhile, and exits with 0', async () => {
    const expected = {
      before: 'keep-alive',
      ready: 503,
      live: 200,
      during: 'close',
      answer: { status: 200, json: { ExtraPriority: 7 } },
      ended: { code: 0, stderr: '' },
    };
    let seen: object = {};
    for (const grace of GRACES) {
      seen = await stopped(await start(config(`port: 0, shutdownGrace: ${grace}`)));
      if (JSON.stringify(seen) === JSON.stringify(expected)) break;
    }
    expect(seen).toEqual(expected);
  });

  /** What a call in hand and others see of the end. */
  async function stopped(url: string): Promise<object> {
    const keptAlive = new KeptAlive(url);
    const status = async (path: string) => (await ask(new URL(path, url).href)).status;
    const before = await keptAlive.ask();
    const { answer, release } = await callInHand(url);
    try {
      program!.signal('SIGTERM');
      await program!.until(/no longer ready/);
      const [ready, live] = [await status('/health/ready'), await status('/health/live')];
      const during = await keptAlive.ask();
      release();
      const { status: code, json } = await answer;
      const { code: exitCode, stderr } = await program!.finished;
      return {
        before,
        ready,
        live,
        during,
        answer: { status: code, json },
        ended: { code: exitCode, stderr },
      };
    } catch (error) {
      release();
      await Promise.allSettled([answer]);
      return { error: (error as Error).message };
    } finally {
      keptAlive.end();
    }
  }

  it('answers calls while nobody reads its standard output, and ends at SIGTERM all the same', async () => {
    await writeFile(
      join(folder, 'smartrouting.yaml'),
      `${config('port: 0, shutdownGrace: 0s')}\nlogging: { numbers: plain }\n`,
    );
    const child = spawn(process.execPath, [...recorder(), 'dist/main.js'], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'], ...environment() },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = once(child, 'exit');
    try {
      let output = '';
      for await (const [chunk] of on(child.stdout, 'data') as AsyncIterable<[Buffer]>) {
        output += chunk.toString();
        if (/"url":"http:[^"]+"/.test(output)) break;
      }
      child.stdout.pause();
      const [, url] = /"url":"(http:[^"]+)"/.exec(output)!;
      // More than a pipe holds.
      const rounds = 20;
      const parallel = 40;
      const body = { ...GOOD, extradata: { CallId: 'call-'.repeat(20) } };
      for (let round = 0; round < rounds; round++) {
        const answers = await Promise.all(Array.from({ length: parallel }, () => call(url!, body)));
        expect(answers.map(({ status }) => status)).toEqual(Array(parallel).fill(200));
      }
      child.kill('SIGTERM');
      await ended;
      let log = '';
      for await (const chunk of child.stdout as AsyncIterable<Buffer>) log += chunk.toString();
      const decisions = log.split('"msg":"decision"').length - 1;
      // It was stuck: what could not be written was given up.
      expect(decisions).toBeLessThan(rounds * parallel);
      // And this is what `numbers: plain` asks for.
      expect(log).toContain('"caller":"+358501231234"');
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('exits with 0 at SIGTERM while it is still starting', async () => {
    await writeFile(
      join(folder, 'endless.mjs'),
      `console.log('loading'); await new Promise((done) => setTimeout(done, 3_600_000));`,
    );
    const program = await launch(config().replace('./tea-leaves.mjs', './endless.mjs'));
    await program.until(/loading/);
    program.signal('SIGTERM');
    expect(await program.finished).toEqual({ code: 0, stdout: 'loading\n', stderr: '' });
  });

  it('exits with 0 at SIGTERM while its frameworks are still loading', async () => {
    // It waits there, however late the signal comes. The handler of SIGTERM is the one before that of SIGINT.
    const preload = `process.on('newListener', (event) => {
      if (event !== 'SIGINT') return;
      console.log('listens');
      process.kill(process.pid, 'SIGSTOP');
    });`;
    const program = await launch(config(), {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(preload)}`,
    });
    await program.until(/listens/);
    program.signal('SIGTERM');
    // Not once: it may not have stopped yet.
    const waking = setInterval(() => program.signal('SIGCONT'), 20);
    expect(await program.finished).toEqual({ code: 0, stdout: 'listens\n', stderr: '' });
    clearInterval(waking);
  });
});

describe('the process while a provider does not open', () => {
  let silent: Awaited<ReturnType<typeof silentServer>>;
  let own: number;
  beforeAll(async () => {
    silent = await silentServer();
    own = await freePort();
  });
  afterAll(() => silent.stop());

  const launched = (): Promise<Program> =>
    launch(
      config()
        .replace('  leaves:', '  own: { kind: database }\n  leaves:')
        .replace('providers: [list]', 'providers: [list, own]'),
      { PORT: String(own), DATABASE_URL: `mysql://u:p@127.0.0.1:${silent.port}/x` },
    );
  const endpoint = (): string => `http://127.0.0.1:${own}/smartrouting`;
  const ready = async (): Promise<number> => (await ask(`http://127.0.0.1:${own}/health/ready`)).status;

  it('finishes the calls in hand at SIGTERM, and never says that it is ready', async () => {
    const expected = { answer: { status: 200, body: '{"ExtraPriority":7}' }, code: 0, saidReady: false };
    let seen: object = {};
    for (const opening of OPENINGS) {
      const program = await launched();
      await eventually(ready);
      const { answer, release } = await callInHand(endpoint());
      program.signal('SIGTERM');
      await program.until(/no longer ready/);
      release();
      const { status, body } = await answer;
      const { code, stdout } = await program.finished;
      seen = { answer: { status, body }, code, saidReady: stdout.includes('ready for calls') };
      if (JSON.stringify(seen) === JSON.stringify(expected)) break;
      expect(opening).toBeLessThan(OPENINGS.length);
    }
    expect(seen).toEqual(expected);
  });

  it('says 503 until that has had its time, and then takes calls without it', async () => {
    const seen = new Set<number>();
    for (const opening of OPENINGS) {
      await launched();
      await eventually(async () => seen.add(await ready()));
      await eventually(async () => {
        seen.add(await ready());
        return seen.has(200);
      });
      if (seen.has(503)) break;
      expect(opening).toBeLessThan(OPENINGS.length);
      seen.clear();
    }
    expect([...seen]).toEqual([503, 200]);
    expect((await call(endpoint())).status).toBe(200);
  });

  it('ends at once at a second SIGTERM', async () => {
    expect(await ready()).toBe(200);
    program!.signal('SIGTERM');
    await program!.until(/no longer ready/);
    program!.signal('SIGTERM');
    expect((await program!.finished).code).toBe(1);
  });
});

describe('the process that cannot start', () => {
  it('refuses to start with exit code 78 and every problem, never a secret', async () => {
    const wrong = config('prt: 0').replace('providers: [list]', 'providers: [lisst]');
    const { code, stdout, stderr } = await (await launch(wrong)).finished;
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
    expect(stderr).toContain('Configuration is not usable (2 problems)');
    expect(stderr).toContain('line 3, server.prt');
    expect(stderr).toContain('Did you mean "port"?');
    expect(stderr).toContain(
      'targets.SALES_QUEUE.providers[0]: "lisst" is not a configured provider. Did you mean "list"?',
    );
    expect(stderr).not.toContain(SECRET);
  });

  it('says which port is taken, and how to choose another', async () => {
    const { port } = crm.address() as AddressInfo;
    const { code, stderr } = await (await launch(config(), { PORT: String(port) })).finished;
    expect(code).toBe(1);
    expect(stderr).toContain('EADDRINUSE');
    expect(stderr).toContain('Set another server.port, or PORT');
  });
});

/** A client as balancers are: all its calls go over one connection, as long as the service keeps it. */
class KeptAlive {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(private readonly url: string) {}

  /** @returns what the answer says about the connection */
  async ask(): Promise<string | undefined> {
    const sent = request(this.url, { method: 'POST', headers: HEADERS, agent: this.#agent });
    sent.end(JSON.stringify(GOOD));
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    answer.resume();
    await once(answer, 'end');
    return answer.headers.connection;
  }

  end(): void {
    this.#agent.destroy();
  }
}

describe('standard output on a full disk', () => {
  it.each([
    ['SIGTERM', 0],
    ['SIGINT', 0],
  ] as const)('loses and counts log lines, and nothing else; %s ends the process', async (signal, code) => {
    const port = await freePort();
    const file = join(folder, `full-${signal}.yaml`);
    await writeFile(file, config(`port: ${port}, shutdownGrace: 0ms`));
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [...recorder(), 'dist/main.js'], {
      cwd: ROOT,
      env: {
        PATH: process.env['PATH'],
        SMARTROUTING_CONFIG: file,
        DATABASE_URL: `sqlite:${folder}/full.sqlite`,
      },
      stdio: ['ignore', full, 'pipe'],
    });
    closeSync(full);
    let told = '';
    child.stderr!.on('data', (data: Buffer) => (told += data.toString()));
    try {
      const url = `http://127.0.0.1:${port}`;
      await eventually(async () => expect(await ask(`${url}/health/ready`)).toMatchObject({ status: 200 }));
      const answer = await ask(`${url}/smartrouting`, { method: 'POST', headers: HEADERS, body: GOOD });
      expect(answer.json).toEqual({ ExtraPriority: 5 });
      await eventually(async () => {
        const { body } = await ask(`${url}/metrics`);
        expect(body).toMatch(/^smartrouting_log_lines_dropped_total [1-9]/m);
      });
      const exited = once(child, 'exit');
      child.kill(signal);
      expect(await exited).toEqual([code, null]);
    } finally {
      child.kill('SIGKILL');
    }
    expect(told).toBe('');
  });
});
