import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { RedisServer } from '../../examples/plugin-redis/test/redis-server.js';
import { Program } from '../support/process.js';
import { ask, KEY } from '../support/ask.js';
import type { Answer } from '../support/ask.js';

/*
 * What is published is what is proven: the service as `npm pack` packs it is installed in an empty folder, the example of
 * an outside package is compiled, tested and packed there, installed beside it, and named in the configuration.
 */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const AINO = '+358501231234';
const INSTALL_MS = 300_000;
const TEST_MS = 120_000;
/** The contract test has 20 sentences, the example some of its own. */
const FEWEST_TESTS = 25;
const MOST_TRIES = 300;
const run = promisify(execFile);

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}
interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly peerDependencies: Record<string, string>;
}

let site: string;
let plugin: string;
let service: Packed;

async function npm(cwd: string, ...args: string[]): Promise<string> {
  const { stdout } = await run('npm', args, { cwd, timeout: INSTALL_MS, maxBuffer: 16 * 1024 * 1024 });
  return stdout;
}

async function pack(folder: string): Promise<Packed> {
  // Built already, by the test command; building again would change files that other tests use.
  const told = await npm(folder, 'pack', '--json', '--ignore-scripts', '--pack-destination', site);
  return (JSON.parse(told) as [Packed])[0];
}

async function install(...what: string[]): Promise<void> {
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  await npm(site, 'install', ...quiet, ...what);
}

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries++) {
    if (tries === MOST_TRIES) throw new Error('waited too long for what never came');
    await sleep(100);
  }
}

beforeAll(async () => {
  site = await mkdtemp(join(tmpdir(), 'smartrouting-site-'));
  plugin = join(site, 'plugin-redis');
  await writeFile(join(site, 'package.json'), '{ "private": true, "type": "module" }');
  service = await pack(ROOT);
  const example = join(ROOT, 'examples/plugin-redis');
  await cp(example, plugin, {
    recursive: true,
    filter: (path) => !['node_modules', 'dist'].includes(basename(path)),
  });
  const manifest = JSON.parse(await readFile(join(plugin, 'package.json'), 'utf8')) as Manifest;
  const needed = { ...manifest.peerDependencies, ...manifest.dependencies, ...manifest.devDependencies };
  needed['smartrouting-vip'] = `file:${join(site, service.filename)}`;
  await install(...Object.entries(needed).map(([name, range]) => `${name}@${range}`));
  await npm(plugin, 'run', 'build');
}, INSTALL_MS);
afterAll(() => rm(site, { recursive: true, force: true }));

describe('the packed service', () => {
  it('has all that runs and that plug-ins are compiled against, and nothing else', () => {
    const paths = service.files.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'config/smartrouting.schema.json',
        'config/smartrouting.yaml',
        'config/vips.csv',
        'dist/cli/main.js',
        'dist/main.js',
        'dist/plugin-api/index.d.ts',
        'dist/plugin-api/index.js',
        'dist/plugin-api/testing/index.d.ts',
        'dist/plugin-api/testing/index.js',
      ]),
    );
    const rooms = new Set(paths.map((path) => path.split('/')[0]));
    expect(
      [...rooms].filter((room) => !['config', 'deploy', 'dist', 'docs', 'presets'].includes(room!)).sort(),
    ).toEqual(['LICENSE', 'README.md', 'package.json']);
    expect(paths.filter((path) => /\.(?:spec|contract)\.|node_modules|\.env|\.sqlite/.test(path))).toEqual(
      [],
    );
  });
});

describe('an outside package, compiled against the published types', () => {
  it(
    'passes the contract and its own tests with a real Redis',
    async () => {
      const { stdout } = await run(process.execPath, ['--test', 'dist/test/redis.test.js'], {
        cwd: plugin,
        timeout: TEST_MS,
      }).catch((error: Error & { stdout: string }) => {
        throw new Error(error.stdout);
      });
      const count = (what: string) => Number(new RegExp(`^(?:#|ℹ) ${what} (\\d+)$`, 'm').exec(stdout)?.[1]);
      expect([count('fail'), count('skipped'), count('todo'), count('cancelled')]).toEqual([0, 0, 0, 0]);
      expect(count('pass')).toBeGreaterThanOrEqual(FEWEST_TESTS);
    },
    TEST_MS,
  );
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
    routes:
      - tier: gold
        instructions: { InitialTarget: VIP_SALES, Greeting: "Hello {{ name }}" }
      - instructions: { ExtraPriority: 5 }
`,
    );
  }

  beforeAll(async () => {
    const { filename } = await pack(plugin);
    await install(`./${filename}`);
    redis = await RedisServer.start();
    await redis.command(['HSET', `vip:${AINO}`, 'tier', 'gold', 'name', 'Aino']);
  }, INSTALL_MS);
  afterEach(async () => {
    program?.signal('SIGKILL');
    await program?.finished;
  });
  afterAll(() => redis.remove());

  it(
    'asks Redis for each call, and goes on without it',
    async () => {
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
      const healthSays = async (words: string): Promise<void> =>
        eventually(async () => (await ask(`${url}/health`)).body.includes(words));

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
    },
    TEST_MS,
  );

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
