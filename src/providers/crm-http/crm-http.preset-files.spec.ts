import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { problemsOf } from '../../../test/support/crm-configured.js';

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
        ['auth.type', /is not a kind of auth\. .*/],
        ['spellings[0]', /is not a spelling\. .*/],
        ['method', /is not a method for a lookup\. Write GET or POST\. Default: GET\./],
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
