import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { RedisServer } from '../../examples/plugin-redis/test/redis-server.js';
import { eventually } from '../support/eventually.js';
import { install, linkInstalled, manifestOf, pack, packedHome } from '../support/packed.js';
import type { Packed } from '../support/packed.js';
import { Program } from '../support/process.js';
import { ask, KEY } from '../support/ask.js';
import type { Answer } from '../support/ask.js';

/*
 * What is published is what is proven: the service as `npm pack` packs it lies in an empty folder with the packages that it
 * says it needs, and no others; the example of an outside package is compiled, tested and packed there, put beside it, and
 * named in the configuration.
 */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const AINO = '+358501231234';
/** The contract test has 20 sentences, the example some of its own. */
const FEWEST_TESTS = 25;
const run = promisify(execFile);

let site: string;
let plugin: string;
let service: Packed;

beforeAll(async () => {
  site = await mkdtemp(join(tmpdir(), 'smartrouting-site-'));
  plugin = join(site, 'plugin-redis');
  await writeFile(join(site, 'package.json'), '{ "private": true, "type": "module" }');
  service = await pack(ROOT, site);
  await cp(join(ROOT, 'examples/plugin-redis'), plugin, {
    recursive: true,
    filter: (path) => !['node_modules', 'dist'].includes(basename(path)),
  });
  await install(service, site);
  const { dependencies, devDependencies } = await manifestOf(plugin);
  await linkInstalled(Object.keys({ ...dependencies, ...devDependencies }), site);
  const compiler = join(site, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [compiler], { cwd: plugin }).catch((error: Error & { stdout: string }) => {
    throw new Error(error.stdout);
  });
});
afterAll(() => rm(site, { recursive: true, force: true }));

describe('the packed service', () => {
  const paths = (): string[] => service.files.map(({ path }) => path);
  const below = (room: string): string[] => paths().filter((path) => path.startsWith(`${room}/`));

  it('has what runs and what plug-ins are compiled against, of every source and of no test', async () => {
    const sources = (await readdir(join(ROOT, 'src'), { recursive: true }))
      .filter((path) => /\.ts$/.test(path) && !/\.(?:spec|contract|d)\.ts$/.test(path))
      .map((path) => path.replace(/\.ts$/, ''));
    expect(sources.length).toBeGreaterThan(100);
    const built = sources.flatMap((path) => ['js', 'd.ts', 'js.map'].map((end) => `dist/${path}.${end}`));
    expect(paths()).toEqual(expect.arrayContaining(built));
    const others = below('dist').filter(
      (path) => !/(?<!\.(?:spec|contract))\.(?:js|d\.ts|js\.map)$/.test(path),
    );
    // Which commit it was built from.
    expect(others).toEqual(['dist/build.json']);
  });

  it('has what administrators read and copy, and nothing else', () => {
    const rooms = ['config', 'deploy', 'dist', 'docs', 'presets'];
    const loose = paths().filter((path) => !rooms.includes(path.split('/')[0]!));
    expect(loose.sort()).toEqual(['LICENSE', 'README.md', 'package.json']);
    expect(below('config').sort()).toEqual([
      'config/smartrouting.schema.json',
      'config/smartrouting.yaml',
      'config/vips.csv',
    ]);
    expect(below('docs').filter((path) => !path.endsWith('.md'))).toEqual([]);
    expect(below('presets').filter((path) => !path.endsWith('.yaml'))).toEqual([]);
    expect(below('docs').length).toBeGreaterThan(20);
    expect(below('presets').length).toBeGreaterThan(10);
    const kinds = new Set(below('deploy').map((path) => /\.\w+$/.exec(path)![0]));
    expect([...kinds].sort()).toEqual(['.cfg', '.csv', '.json', '.mjs', '.service', '.sh', '.yaml']);
  });

  it('holds no secret, and nothing of the machine that it was packed on', async () => {
    const secret =
      /(?:^|\/)(?:\.env|secrets?|node_modules)(?:\/|$)|\.(?:sqlite|key|pem|p12|tgz|log|tsbuildinfo)$/;
    expect(paths().filter((path) => secret.test(path))).toEqual([]);
    const home = packedHome(site);
    const told: string[] = [];
    for (const path of paths()) {
      const text = await readFile(join(home, path), 'utf8');
      if (text.includes(ROOT.replace(/\/$/, '')) || text.includes('PRIVATE KEY-----\nM')) told.push(path);
    }
    expect(told).toEqual([]);
  });
});

