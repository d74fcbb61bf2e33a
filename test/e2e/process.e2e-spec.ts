import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, createServer, request } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { closedPort, silentServer } from '../support/database-provider.js';
import { isListening } from '../support/ports.js';
import { Program, recorder } from '../support/process.js';
import { ask, KEY } from '../support/service.js';

const GOOD = {
  anum: '+358501231234',
  bnum: '+358942415000',
  targetid: 'SALES_QUEUE',
  extradata: { CallId: 'call-1' },
};
const HEADERS = { 'X-Benemen-APIKey': KEY, 'Content-Type': 'application/json' };
const SECRET = 'a-password-nobody-may-see';
const PLUGIN = fileURLToPath(new URL('../fixtures/plugins/tea-leaves.mjs', import.meta.url));

let folder: string;
let slow: Server;
let program: Program | undefined;

const config = (slowUrl: string): string => `
country: FI
server: { port: 0 }
credentials:
  - { id: core, apiKey: ${KEY} }
  - { id: core-basic, username: core, password: ${SECRET} }
providers:
  list: { kind: static-file, file: ./vips.csv }
  slow: { kind: crm-http, url: "${slowUrl}/{{ number }}", record: "$", trustAnswer: true, timeout: 4500ms }
  leaves: { kind: tea-leaves }
  grounds: { kind: coffee-grounds }
plugins: [./tea-leaves.mjs, coffee-grounds]
targets:
  SALES_QUEUE: { providers: [list], routes: [{ instructions: { ExtraPriority: 5 } }] }
  SLOW_QUEUE: { providers: [slow], deadline: 4500ms, routes: [{ instructions: { ExtraPriority: 7 } }] }
  GROUNDS: { providers: [grounds], routes: [{ instructions: { Tts: "{{ name }}" } }] }
  LEAVES: { providers: [leaves], routes: [{ instructions: { Tts: "{{ name }}" } }] }
`;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smartrouting-process-'));
  slow = createServer((_request, response) => {
    setTimeout(() => response.end('{"tier":"gold"}'), 3_500);
  });
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
  await copyFile(PLUGIN, join(folder, 'tea-leaves.mjs'));
  await installCoffeeGrounds();
  await writeFile(join(folder, 'vips.csv'), 'number,tier\n+358501231234,gold\n');
  await writeFile(
    join(folder, 'smartrouting.yaml'),
    config(`http://127.0.0.1:${(slow.address() as AddressInfo).port}`),
  );
});
afterEach(async () => {
  program?.signal('SIGKILL');
  await program?.finished;
  slow.closeAllConnections();
  await new Promise((resolve) => slow.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

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

const environment = (more: Record<string, string> = {}): Record<string, string> => ({
  SMARTROUTING_CONFIG: join(folder, 'smartrouting.yaml'),
  DATABASE_URL: `sqlite:${join(folder, 'own.sqlite')}`,
  ...more,
});

async function start(env = environment()): Promise<string> {
  program = new Program('dist/main.js', [], env);
  const [, url] = await program.until(/"url":"(http:[^"]+)"/);
  return url!;
}

describe('the process', () => {
  it('starts, answers, and writes one log line per decision without a full number or a secret', async () => {
    const url = await start();
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
    };
    expect(decisions).toEqual([
      {
        ...common,
        level: 'info',
        callId: 'call-1',
        target: 'SALES_QUEUE',
        caller: '+35850*****34',
        outcome: 200,
        reason: 'matched',
        provider: 'list',
        route: 0,
      },
      {
        ...common,
        level: 'info',
        callId: 'call-1',
        target: 'SALES_QUEUE',
        caller: '+35850*****99',
        outcome: 204,
        reason: 'no-match',
      },
      {
        ...common,
        level: 'info',
        callId: 'call-1',
        target: 'unknown',
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

  it('writes full numbers only when told so', async () => {
    await writeFile(
      join(folder, 'smartrouting.yaml'),
      `${config('http://127.0.0.1:9')}\nlogging: { numbers: plain }\n`,
    );
    const url = await start();
    await ask(url, { method: 'POST', headers: HEADERS, body: GOOD });
    await program!.until(/"caller":"\+358501231234"/);
  });

  it('asks plug-ins from a file and from a package, which import nothing of ours but smartrouting-vip/plugin-api', async () => {
    const url = await start();
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

  it('finishes the calls in hand at SIGTERM, is not ready meanwhile, and exits with 0', async () => {
    const url = await start();
    const keptAlive = new KeptAlive(url);
    expect(await keptAlive.ask()).toBe('keep-alive');
    const inHand = ask(url, { method: 'POST', headers: HEADERS, body: { ...GOOD, targetid: 'SLOW_QUEUE' } });
    await sleep(100);
    program!.signal('SIGTERM');
    await program!.until(/not ready any more/);
    expect((await ask(new URL('/health/ready', url).href)).status).toBe(503);
    expect((await ask(new URL('/health/live', url).href)).status).toBe(200);
    expect(await keptAlive.ask()).toBe('close');
    const answer = await inHand;
    expect({ status: answer.status, json: answer.json }).toEqual({ status: 200, json: { ExtraPriority: 7 } });
    expect(await program!.finished).toMatchObject({ code: 0, stderr: '' });
  });

  it('answers calls while nobody reads its standard output, and ends at SIGTERM all the same', async () => {
    const child = spawn(process.execPath, [...recorder(), 'dist/main.js'], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
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
      const statuses = new Set<number>();
      for (let round = 0; round < 30; round++) {
        const answers = Array.from({ length: 40 }, () =>
          ask(url!, { method: 'POST', headers: HEADERS, body: GOOD }),
        );
        for (const { status } of await Promise.all(answers)) statuses.add(status);
      }
      expect([...statuses]).toEqual([200]);
      child.kill('SIGTERM');
      const stuck = sleep(20_000, 'still there', { ref: false });
      expect(await Promise.race([ended.then(() => 'ended'), stuck])).toBe('ended');
    } finally {
      child.kill('SIGKILL');
    }
  }, 60_000);

  it('exits with 0 at SIGTERM while it is still starting', async () => {
    await writeFile(
      join(folder, 'tea-leaves.mjs'),
      `console.log('loading'); await new Promise((done) => setTimeout(done, 60_000));`,
    );
    program = new Program('dist/main.js', [], environment());
    await program.until(/loading/);
    program.signal('SIGTERM');
    expect(await program.finished).toEqual({ code: 0, stdout: 'loading\n', stderr: '' });
  });

  it('exits with 0 at SIGTERM while its frameworks are still loading', async () => {
    program = new Program('dist/main.js', [], environment());
    await sleep(600); // our own first line has run
    program.signal('SIGTERM');
    expect(await program.finished).toMatchObject({ code: 0, stderr: '' });
  });

  it('exits with 0 at SIGTERM although a provider never closes', async () => {
    const source = await readFile(PLUGIN, 'utf8');
    const neverCloses = source.replace(
      'async check()',
      'close() {\n    return new Promise(() => undefined);\n  }\n\n  async check()',
    );
    expect(neverCloses).not.toBe(source);
    await writeFile(join(folder, 'tea-leaves.mjs'), neverCloses);
    await start();
    program!.signal('SIGTERM');
    await program!.until(/"msg":"stopped"/);
    expect((await program!.finished).code).toBe(0);
  });

  it('outlives what a plug-in throws where nobody can catch it', async () => {
    const source = await readFile(PLUGIN, 'utf8');
    const careless = source.replace(
      'async lookup(caller) {',
      `async lookup(caller) {
    setTimeout(() => { throw new TypeError('spilt tea'); }, 0);
    void Promise.reject(new TypeError('cold tea'));`,
    );
    await writeFile(join(folder, 'tea-leaves.mjs'), careless);
    const url = await start();
    const leaves = { ...GOOD, targetid: 'LEAVES' };
    for (let call = 0; call < 3; call++) {
      expect((await ask(url, { method: 'POST', headers: HEADERS, body: leaves })).status).toBe(200);
    }
    await program!.until(/"level":"error".*"spilt tea".*thrown where nobody could catch it/);
    await program!.until(/"level":"error".*"cold tea".*rejected and nobody looked/);
    expect((await ask(url, { method: 'POST', headers: HEADERS, body: leaves })).status).toBe(200);
  });

  it('says 503 until its providers are open, or have had their time, and then takes calls without them', async () => {
    const hanging = await silentServer();
    const own = await closedPort();
    try {
      await writeFile(
        join(folder, 'smartrouting.yaml'),
        config('http://127.0.0.1:9')
          .replace('  leaves:', '  own: { kind: database }\n  leaves:')
          .replace('providers: [list]', 'providers: [list, own]'),
      );
      program = new Program(
        'dist/main.js',
        [],
        environment({ PORT: String(own), DATABASE_URL: `mysql://u:p@127.0.0.1:${hanging.port}/x` }),
      );
      const ready = `http://127.0.0.1:${own}/health/ready`;
      const seen = new Set<number>();
      for (let tries = 0; tries < 300 && !seen.has(200); tries++) {
        await sleep(50);
        await ask(ready).then(
          ({ status }) => seen.add(status),
          () => undefined, // not listening yet
        );
      }
      expect([...seen]).toEqual([503, 200]);
      const answer = await ask(`http://127.0.0.1:${own}/smartrouting`, {
        method: 'POST',
        headers: HEADERS,
        body: GOOD,
      });
      expect(answer.status).toBe(200);
    } finally {
      await hanging.stop();
    }
  });

  it('finishes the calls in hand at SIGTERM while its providers are still opening', async () => {
    const hanging = await silentServer();
    const own = await closedPort();
    const { port } = slow.address() as AddressInfo;
    try {
      await writeFile(
        join(folder, 'smartrouting.yaml'),
        config(`http://127.0.0.1:${port}`).replace('  leaves:', '  own: { kind: database }\n  leaves:'),
      );
      const databaseUrl = `mysql://u:p@127.0.0.1:${hanging.port}/x`;
      program = new Program(
        'dist/main.js',
        [],
        environment({ PORT: String(own), DATABASE_URL: databaseUrl }),
      );
      expect(await isListening(own, 20_000)).toBe(true);
      const inHand = ask(`http://127.0.0.1:${own}/smartrouting`, {
        method: 'POST',
        headers: HEADERS,
        body: { ...GOOD, targetid: 'SLOW_QUEUE' },
      });
      await once(slow, 'request');
      program.signal('SIGTERM');
      expect(await inHand).toMatchObject({ status: 200, body: '{"ExtraPriority":7}' });
      const { code, stdout } = await program.finished;
      expect(code).toBe(0);
      expect(stdout).not.toContain('ready for calls');
    } finally {
      await hanging.stop();
    }
  });

  it('ends at once at a second SIGTERM', async () => {
    await start();
    program!.signal('SIGTERM');
    await program!.until(/not ready any more/);
    program!.signal('SIGTERM');
    expect((await program!.finished).code).toBe(1);
  });

  it('refuses to start with exit code 78 and every problem, never a secret', async () => {
    await writeFile(
      join(folder, 'smartrouting.yaml'),
      config('http://127.0.0.1:9')
        .replace('providers: [list]', 'providers: [lisst]')
        .replace('server: { port: 0 }', 'server: { prt: 0 }'),
    );
    program = new Program('dist/main.js', [], environment());
    const { code, stdout, stderr } = await program.finished;
    expect({ code, stdout }).toEqual({ code: 78, stdout: '' });
    expect(stderr).toContain('Configuration is not usable (2 problems)');
    expect(stderr).toContain('line 3, server.prt');
    expect(stderr).toContain('Did you mean "port"?');
    expect(stderr).toContain(
      'targets.SALES_QUEUE.providers[0]: "lisst" is not a configured provider. Did you mean "list"?',
    );
    expect(stderr).not.toContain(SECRET);
  });

  it('refuses two plug-ins that bring the same kind', async () => {
    await copyFile(PLUGIN, join(folder, 'again.mjs'));
    await writeFile(
      join(folder, 'smartrouting.yaml'),
      config('http://127.0.0.1:9').replace('coffee-grounds]', './again.mjs]'),
    );
    program = new Program('dist/main.js', [], environment());
    const { code, stderr } = await program.finished;
    expect(code).toBe(78);
    expect(stderr).toContain('"./again.mjs" takes the kind "tea-leaves", which "./tea-leaves.mjs" has');
  });

  it('refuses a plug-in that cannot be imported, by name', async () => {
    await writeFile(
      join(folder, 'smartrouting.yaml'),
      config('http://127.0.0.1:9').replace('./tea-leaves.mjs', './missing.mjs'),
    );
    program = new Program('dist/main.js', [], environment());
    const { code, stderr } = await program.finished;
    expect(code).toBe(78);
    expect(stderr).toContain('"./missing.mjs" cannot be imported (ERR_MODULE_NOT_FOUND)');
  });

  it('says which port is taken, and how to choose another', async () => {
    const { port } = slow.address() as AddressInfo;
    program = new Program('dist/main.js', [], environment({ PORT: String(port) }));
    const { code, stderr } = await program.finished;
    expect(code).toBe(1);
    expect(stderr).toContain('EADDRINUSE');
    expect(stderr).toContain('Set another server.port, or PORT');
  });

  it('says which host is none of this machine, and how to choose another', async () => {
    program = new Program('dist/main.js', [], environment({ HOST: '192.0.2.1' }));
    const { code, stderr } = await program.finished;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^Cannot listen \(EADDRNOTAVAIL\): .*\. Set another server\.host, or HOST in the environment\.\n$/,
    );
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
}
