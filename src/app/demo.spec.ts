import { beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { parse as parseCsv } from 'csv-parse/sync';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { readPasswordHash, verifyPassword } from '../common/secret-hash.js';
import type { PasswordHash } from '../common/secret-hash.js';
import { numberKeys, readNumber } from '../plugin-api/phone-number.js';
import { readVipRecord, recordApplies } from '../plugin-api/vip-record.js';
import type { VipRecord } from '../plugin-api/vip-record.js';
import { CrmHttpOptions } from '../providers/crm-http/crm-http.options.js';
import { DatabaseOptions } from '../providers/database/database.options.js';
import { StaticFileOptions } from '../providers/static-file/static-file.options.js';
import type { AppConfig } from './app.config.js';
import type { CredentialConfig } from '../auth/credentials.config.js';
import { checkConfig } from './app.config.js';
import { readEnvironment } from './environment.js';
import { configJsonSchema } from './json-schema.js';
import { parseConfig, readConfigFile } from '../config/read-config-file.js';

const kinds = new Map<string, { options: new () => object }>([
  ['static-file', { options: StaticFileOptions }],
  ['database', { options: DatabaseOptions }],
  ['crm-http', { options: CrmHttpOptions }],
]);
const FILE = 'config/smartrouting.yaml';
const YAML = readFileSync(FILE, 'utf8');

describe('the shipped demo', () => {
  let config: AppConfig;
  beforeAll(async () => {
    const environment = readEnvironment({});
    config = checkConfig(await readConfigFile(environment), kinds, environment);
  });

  it('is usable as it is, on this machine only', () => {
    expect(config.server).toMatchObject({ host: '127.0.0.1', port: 3000, path: '/smartrouting' });
    expect(config.country).toBe('FI');
    expect([...config.targets.keys()]).toEqual(['SALES_QUEUE', 'SUPPORT_QUEUE', 'default']);
    expect([...config.providers.keys()]).toEqual(['vip-list', 'customers']);
    expect(config.warnings).toEqual([
      expect.stringMatching(/credentials\[0\]\.apiKey: This is the demo's secret/),
      expect.stringMatching(/credentials\[1\]\.password: This is the demo's secret/),
    ]);
  });

  it('takes the key and password that its documentation names', async () => {
    const [key, basic] = config.credentials as [unknown, CredentialConfig];
    expect(key).toEqual({ id: 'core', apiKey: 'demo-key-change-me', targets: undefined });
    expect(basic).toMatchObject({ id: 'core-basic', username: 'core' });
    const hash = readPasswordHash(basic.password!) as PasswordHash;
    expect(await verifyPassword('demo-password', hash)).toBe(true);
  });

  it('can be put into use by the environment alone', () => {
    const own = { SMARTROUTING_API_KEY: 'own-key-of-16-or-more', SMARTROUTING_PASSWORD: 'own-password' };
    const environment = readEnvironment({ HOST: '0.0.0.0', ...own });
    expect(checkConfig(parseConfig(YAML, FILE, own), kinds, environment).warnings).toEqual([]);
    expect(() => checkConfig(parseConfig(YAML, FILE, {}), kinds, environment)).toThrow('2 problems');
  });

  it('fits the published schema, which its first line names', () => {
    const validate = new Ajv({ strict: false, allErrors: true }).compile(configJsonSchema(kinds));
    expect({ valid: validate(parse(YAML)), errors: validate.errors }).toEqual({ valid: true, errors: null });
    expect(YAML.split('\n', 1)).toEqual(['# yaml-language-server: $schema=./smartrouting.schema.json']);
  });

  it('still fits when the example of a CRM is taken into use', () => {
    const withCrm = YAML.replace(/# crm:[\s\S]*?\n\n/, (example) =>
      example.replaceAll(/^( *)# ?/gm, '$1'),
    ).replace('[vip-list, customers]', '[vip-list, customers, crm]');
    const source = parseConfig(withCrm, FILE, { CRM_TOKEN: 'token' });
    const { providers } = checkConfig(source, kinds, { databaseUrl: 'sqlite::memory:' });
    expect(providers.get('crm')).toMatchObject({ kind: 'crm-http', timeoutMs: 1200 });
  });
});

describe('the sample list of VIPs', () => {
  const rows = parseCsv<Record<string, string>>(readFileSync('config/vips.csv'), { columns: true });
  const FIELDS = ['number', 'tier', 'name', 'targets', 'validFrom', 'validUntil', 'instructions'];
  const records: VipRecord[] = rows.map((row) =>
    readVipRecord(Object.fromEntries(FIELDS.map((field) => [field, row[field]])), { country: 'FI' }),
  );
  const NOW = Date.parse('2026-01-01T12:00:00Z');
  const find = (number: string, targetid = 'SALES_QUEUE') => {
    const keys = numberKeys(readNumber(number, 'FI').key);
    return records.find((record) => keys.includes(record.number) && recordApplies(record, targetid, NOW));
  };

  it('knows the caller of the first example as a gold VIP', () => {
    for (const number of ['+358 50 123 1234', '00358501231234', '050-123 1234', 'tel:+358501231234'])
      expect(find(number)).toMatchObject({ number: '+358501231234', tier: 'gold', name: 'Aino Virtanen' });
  });

  it('has each number once, in E.164 or as a range, whatever its spelling', () => {
    const numbers = records.map(({ number }) => number);
    expect(new Set(numbers).size).toBe(rows.length);
    expect(numbers.filter((number) => !/^\+[1-9]\d{6,14}\*?$/.test(number))).toEqual([
      'sip:chair@board.example.com',
    ]);
  });

  it('shows ranges, limits, validity, attributes and own instructions', () => {
    expect(find('+3589123777')?.name).toBe('Helsinki office');
    expect(find('+33 1 99 00 56 78')).toBeUndefined();
    expect(find('+33 1 99 00 56 78', 'SUPPORT_QUEUE')).toMatchObject({ tier: 'silver' });
    expect(find('050 123 9999')).toBeUndefined();
    expect(find('(212) 555-0123')).toBeUndefined();
    expect(find('+1 212 555 0123')?.instructions).toEqual({ ExtraPriority: 100 });
    expect(Object.keys(rows[0]!).filter((column) => !FIELDS.includes(column))).toEqual([
      'company',
      'language',
    ]);
  });
});
