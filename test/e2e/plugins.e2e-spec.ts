import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cli, Program } from '../support/process.js';
import { ask, KEY } from '../support/ask.js';

const ACME = fileURLToPath(new URL('../fixtures/plugins/acme-lookup.mjs', import.meta.url));
/** Name under `node_modules` -> where it is, from the project's folder; what the page has its readers install. */
const INSTALLED = {
  'smartrouting-vip': '.',
  'class-validator': 'node_modules/class-validator',
  '@types/node': 'node_modules/@types/node',
};
const folders: string[] = [];
let folder: string;
let program: Program | undefined;

/** Line 1 is the first line of the text; the plug-ins stand from line 4 on. */
const config = (plugins: readonly string[], providers: string): string => `country: FI
credentials: [{ id: core, apiKey: ${KEY} }]
plugins:
${plugins.map((plugin) => `  - ${plugin}`).join('\n')}
providers:
${providers}
targets:
  FIRST: { providers: [first], routes: [{ tier: gold, instructions: { Tts: "{{ name }}" } }] }
  SECOND: { providers: [second], routes: [{ tier: silver, instructions: { Tts: "{{ name }}" } }] }
server: { port: 0 }
`;
const TWO =
  '  first: { kind: acme, tier: gold }\n  second: { kind: acme, tier: silver, limits: { years: 7 } }';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smartrouting-plugins-'));
  folders.push(folder);
  await mkdir(join(folder, 'node_modules/acme-lookup'), { recursive: true });
  await copyFile(ACME, join(folder, 'node_modules/acme-lookup/index.mjs'));
  await manifest({});
});
afterEach(async () => {
  program?.signal('SIGKILL');
  await program?.finished;
  program = undefined;
});
afterAll(() => Promise.all(folders.map((made) => rm(made, { recursive: true, force: true }))));

const environment = () => ({
  SMARTROUTING_CONFIG: join(folder, 'smartrouting.yaml'),
  DATABASE_URL: `sqlite:${join(folder, 'own.sqlite')}`,
});

/** What `config check` says of the file, without its first line. */
async function problems(plugins: readonly string[], providers = TWO): Promise<string[]> {
  await writeFile(join(folder, 'smartrouting.yaml'), config(plugins, providers));
  const { code, stderr } = await cli(['config', 'check'], environment());
  expect({ code, stderr }).toEqual({
    code: 78,
    stderr: expect.stringContaining(join(folder, 'smartrouting.yaml')),
  });
  return stderr.trim().split('\n').slice(1);
}

/** The package.json of the outside package. */
async function manifest(changes: object): Promise<void> {
  const usual = {
    name: 'acme-lookup',
    version: '1.3.0',
    exports: './index.mjs',
    peerDependencies: { 'smartrouting-vip': '^0.1.0' },
  };
  const file = join(folder, 'node_modules/acme-lookup/package.json');
  await writeFile(file, JSON.stringify({ ...usual, ...changes }));
}

/** A program of Node's, in the folder; what it said. */
function run(script: string, args: readonly string[]): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [script, ...args], { cwd: folder }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, said: stdout + stderr }),
    );
  });
}

