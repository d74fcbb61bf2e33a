import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { checkConfig } from '../../app/app.config.js';
import { parseConfig } from '../../config/read-config-file.js';
import type { ProviderConfig } from '../../lookup/providers.config.js';
import { presetNames } from './crm-http.preset-files.js';
import { completeOptions } from './crm-http.preset.js';
import { CrmHttpProvider } from './crm-http.provider.js';
import type { CrmHttpOptions } from './crm-http.options.js';
import { vipLookupKindOf } from '../../plugin-api/vip-lookup.decorator.js';

const kinds = new Map([['crm-http', vipLookupKindOf(CrmHttpProvider)!]]);
const ACME = 'preset: ./test/fixtures/presets/acme.yaml';
const HOST = 'parameters: { host: "https://wing7.acme.example" }';
const LOGIN = 'auth: { username: key }';

/** @param yaml the provider's keys, one per line from line 6 on */
function check(yaml: readonly string[], variables: Record<string, string> = {}): ProviderConfig {
  const text = [
    'credentials: [{ id: core, apiKey: k }]',
    'targets: { T: { providers: [crm], routes: [{ instructions: { Priority: 1 } }] } }',
    'providers:',
    '  crm:',
    '    kind: crm-http',
    ...yaml.map((line) => `    ${line}`),
  ].join('\n');
  const source = parseConfig(text, 'test.yaml', variables);
  return checkConfig(source, kinds, { databaseUrl: 'sqlite::memory:' }).providers.get('crm')!;
}

function problemsOf(yaml: readonly string[], variables: Record<string, string> = {}): string[] {
  try {
    check(yaml, variables);
    return [];
  } catch (error) {
    expect((error as Error).name).toBe('ConfigError');
    return (error as Error).message.split('\n- ').slice(1);
  }
}

describe('a preset', () => {
  it('gives a provider its options, in three lines', () => {
    const { options, timeoutMs, maxConcurrent, cache } = check([ACME, HOST, LOGIN]);
    expect(options).toMatchObject({
      url: 'https://wing7.acme.example/v1/contacts?tier=vip_tier&{% for n in numbers %}phone={{ n }}{% unless forloop.last %}&{% endunless %}{% endfor %}',
      headers: { 'X-Api-Version': '7' },
      auth: { type: 'basic', username: 'key', password: 'X' },
      spellings: ['e164', 'national'],
      record: 'contacts.{ "number": [phone, mobile], "tier": vip_tier, "name": name }',
      tierOrder: ['gold', 'silver'],
    } satisfies Partial<Record<keyof CrmHttpOptions, unknown>>);
    expect({ timeoutMs, maxConcurrent, ttlMs: cache?.ttlMs, staleIfErrorMs: cache?.staleIfErrorMs }).toEqual({
      timeoutMs: 1200,
      maxConcurrent: 4,
      ttlMs: 600_000,
      staleIfErrorMs: 86_400_000,
    });
  });

  it("lies under the user's own keys: maps are merged, lists and texts replaced", () => {
    const { options, timeoutMs, cache } = check([
      ACME,
      'parameters: { host: "https://wing7.acme.example", tierField: level }',
      LOGIN,
      'headers: { X-Workspace: main }',
      'spellings: [digits]',
      'timeout: 300ms',
      'cache: { ttl: 1h }',
    ]);
    expect(options).toMatchObject({
      record: 'contacts.{ "number": [phone, mobile], "tier": level, "name": name }',
      headers: { 'X-Api-Version': '7', 'X-Workspace': 'main' },
      spellings: ['digits'],
    });
    expect({ timeoutMs, ttlMs: cache?.ttlMs, staleIfErrorMs: cache?.staleIfErrorMs }).toEqual({
      timeoutMs: 300,
      ttlMs: 3_600_000,
      staleIfErrorMs: 86_400_000,
    });
  });

  it('keeps nothing of its auth when the user has another type', () => {
    const { options } = check([ACME, HOST, 'auth: { type: bearer, token: abc }']);
    expect((options as CrmHttpOptions).auth).toEqual({ type: 'bearer', token: 'abc' });
  });

  it('merges at any depth, and merges nothing into what is not a map', () => {
    const { options } = completeOptions(
      { preset: 'x.yaml', a: { b: { mine: 1 } }, list: ['mine'], scalar: { mine: 1 }, map: 'mine' },
      { resolvePath: () => resolve('test/fixtures/presets/deep.yaml') },
    );
    expect(options).toEqual({
      preset: 'x.yaml',
      a: { b: { theirs: 1, mine: 1 }, c: 2 },
      list: ['mine'],
      scalar: { mine: 1 },
      map: 'mine',
    });
  });
});

