import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What the tools read of the project, tests left out. */
const PARTS = [
  'src',
  'scripts',
  'package.json',
  'tsconfig.json',
  'eslint.config.js',
  'jest.config.js',
  '.swcrc',
  '.prettierrc.json',
  '.prettierignore',
  '.dependency-cruiser.cjs',
];
const SLOW_MS = 180_000;

let project: string;

interface Run {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program of the project in its copy. */
async function node(script: string, ...args: string[]): Promise<Run> {
  const child = spawn(process.execPath, [script, ...args], {
    cwd: project,
    env: { PATH: process.env['PATH'] ?? '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

const newProvider = (...args: string[]): Promise<Run> => node('scripts/new-provider.mjs', ...args);
const contractOf = (kind: string): Promise<Run> =>
  node('--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '-i', `src/providers/${kind}`);

/** The checks of `npm test` that read source, on what was generated and on what names it. */
async function complaints(...paths: string[]): Promise<string[]> {
  const runs = await Promise.all([
    node('node_modules/prettier/bin/prettier.cjs', '--check', ...paths),
    node('node_modules/eslint/bin/eslint.js', ...paths.filter((path) => path.startsWith('src'))),
    node('node_modules/typescript/bin/tsc', '--noEmit'),
    node(
      'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
      '--config',
      '.dependency-cruiser.cjs',
      'src',
    ),
  ]);
  return runs.filter(({ code }) => code !== 0).map(({ output }) => output);
}

async function edit(path: string, ...changes: [from: string | RegExp, to: string][]): Promise<void> {
  let text = await readFile(join(project, path), 'utf8');
  for (const [from, to] of changes) {
    const before = text;
    text = text.replace(from, () => to);
    if (text === before) throw new Error(`${path} holds no ${String(from)}`);
  }
  await writeFile(join(project, path), text);
}

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'smartrouting-new-provider-'));
  for (const part of PARTS) {
    const filter = (path: string) => !/\.(?:spec|contract)\.ts$/.test(basename(path));
    await cp(join(ROOT, part), join(project, part), { recursive: true, filter });
  }
  await mkdir(join(project, 'test')); // a root of Jest's
  await symlink(join(ROOT, 'node_modules'), join(project, 'node_modules'));
});
afterAll(() => rm(project, { recursive: true, force: true }));

const LONGEST = 'a-kind-with-a-name-of-no-fewer-than-40-c';

describe('npm run new:provider', () => {
  it(
    'writes a provider that passes every check as it is, and whose contract test fails',
    async () => {
      const { code, output } = await newProvider('acme-crm');
      expect(code).toBe(0);
      expect((await readdir(join(project, 'src/providers/acme-crm'))).sort()).toEqual([
        'acme-crm.contract.ts',
        'acme-crm.module.ts',
        'acme-crm.options.ts',
        'acme-crm.provider.ts',
      ]);
      expect(await readdir(join(project, 'docs/providers'))).toEqual(['acme-crm.md']);
      expect((await newProvider('x')).code).toBe(0);
      expect((await newProvider(LONGEST)).code).toBe(0);

      // What it says is to be added, is added just so.
      const line = /^ *(import \{ AcmeCrmModule \} from '.*';)$/m.exec(output)![1]!;
      expect(output).toContain('in src/app.plugins.ts add AcmeCrmModule to BUILT_INS');
      await edit(
        'src/app.plugins.ts',
        [/(?=^import .*\/crm-http\.module\.js)/m, `${line}\n`],
        [/(?<=BUILT_INS: .* = \[)/, 'AcmeCrmModule, '],
      );

      const written = ['acme-crm', 'x', LONGEST].flatMap((kind) => [
        `src/providers/${kind}`,
        `docs/providers/${kind}.md`,
      ]);
      expect(await complaints(...written)).toEqual([]);

      const unfilled = await contractOf('acme-crm');
      expect(unfilled.code).not.toBe(0);
      expect(unfilled.output).toMatch(/^Tests: +(\d+) failed, \1 total$/m);
      expect(unfilled.output).toContain('The contract test is not filled in yet');
    },
    SLOW_MS,
  );

  it(
    'writes a contract test that a provider passes once both are filled in, and not before',
    async () => {
      expect((await newProvider('filled')).code).toBe(0);
      await edit(
        'src/providers/filled/filled.contract.ts',
        [
          /^/,
          "import { once } from 'node:events';\nimport { createServer } from 'node:http';\nimport type { AddressInfo } from 'node:net';\n",
        ],
        [/ {2}throw new Error\(.*\);/, BACKEND],
      );
      const half = await contractOf('filled');
      expect(half.code).not.toBe(0);
      expect(half.output).toContain('is not written yet: fill in what is marked TODO in filled.provider.ts');

      await edit(
        'src/providers/filled/filled.provider.ts',
        [/^/, "import { Agent, request } from 'undici';\n"],
        [/_signal(?=: AbortSignal\): Promise<ProviderStatus>)/, 'signal'],
        [/ {4}throw new VipLookupError\([^)]*\);/, CHECK],
        [/_number(?=: string, _signal)/, 'number'],
        [/_signal/, 'signal'],
        [/ {4}throw new VipLookupError\('is not written yet[^)]*\);/, FIND],
        [/(?= {2}async lookup)/, CLOSE],
      );
      const filled = await contractOf('filled');
      expect(filled.output).toMatch(/^Tests: +(\d{2}) passed, \1 total$/m);
      expect(filled.code).toBe(0);
    },
    SLOW_MS,
  );

  it('overwrites nothing', async () => {
    await mkdir(join(project, 'docs/providers'), { recursive: true });
    await writeFile(join(project, 'docs/providers/documented.md'), 'mine');
    for (const [kind, path] of [
      ['crm-http', 'src/providers/crm-http'],
      ['documented', 'docs/providers/documented.md'],
    ] as const) {
      const { code, output } = await newProvider(kind);
      expect(code).toBe(1);
      expect(output).toContain(
        `${path} is there already, and stays as it is; choose another name, or remove it.`,
      );
    }
    expect(await readFile(join(project, 'docs/providers/documented.md'), 'utf8')).toBe('mine');
    expect(await readdir(join(project, 'src/providers'))).not.toContain('documented');
  });

  it('refuses what is no kind, with the rule and an example', async () => {
    const before = await readdir(join(project, 'src/providers'));
    for (const args of [
      [],
      ['two', 'names'],
      ['Acme'],
      ['../acme'],
      ['a--b'],
      ['1a'],
      ['a'.repeat(41)],
      ['vip-lookup'],
    ]) {
      const { code, output } = await newProvider(...args);
      expect(code).toBe(1);
      expect(output).toContain('for example npm run new:provider -- acme-crm');
    }
    expect((await newProvider('Acme')).output).toContain(
      '"Acme" is no kind: at most 40 lower-case letters and digits, with single hyphens between words, the first a letter.',
    );
    expect(await readdir(join(project, 'src/providers'))).toEqual(before);
  });
});

const BACKEND = `  const server = createServer(({ url }, response) => {
    const found = url === '/' ? {} : url === \`/\${encodeURIComponent(AINO.number)}\` ? AINO : undefined;
    response.writeHead(found ? 200 : 404).end(JSON.stringify(found));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const stop = async () => {
    server.close();
    server.closeAllConnections();
  };
  return { port: (server.address() as AddressInfo).port, stop };`;

const CLOSE = `  readonly #agent = new Agent();

  close(): Promise<void> {
    return this.#agent.destroy();
  }

`;

const CHECK = `    const answer = await request(this.context.options.url, { signal, dispatcher: this.#agent });
    await answer.body.dump();
    if (answer.statusCode !== 200) throw new VipLookupError(\`HTTP \${answer.statusCode}\`);
    return { status: 'up' };`;

const FIND = `    const path = encodeURIComponent(Buffer.from(number).toString());
    const answer = await request(\`\${this.context.options.url}/\${path}\`, { signal, dispatcher: this.#agent });
    if (answer.statusCode === 200) return (await answer.body.json()) as Record<string, unknown>;
    await answer.body.dump();
    if (answer.statusCode === 404) return null;
    throw new VipLookupError(\`HTTP \${answer.statusCode}\`);`;