describe('an outside package, compiled against the published types', () => {
  it('passes the contract and its own tests with a real Redis', async () => {
    const { stdout } = await run(process.execPath, ['--test', 'dist/test/redis.test.js'], {
      cwd: plugin,
    }).catch((error: Error & { stdout: string }) => {
      throw new Error(error.stdout);
    });
    const count = (what: string) => Number(new RegExp(`^(?:#|ℹ) ${what} (\\d+)$`, 'm').exec(stdout)?.[1]);
    expect([count('fail'), count('skipped'), count('todo'), count('cancelled')]).toEqual([0, 0, 0, 0]);
    expect(count('pass')).toBeGreaterThanOrEqual(FEWEST_TESTS);
  });
});

describe('the packed service with the packed plug-in', () => {
  let redis: RedisServer;
  let program: Program | undefined;
  const main = () => join(site, 'node_modules/smartrouting-vip/dist/main.js');
  const cli = () => join(site, 'node_modules/.bin/smartrouting-vip');
  const environment = () => ({
    SMARTROUTING_CONFIG: join(site, 'smartrouting.yaml'),
    DATABASE_URL: `sqlite:${join(site, 'own.sqlite')}`,
    REDIS_URL: redis.url,
  });

  async function configure(options: string): Promise<void> {
    await writeFile(
      join(site, 'smartrouting.yaml'),
      `country: FI
server: { port: 0 }
credentials: [{ id: core, apiKey: ${KEY} }]
plugins: [smartrouting-plugin-redis]
providers:
  customers:
    kind: redis
    ${options}
targets:
  SALES_QUEUE:
    providers: [customers]
    deadline: 4500ms
    routes:
      - tier: gold
        instructions: { InitialTarget: VIP_SALES, Greeting: "Hello {{ name }}" }
      - instructions: { ExtraPriority: 5 }
`,
    );
  }

  beforeAll(async () => {
    await install(await pack(plugin, site), site);
    redis = await RedisServer.start();
    await redis.command(['HSET', `vip:${AINO}`, 'tier', 'gold', 'name', 'Aino']);
  });
  afterEach(async () => {
    program?.signal('SIGKILL');
    await program?.finished;
  });
  afterAll(() => redis.remove());

  it('asks Redis for each call, and goes on without it', async () => {
    await configure('url: ${REDIS_URL}');
    program = new Program(main(), [], environment(), undefined, site);
    const [, url] = await program.until(/"url":"(http:[^"]+)\/smartrouting"/);
    const call = (anum: string): Promise<Answer> =>
      ask(`${url}/smartrouting`, {
        method: 'POST',
        headers: { 'X-Benemen-APIKey': KEY, 'Content-Type': 'application/json' },
        body: { anum, bnum: '+358942415000', targetid: 'SALES_QUEUE' },
      });
    /** One answer of `/health` is shown for a while. */
    const healthSays = (words: string): Promise<unknown> =>
      eventually(async () => expect((await ask(`${url}/health`)).body).toContain(words));

    const gold = await call('050 123 1234');
    expect([gold.status, gold.json]).toEqual([200, { InitialTarget: 'VIP_SALES', Greeting: 'Hello Aino' }]);
    const stranger = await call('+358509999999');
    expect([stranger.status, stranger.headers['x-smartrouting-reason']]).toEqual([204, 'no-match']);
    await redis.command(['HSET', 'vip:+358509999999', 'tier', 'silver']);
    expect((await call('+358509999999')).json).toEqual({ ExtraPriority: 5 });
    await healthSays('"customers":{"breaker":"closed","status":"up"');

    await redis.stop();
    const without = await call(AINO);
    expect([without.status, without.headers['x-smartrouting-reason']]).toEqual([204, 'lookup-failed']);
    await healthSays('no answer from Redis (');

    await redis.start();
    await redis.command(['HSET', `vip:${AINO}`, 'tier', 'gold', 'name', 'Aino']);
    // The connection comes back by itself, and the circuit breaker lets it be seen.
    await eventually(async () => (await call(AINO)).status === 200);
    const metrics = (await ask(`${url}/metrics`)).body;
    expect(metrics).toMatch(/smartrouting_provider_lookups_total\{provider="customers",outcome="found"\}/);
  });

  it('reports problems of the plug-in’s options by line, without a value that may be secret', async () => {
    await configure('url: redis://core:s3cret@\n    prefx: "x:"');
    program = new Program(cli(), ['config', 'check'], environment(), undefined, site);
    const { code, stdout, stderr } = await program.finished;
    expect(code).not.toBe(0);
    const told = stdout + stderr;
    expect(told).toContain('line 8, providers.customers.url: must be like redis://host:6379');
    expect(told).toMatch(/line 9, providers\.customers\.prefx: .*Did you mean "prefix"/);
    expect(told).not.toContain('s3cret');
  });
});