describe('a problem with a preset is told with its line, the rule and the cure:', () => {
  const MUST = String.raw`It must match https?://[A-Za-z0-9.-]+(:[0-9]+)?.`;
  const ABOUT = 'address of your workspace, for example https://wing7.acme.example';
  const TIER_RULE = 'It must match [a-z][a-z0-9_]*. Default: vip_tier.';

  it('two things about one key, in one sentence', () => {
    const own = ['url: https://crm.example/?p={{ number }}', 'record: contacts', 'sync: { every: 5s }'];
    expect(problemsOf(own)).toEqual([
      'line 8, providers.crm.sync.every: "5s" needs full and records beside it: the request that lists the VIPs, and what makes records of its answer. A preset may bring them; here none does; is too short. Write 10s or more.',
    ]);
  });

  it('a text or a list in the place of a map, with the keys to write', () => {
    const own = [
      'url: https://crm.example/',
      'record: contacts',
      'auth: bearer',
      'notFound: [404]',
      'sync: []',
    ];
    expect(problemsOf(own)).toEqual([
      expect.stringMatching(/^line 8, providers\.crm\.auth: is not a map of keys\. Keys: type, username, /),
      'line 9, providers.crm.notFound: is a list, not a map of keys. Keys: status.',
      expect.stringMatching(/^line 10, providers\.crm\.sync: is a list, not a map of keys\. Keys: every, /),
    ]);
  });

  it('an unknown name', () => {
    expect(problemsOf(['preset: hubspott', 'timeout: fast'])).toEqual([
      `line 6, providers.crm.preset: "hubspott" is not a preset. Did you mean "hubspot"? Known: ${presetNames().join(', ')}. A preset of your own is named by its file: ./our-crm.yaml.`,
      'line 7, providers.crm.timeout: "fast" is not a duration. Write a number with ms, s, m, h or d, at most 24d, for example 1200ms. Default: 1000ms.',
    ]);
  });

  it.each([
    ['preset: ./no-such.yaml', '"./no-such.yaml" does not exist. Paths start at the configuration file.'],
    ['preset: ./test', '"./test" is a folder; name a file. Paths start at the configuration file.'],
    [
      'preset: /dev/zero',
      '"/dev/zero" is a device, and only ordinary files are read; put its content into one. Paths start at the configuration file.',
    ],
    ['preset:', 'is empty; it must be the name of a preset, or the path of a preset file, in quotes.'],
    ['preset: 5', '"5" must be the name of a preset, or the path of a preset file, in quotes.'],
    [
      'preset: [hubspot]',
      'is a list; it must be the name of a preset, or the path of a preset file, in quotes.',
    ],
  ])('%s', (line, problem) => {
    expect(problemsOf([line])).toEqual([`line 6, providers.crm.preset: ${problem}`]);
  });

  it('parameters: one missing, one unknown, and what else is wrong', () => {
    expect(
      problemsOf([ACME, 'parameters:', '  tierFeild: level', LOGIN, 'spellings: [e614]', 'urll: x']),
    ).toEqual([
      `line 6, providers.crm.parameters.host: is missing. Write the ${ABOUT}. ${MUST}`,
      'line 8, providers.crm.parameters.tierFeild: The preset for Acme CRM has no parameter of this name. Did you mean "tierField"? Known: host, tierField.',
      expect.stringMatching(/^line 10, providers\.crm\.spellings\[0\]: "e614" is not a spelling\. /),
      expect.stringMatching(/^line 11, providers\.crm\.urll: is not a known key\. Did you mean "url"\? /),
    ]);
  });

  it.each([
    [
      'tierField: VIP',
      `"VIP" is not what the preset for Acme CRM needs there, the field of a contact that holds the tier. ${TIER_RULE}`,
    ],
    [
      'tierField: "x; y"',
      `"x; y" is not what the preset for Acme CRM needs there, the field of a contact that holds the tier. ${TIER_RULE}`,
    ],
    [
      'tierField: "${FIELD}"',
      `"\${FIELD}" is not what the preset for Acme CRM needs there, the field of a contact that holds the tier. ${TIER_RULE}`,
    ],
    [
      'tierField: [a]',
      `is a list; it must be text, the field of a contact that holds the tier. ${TIER_RULE}`,
    ],
    ['tierField: true', `"true" must be text, the field of a contact that holds the tier. ${TIER_RULE}`],
    [
      `tierField: ${'a'.repeat(501)}`,
      expect.stringContaining('is not what the preset for Acme CRM needs there'),
    ],
  ])('the parameter %s', (parameter, message) => {
    const problems = problemsOf(
      [ACME, 'parameters:', '  host: "https://a.example"', `  ${parameter}`, LOGIN],
      {
        FIELD: 's3cret!',
      },
    );
    const prefix = 'line 9, providers.crm.parameters.tierField: ';
    expect(problems).toEqual([typeof message === 'string' ? `${prefix}${message}` : message]);
    expect(problems.join()).not.toContain('s3cret');
  });

  it('parameters without a preset', () => {
    expect(problemsOf(['parameters: { a: b }', 'url: https://crm.example/', 'record: contacts'])).toEqual([
      'line 6, providers.crm.parameters: belongs to a preset. Write preset: and its name, or take it out.',
    ]);
  });

  it('what the user has to add, at the line of the preset', () => {
    expect(problemsOf([ACME, HOST])).toEqual([
      'line 6, providers.crm.auth.username: is missing. Auth type basic needs username and password.',
    ]);
    expect(problemsOf([ACME, HOST, 'auth: { password: Y }'])).toEqual([
      'line 8, providers.crm.auth.username: is missing. Auth type basic needs username and password.',
    ]);
  });
});

