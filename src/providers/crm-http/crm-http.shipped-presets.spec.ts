import { describe, expect, it } from '@jest/globals';
import { checkConfig } from '../../app/app.config.js';
import { parseConfig } from '../../config/read-config-file.js';
import { vipLookupKindOf } from '../../plugin-api/vip-lookup.decorator.js';
import { presetNames, readPresetFile } from './crm-http.preset.js';
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

  it.each([
    ['hubspot', { tierField: 'vip","x":"' }, 'tierField'],
    ['salesforce', { host: 'https://acme.my.salesforce.com', tierField: 'Id LIMIT 2000' }, 'tierField'],
    ['salesforce', { host: 'https://a.example/x?', tierField: 'Id' }, 'host'],
    ['dynamics', { host: 'https://a.example', tenant: '../x', tierField: 'new_viptier' }, 'tenant'],
    ['dynamics', { host: 'https://a.example', tenant: 'x', tierField: "a' or 'a" }, 'tierField'],
    ['zendesk', { host: 'http://acme.zendesk.com' }, 'host'],
    ['pipedrive', { tierPrefix: '"; $' }, 'tierPrefix'],
    ['freshdesk', { host: 'https://acme.freshdesk.com', tierField: 'x.y' }, 'tierField'],
    ['zoho', { accounts: 'https://accounts.zoho.eu/x' }, 'accounts'],
    ['odoo', { host: 'https://acme.odoo.com', tierField: 'x","!=",1],["id' }, 'tierField'],
    ['espocrm', { host: 'https://crm.example/../admin' }, 'host'],
    ['suitecrm', { host: 'https://crm.example', module: 'Contacts?x=' }, 'module'],
    ['superoffice', { host: 'https://evil.example', tierField: 'personUdef/SuperOffice:7' }, 'host'],
    ['twenty', { tierField: 'vipTier[eq]:1' }, 'tierField'],
    ['intercom', { host: 'http://api.intercom.io' }, 'host'],
  ])('%s refuses a parameter that is not harmless: %j', (name, parameters, key) => {
    const problems = problemsOf(
      `preset: ${name}, parameters: ${JSON.stringify(parameters)}, auth: { token: x }`,
    );
    expect(problems).toContainEqual(expect.stringContaining(`providers.crm.parameters.${key}: `));
  });
});
