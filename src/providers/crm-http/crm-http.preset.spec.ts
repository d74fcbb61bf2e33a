import { describe, expect, it } from '@jest/globals';
import { resolve } from 'node:path';
import { check, problemsOf } from '../../../test/support/crm-configured.js';
import { presetNames } from './crm-http.preset.js';
import { completeOptions } from './crm-http.preset.js';
import type { CrmHttpOptions } from './crm-http.options.js';

const ACME = 'preset: ./test/fixtures/presets/acme.yaml';
const HOST = 'parameters: { host: "https://wing7.acme.example" }';
const LOGIN = 'auth: { username: key }';

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
      'line 6, providers.crm.parameters: belongs to a preset. Write preset: and its name, or remove it.',
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