describe('a preset file of one’s own', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'presets-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function problemsWith(preset: string): Promise<string[]> {
    const file = join(folder, 'own.yaml');
    await writeFile(file, preset);
    return problemsOf([`preset: ${file}`]).map((problem) => problem.replaceAll(file, 'own.yaml'));
  }

  const GOOD = 'title: Own\noptions: { url: https://crm.example/, record: contacts';

  it('is well without parameters', async () => {
    expect(await problemsWith(`${GOOD} }`)).toEqual([]);
  });

  it('reports options that are wrong at the line of preset, and says that they are of the preset', async () => {
    const options =
      'method: PUT, urll: x, auth: { type: bearr }, spellings: [e614], timeout: fast, errorPath: null';
    expect(await problemsWith(`${GOOD}, ${options} }`)).toEqual(
      [
        ['timeout', /is not a duration\. Write .* Default: 1000ms\./],
        ['urll', /is not a known key\. Did you mean "url"\? Known: .*/],
        ['errorPath', /is empty\. Write a value, or remove the key\./],
        ['method', /is not a method for a lookup\. Write GET or POST\. Default: GET\./],
        ['auth.type', /is not a kind of auth\. .*/],
        ['spellings[0]', /is not a spelling\. .*/],
      ].map(([key, message]) =>
        expect.stringMatching(
          new RegExp(
            `^line 6, providers\\.crm\\.${String(key).replace(/[.[\]]/g, '\\$&')}: ${(message as RegExp).source} It comes from preset own\\.yaml\\.$`,
          ),
        ),
      ),
    );
  });

  it.each([
    ['', 'it is not a map of keys: write title:, parameters: and options:.'],
    ['title: Own\n  options: []', 'line 1: There is a second ": " in the line. Put the text in quotes.'],
    [
      'title: &t Own\noptions: { url: *t }',
      'line 2: An alias (*name) is not allowed here. Write the value out.',
    ],
    ['title: a\ntitle: b', 'line 2: A key is written twice in one map. Keep one.'],
    ['['.repeat(20_000), 'The file is nested more than 100 levels deep. Check its brackets and indentation.'],
    [
      '{}',
      'title is missing or not text; write the name of the CRM; options is missing or not a map; write options of crm-http.',
    ],
    [
      `${GOOD} }\nparametres: {}`,
      'parametres is not a key of a preset file. Did you mean "parameters"? Known: title, docs, parameters, options.',
    ],
    [
      `${GOOD}, kind: x, preset: y, parameters: {} }`,
      'options.kind is written in the configuration, not in a preset; options.preset is written in the configuration, not in a preset; options.parameters is written in the configuration, not in a preset.',
    ],
    [`${GOOD}, body: { __proto__: { a: 1 } } }`, 'options.body.__proto__ cannot be used as a key.'],
    [
      `${GOOD}, errorPath: "<<a>> << b >>" }`,
      'options.errorPath names <<a>>, which is not among the parameters; options.errorPath names << b >>, which is not among the parameters.',
    ],
    [
      `${GOOD}, headers: { X-A: [1, <<a>>] } }\nparameters: [a]`,
      'parameters is not a map; write names, and about: and pattern: below each; options.headers.X-A[1] names <<a>>, which is not among the parameters.',
    ],
    [
      `${GOOD}, errorPath: <<a>> }\nparameters: { a: { about: x, pattern: 'a+', default: b }, b: { about: x, pattern: a, default: [1] }, 2b: {}, c: x, d: { about: '', pattern: '(', standard: 1 } }`,
      'parameters.a.default does not match the pattern; parameters.b.default is not text; parameters.2b is not a name; use letters, digits and _, a letter first, at most 40; parameters.c is not a map; write about:, pattern: and perhaps default:; parameters.d.standard is not a key of a preset file. Known: about, default, pattern; parameters.d.about is missing or not text; say what to write there; parameters.d.pattern is not a regular expression in RE2 syntax; parameters.b is used nowhere; write <<b>> in options; parameters.d is used nowhere; write <<d>> in options.',
    ],
  ])('is refused as %j', async (preset, problem) => {
    expect(await problemsWith(preset)).toEqual([
      `line 6, providers.crm.preset: "own.yaml" is not usable as a preset: ${problem}`,
    ]);
  });

  it('is refused when it is too large to be one', async () => {
    expect(await problemsWith(`title: ${'x'.repeat(300_000)}`)).toEqual([
      'line 6, providers.crm.preset: "own.yaml" is larger than 256 KiB. Paths start at the configuration file.',
    ]);
  });
});