describe('an outside package', () => {
  it('has one instance per name, what Nest injects, its own health and its own labels in the metrics', async () => {
    await writeFile(join(folder, 'smartrouting.yaml'), config(['acme-lookup'], TWO));
    program = new Program('dist/main.js', [], environment());
    const url = new URL((await program.until(/"url":"(http:[^"]+)"/))[1]!).origin;
    const call = (targetid: string, anum: string) =>
      ask(`${url}/smartrouting`, {
        method: 'POST',
        headers: { 'X-Benemen-APIKey': KEY, 'Content-Type': 'application/json' },
        body: { anum, bnum: '+358942415000', targetid },
      });
    expect((await call('FIRST', '+358501231234')).json).toEqual({ Tts: 'first of first+second' });
    expect((await call('SECOND', '+358501231234')).json).toEqual({ Tts: 'second of first+second' });
    expect((await call('SECOND', '+358501231230')).status).toBe(204);

    const { details } = (await ask(`${url}/health`)).json as { details: Record<string, unknown> };
    for (const name of ['first', 'second']) {
      expect(details[name]).toEqual({
        status: 'degraded',
        reason: `no operator at ${name}`,
        entries: 7,
        since: expect.any(String),
        breaker: 'closed',
      });
    }
    const metrics = (await ask(`${url}/metrics`)).body;
    expect(metrics).toContain('smartrouting_provider_lookups_total{provider="first",outcome="found"} 1');
    expect(metrics).toContain('smartrouting_provider_lookups_total{provider="second",outcome="failed"} 1');
    expect(metrics).toContain('smartrouting_provider_breaker_state{provider="second"} 0');
  });

  it('has its options checked, in depth, with file and line', async () => {
    expect(
      await problems(
        ['acme-lookup'],
        '  first: { kind: acme, tier: bronze }\n  second:\n    kind: acme\n    tier: silver\n    limits:\n      years: 700\n    shoes: 2',
      ),
    ).toEqual([
      expect.stringMatching(/^- line 6, providers\.first\.tier: "bronze" .*gold, silver/),
      expect.stringMatching(/^- line 11, providers\.second\.limits\.years: "?700"? .*100/),
      expect.stringMatching(/^- line 12, providers\.second\.shoes: is not a known key\. .*tier, limits/),
    ]);
  });

  it('is refused when it is written for another version, or does not say for which, or says it wrongly', async () => {
    await manifest({ peerDependencies: { 'smartrouting-vip': '^2.0.0' } });
    expect(await problems(['acme-lookup'])).toEqual([
      '- line 4, plugins[0]: "acme-lookup" (version 1.3.0) is written for smartrouting-vip ^2.0.0, and this is 0.1.0. ' +
        'Install a version of acme-lookup for smartrouting-vip 0.1.0, or run a smartrouting-vip ^2.0.0.',
    ]);
    await manifest({ peerDependencies: {} });
    expect(await problems(['acme-lookup'])).toEqual([
      '- line 4, plugins[0]: "acme-lookup" does not say which versions of smartrouting-vip it is written for. Ask its author ' +
        'to add "peerDependencies": { "smartrouting-vip": "^0.1.0" } to its package.json, or add it yourself.',
    ]);
    await manifest({ peerDependencies: { 'smartrouting-vip': 'newest' } });
    expect((await problems(['acme-lookup'])).join()).toMatch(
      /a version of smartrouting-vip that is not a valid range\. Write/,
    );
  });

  it('is judged by its package also where its file is named', async () => {
    await manifest({ peerDependencies: { 'smartrouting-vip': '>=0.2.0' } });
    expect(await problems(['./node_modules/acme-lookup/index.mjs'])).toEqual([
      expect.stringMatching(
        /^- line 4, plugins\[0\]: "\.\/node_modules\/acme-lookup\/index\.mjs" \(version 1\.3\.0\) is written for smartrouting-vip >=0\.2\.0, and this is 0\.1\.0\. Try it/,
      ),
    ]);
  });
});

describe('plug-ins that cannot be loaded', () => {
  it('are all told at once, with line, reason and what to do', async () => {
    const files = {
      'typed.ts': 'export const tier: string = "gold";',
      'old-names.mjs': "import { NoSuchThing } from 'smartrouting-vip/plugin-api';\nexport { NoSuchThing };",
      'careless.mjs': "throw new TypeError('no backend');",
      'empty.mjs': 'export const nothing = 1;',
      'no-options.mjs': `import { VipLookup } from 'smartrouting-vip/plugin-api';
        export class A {}
        VipLookup({ kind: 'a' })(A);`,
      'again.mjs': `import { VipLookup } from 'smartrouting-vip/plugin-api';
        export class A {}
        VipLookup({ kind: 'acme', options: class {} })(A);`,
      'built-in.mjs': `import { VipLookup } from 'smartrouting-vip/plugin-api';
        export class A {}
        VipLookup({ kind: 'database', options: class {} })(A);`,
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const told = await problems([
      'acme-lookup',
      './missing.mjs',
      'not-installed',
      ...Object.keys(files).map((name) => `./${name}`),
    ]);
    const expected = [
      /line 5, plugins\[1\]: "\.\/missing\.mjs" cannot be imported \(ERR_MODULE_NOT_FOUND\): .*Name a compiled/,
      /line 6, plugins\[2\]: "not-installed" cannot be imported \(ERR_MODULE_NOT_FOUND\): .*npm install/,
      // Newer versions of Node read TypeScript.
      /line 7, plugins\[3\]: "\.\/typed\.ts" (cannot be imported .* Compile it|exports no class)/,
      /line 8, plugins\[4\]: "\.\/old-names\.mjs" cannot be imported \(SyntaxError\): .*'NoSuchThing'.*build it again/,
      /line 9, plugins\[5\]: "\.\/careless\.mjs" cannot be imported \(TypeError\): no backend\. Fix what fails/,
      /line 10, plugins\[6\]: "\.\/empty\.mjs" exports no class marked with @VipLookup.* Export the marked class/,
      /line 11, plugins\[7\]: "\.\/no-options\.mjs" marks the kind "a" without an options class\. Give/,
      /line 12, plugins\[8\]: "\.\/again\.mjs" uses the kind "acme", which "acme-lookup" has\. Remove one/,
      /line 13, plugins\[9\]: "\.\/built-in\.mjs" uses the kind "database", which the service itself has\. Remove/,
    ];
    expect(told.length).toBe(expected.length);
    told.forEach((line, index) => expect(line).toMatch(expected[index]!));
  });

  it('also when one throws what is not an error, or exports what cannot be looked at', async () => {
    const proxyThat = (thrown: string) =>
      `const refuse = () => { throw ${thrown}; };
       export default new Proxy(class {}, { get: refuse, getPrototypeOf: refuse });`;
    const files = {
      'null.mjs': 'throw null;',
      'nothing.mjs': 'throw undefined;',
      'text.mjs': `throw "spilt \\n tea" + ".".repeat(1000);`,
      'symbol.mjs': 'throw Symbol("tea");',
      'object.mjs': 'throw Object.create(null);',
      'odd.mjs': 'throw { code: {}, name: 7, message: "spilt tea\\nand more" };',
      'proxy.mjs': 'throw new Proxy({}, { get() { throw null; } });',
      'common.cjs': 'throw null;',
      'exports-proxy.mjs': proxyThat('new RangeError("no tea")'),
      'exports-proxy-null.mjs': proxyThat('null'),
      'exports-proxy-common.cjs': `module.exports = new Proxy(function () {}, { get() { throw 'x'; } });`,
      'metadata.mjs': `import 'reflect-metadata';
        export class A {}
        Reflect.defineMetadata('providers', 7, A);`,
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const mend = 'Fix what fails while it is loaded; loading must not depend on a backend.';
    const look = 'Fix what fails while its exports are read; export the marked class itself.';
    const told = await problems(Object.keys(files).map((name) => `./${name}`));
    const expected = [
      `"./null.mjs" cannot be imported: it throws null, which is not an error. ${mend}`,
      `"./nothing.mjs" cannot be imported: it throws undefined, which is not an error. ${mend}`,
      `"./text.mjs" cannot be imported: it throws "spilt \\n tea${'.'.repeat(187)}…, which is not an error. ${mend}`,
      `"./symbol.mjs" cannot be imported: it throws Symbol(tea), which is not an error. ${mend}`,
      `"./object.mjs" cannot be imported: it throws an object without a message. ${mend}`,
      `"./odd.mjs" cannot be imported: spilt tea. ${mend}`,
      // Node looks at it too, and then it is the proxy's error that is caught.
      expect.stringMatching(
        /^"\.\/proxy\.mjs" cannot be imported: it throws (?:null, which is not an error|something that cannot be inspected)\. Fix/,
      ),
      `"./common.cjs" cannot be imported: it throws null, which is not an error. ${mend}`,
      `"./exports-proxy.mjs" cannot be used (RangeError): no tea. ${look}`,
      `"./exports-proxy-null.mjs" cannot be used: it throws null, which is not an error. ${look}`,
      expect.stringMatching(
        /^"\.\/exports-proxy-common\.cjs" cannot be (?:imported|used): it throws "x", which is not an error\. Fix/,
      ),
      expect.stringMatching(
        /^"\.\/metadata\.mjs" cannot be used \(TypeError\): .*\. Fix what fails while its exports/,
      ),
    ];
    expect(told.map((line) => line.replace(/^- line \d+, plugins\[\d+\]: /, ''))).toEqual(expected);
  });

  it('also when its Nest module throws what is not an error', async () => {
    const text = `import { Module } from '@nestjs/common';
      import { VipLookup } from 'smartrouting-vip/plugin-api';
      export class A { lookup() { return null; } }
      VipLookup({ kind: 'a', options: class {} })(A);
      export class Throwing { constructor() { throw null; } }
      Module({ providers: [A] })(Throwing);`;
    await writeFile(join(folder, 'module.mjs'), text);
    expect(await problems(['acme-lookup', './module.mjs'], `${TWO}\n  third: { kind: a }`)).toEqual([
      '- line 3, plugins: "acme-lookup" or "./module.mjs" cannot be used: it throws null, which is not an error. Fix what fails while Nest creates its modules.',
    ]);
  });

  it('also when Nest has nothing to inject', async () => {
    await writeFile(
      join(folder, 'lonely.mjs'),
      `import { Inject } from '@nestjs/common';
      import { VipLookup } from 'smartrouting-vip/plugin-api';
      class Friend {}
      export class Lonely { lookup() { return null; } async check() { return { status: 'up' }; } }
      VipLookup({ kind: 'lonely', options: class {} })(Lonely);
      Inject(Friend)(Lonely, undefined, 1);`,
    );
    expect(
      (await problems(['acme-lookup', './lonely.mjs'], `${TWO}\n  third: { kind: lonely }`)).join('\n'),
    ).toMatch(
      /^- line 3, plugins: A plug-in cannot be used: .*the Lonely .*Friend.* Export from the plug-in a Nest module/,
    );
  });
});

describe('the example of the documentation', () => {
  it('is small, compiles as told, and passes the contract', async () => {
    const page = await readFile(new URL('../../docs/plugins.md', import.meta.url), 'utf8');
    const blocks = [...page.matchAll(/```(\w+)\n(.*?)```/gs)].map(([, language, text]) => ({
      language,
      text: text!,
    }));
    const example = blocks.find(({ language }) => language === 'ts')!.text;
    expect(example.trimEnd().split('\n').length).toBeLessThanOrEqual(40);
    await writeFile(join(folder, 'acme.mts'), example);
    await writeFile(join(folder, 'acme.test.mjs'), blocks.find(({ language }) => language === 'js')!.text);
    const root = fileURLToPath(new URL('../..', import.meta.url));
    for (const [name, home] of Object.entries(INSTALLED)) {
      await mkdir(join(folder, 'node_modules', name, '..'), { recursive: true });
      await symlink(join(root, home), join(folder, 'node_modules', name));
    }
    const flags = /npx tsc (.*) acme\.mts/.exec(page)![1]!.split(' ');
    const compiled = await run(join(root, 'node_modules/typescript/bin/tsc'), [...flags, 'acme.mts']);
    expect(compiled).toEqual({ code: 0, said: '' });
    const { code, said } = await run('--test', ['--test-reporter=tap', 'acme.test.mjs']);
    expect({ code, passed: /^# pass (\d+)$/m.exec(said)?.[1] }).toEqual({ code: 0, passed: '23' });
  });
});
