import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IS_LONG } from '../support/length.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/**
 * What is written for some kinds, and for one what is filled in as well. Linter, compiler and dependency rules read it as
 * they read all tests, and the contract test that is filled in is run with the others.
 */
const FIXTURE = join(ROOT, 'test/fixtures/new-provider');
const LONGEST = 'a-kind-with-a-name-of-no-fewer-than-40-c';
/** What the script reads of the project. */
const PARTS = ['scripts', 'package.json', '.prettierrc.json'];

let project: string;

interface Run {
  readonly code: number | null;
  readonly output: string;
}

async function newProvider(...args: string[]): Promise<Run> {
  const child = spawn(process.execPath, ['scripts/new-provider.mjs', ...args], {
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

const filesOf = (kind: string): string[] => [
  `src/providers/${kind}/${kind}.contract.ts`,
  `src/providers/${kind}/${kind}.module.ts`,
  `src/providers/${kind}/${kind}.options.ts`,
  `src/providers/${kind}/${kind}.provider.ts`,
  `docs/providers/${kind}.md`,
];

async function textsIn(folder: string, paths: readonly string[]): Promise<Record<string, string>> {
  const texts = await Promise.all(
    paths.map(async (path) => [path, await readFile(join(folder, path), 'utf8')] as const),
  );
  return Object.fromEntries(texts);
}

/** The text with each change made once; one that finds nothing to change is an error. */
function edited(text: string, ...changes: [from: string | RegExp, to: string][]): string {
  for (const [from, to] of changes) {
    const before = text;
    text = text.replace(from, () => to);
    if (text === before) throw new Error(`there is no ${String(from)} in:\n${text}`);
  }
  return text;
}

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'smartrouting-new-provider-'));
  for (const part of PARTS) await cp(join(ROOT, part), join(project, part), { recursive: true });
  await mkdir(join(project, 'src/providers/crm-http'), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(project, 'node_modules'));
});
afterAll(() => rm(project, { recursive: true, force: true }));

describe('npm run new:provider', () => {
  it.each(['acme-crm', LONGEST])('writes for %s what passes every check as it is', async (kind) => {
    expect((await newProvider(kind)).code).toBe(0);
    expect(await textsIn(project, filesOf(kind))).toEqual(await textsIn(FIXTURE, filesOf(kind)));
    expect((await readdir(join(project, 'src/providers', kind))).length).toBe(filesOf(kind).length - 1);
  });

  it('says how a kind is made known', async () => {
    const { code, output } = await newProvider('x');
    expect(code).toBe(0);
    expect(output).toContain('in src/app/plugins/load-plugins.ts add XModule to BUILT_INS');
    const [, name, path] = /^ *import \{ (\w+) \} from '(.*)\.js';$/m.exec(output)!;
    expect(await readFile(join(project, 'src/app/plugins', `${path}.ts`), 'utf8')).toContain(
      `export class ${name} {}`,
    );
  });

  it('writes a contract test that a provider passes once both are filled in, and not before', async () => {
    expect((await newProvider('filled')).code).toBe(0);
    const [contract, module, options, provider, docs] = filesOf('filled') as [
      string,
      string,
      string,
      string,
      string,
    ];
    const written = await textsIn(project, filesOf('filled'));
    expect(await textsIn(FIXTURE, filesOf('filled'))).toEqual({
      [module]: written[module],
      [options]: written[options],
      [docs]: written[docs],
      [contract]: edited(
        written[contract]!,
        [
          /^/,
          "import { once } from 'node:events';\nimport { createServer } from 'node:http';\nimport type { AddressInfo } from 'node:net';\n",
        ],
        [/ {2}throw new Error\('The contract test is not filled in yet: .*\);/, BACKEND],
      ),
      [provider]: edited(
        written[provider]!,
        [/^/, "import { Agent, request } from 'undici';\n"],
        [/_signal(?=: AbortSignal\): Promise<ProviderStatus>)/, 'signal'],
        [
          / {4}throw new VipLookupError\(\s*'is not written yet: fill in what is marked TODO in [^)]*\);/,
          CHECK,
        ],
        [/_number(?=: string, _signal)/, 'number'],
        [/_signal/, 'signal'],
        [/ {4}throw new VipLookupError\(\s*'is not written yet[^)]*\);/, FIND],
        [/(?= {2}async lookup)/, CLOSE],
      ),
    });
  });

  // Jest, started once more, takes as long as all of this file.
  if (IS_LONG)
    it('writes a contract test that fails until it is filled in', async () => {
      const jest = join(ROOT, 'node_modules/jest/bin/jest.js');
      const unfilled = filesOf('acme-crm')[0]!;
      const args = [
        '--experimental-vm-modules',
        jest,
        '--testMatch',
        '**/acme-crm.contract.ts',
        '--runTestsByPath',
      ];
      const child = spawn(process.execPath, [...args, join(FIXTURE, unfilled)], { cwd: ROOT });
      let output = '';
      child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
      expect(await once(child, 'close')).toEqual([1, null]);
      expect(output).toMatch(/^Tests: +(\d+) failed, \1 total$/m);
      expect(output).toContain('The contract test is not filled in yet');
    });

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

  it('refuses what is not a kind, with the rule and an example', async () => {
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
      '"Acme" is not a kind: use at most 40 lower-case letters and digits, with single hyphens between words, the first a letter.',
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
