import { describe, expect, it } from '@jest/globals';
import { checkConfig } from '../../config/check-config.js';
import { parseConfig } from '../../config/read-config-file.js';
import { vipLookupKindOf } from '../../lookup/port/vip-lookup.decorator.js';
import { presetNames, readPresetFile } from './crm-http.preset-files.js';
import { fitsPattern, readPreset } from './crm-http.preset-schema.js';
import { CrmHttpProvider } from './crm-http.provider.js';

const kinds = new Map([['crm-http', vipLookupKindOf(CrmHttpProvider)!]]);

describe('the presets that come with the product', () => {
  const SAMPLES = [
    'https://crm.example',
    'http://127.0.0.1:1',
    'https://crm.example/Cust12345',
    'acme',
    'new_viptier',
    '1',
    '00000000-0000-0000-0000-000000000000',
  ];

  function problemsOf(keys: string): string[] {
    const text = `providers: { crm: { kind: crm-http, ${keys} } }
credentials: [{ id: core, apiKey: k }]
targets: { T: { providers: [crm], routes: [{ instructions: { Priority: 1 } }] } }`;
    try {
      checkConfig(parseConfig(text, 'test.yaml', {}), kinds, { databaseUrl: 'sqlite::memory:' });
      return [];
    } catch (error) {
      return (error as Error).message.split('\n- ').slice(1);
    }
  }

  /** Its required parameters, each with a value that fits. */
  function parametersOf(name: string): Record<string, string> {
    const file = readPresetFile(name, (path) => path);
    const read = 'text' in file ? readPreset(file.text) : file;
    if (!('preset' in read)) throw new Error(JSON.stringify(read));
    const required = [...read.preset.parameters].filter(([, parameter]) => parameter.default === undefined);
    return Object.fromEntries(
      required.map(([key, parameter]) => [key, SAMPLES.find((sample) => fitsPattern(sample, parameter))!]),
    );
  }

  it.each(presetNames())('%s wants parameters and credentials, and nothing else is wrong', (name) => {
    const parameters = `parameters: ${JSON.stringify(parametersOf(name))}`;
    const others = problemsOf(`preset: ${name}, ${parameters}`).filter(
      (problem) => !/^line 1, providers\.crm\.auth(\.\w+)?: is missing/.test(problem),
    );
    expect(others).toEqual([]);
  });
});
