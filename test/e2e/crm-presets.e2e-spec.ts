import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandHere } from '../support/command.js';
import { crmProvider, lookUp } from '../support/crm-provider.js';
import { startCrmServer } from '../support/crm-server.js';
import type { CrmServer } from '../support/crm-server.js';
import { describePresets } from '../support/crm-vendors/preset-suite.js';
import { VENDORS_A } from '../support/crm-vendors/presets-a.js';
import { VENDORS_B } from '../support/crm-vendors/presets-b.js';
import { VendorCloud } from '../support/crm-vendors/vendor-cloud.js';

describe('the service', () => describePresets([...VENDORS_A, ...VENDORS_B]));

describe('a preset file beside the configuration', () => {
  let crm: CrmServer;
  let folder: string;

  beforeAll(async () => {
    crm = await startCrmServer({ auth: { type: 'basic', username: 'key', password: 'X' } });
    crm.answer = () => ({
      body: {
        contacts: [
          { name: 'A stranger', phone: '+46 50 123 12 34', vip_tier: 'gold' },
          { name: 'Aalto Oy', phone: '09 123 4567', mobile: '050-1231234', vip_tier: 'silver' },
          { name: 'Aino Aalto', phone: null, mobile: '+358 50 123 1234', vip_tier: 'gold' },
        ],
      },
    });
    folder = await mkdtemp(join(tmpdir(), 'smartrouting-preset-'));
    await copyFile('test/fixtures/presets/acme.yaml', join(folder, 'acme.yaml'));
  });
  afterAll(async () => {
    await crm.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function run(command: readonly string[], crmKeys: string): Promise<string> {
    const file = join(folder, 'smartrouting.yaml');
    await writeFile(
      file,
      `country: FI
credentials: [{ id: core, apiKey: the-key-of-core }]
providers:
  crm:
    kind: crm-http
    preset: ./acme.yaml
    timeout: 4500ms
    ${crmKeys}
targets: { Q: { providers: [crm], deadline: 4500ms, routes: [{ tier: gold, instructions: { Priority: 1 } }] } }
`,
    );
    return commandHere(command, {
      SMARTROUTING_CONFIG: file,
      DATABASE_URL: `sqlite:${join(folder, 'own.sqlite')}`,
      CRM_KEY: 'key',
    });
  }

  const lines = (host: string) => `parameters: { host: "${host}" }\n    auth: { username: "\${CRM_KEY}" }`;

  it('is all that it takes to ask a CRM once, in every spelling, and to take its best contact', async () => {
    const stdout = await run(['lookup', '0501231234', '--target', 'Q'], lines(crm.url));
    expect(stdout).toContain('"Priority": 1');
    expect(stdout).toMatch(
      /crm +found +[\d.]+ ms +2 records for this caller, the best applicable one is used/,
    );
    expect(stdout).toMatch(/record +\+358501231234, tier gold, Aino Aalto, from crm/);
    expect(crm.requests.map(({ url, headers }) => [url, headers['x-api-version']])).toEqual([
      ['/v1/contacts?tier=vip_tier&phone=%2B358501231234&phone=0501231234', '7'],
    ]);
    const json = await run(['lookup', '0501231234', '--target', 'Q', '--json'], lines(crm.url));
    expect(JSON.parse(json)).toMatchObject({
      reason: 'matched',
      reports: [{ provider: 'crm', outcome: 'found', source: 'live', records: 2 }],
    });
  });

  it('is checked with the configuration: what is missing and wrong is told at once, with line and key', async () => {
    expect(await run(['config', 'check'], lines('https://wing7.acme.example'))).toContain(' is usable: ');
    const problems = run(
      ['config', 'check'],
      `parameters: { host: "wing7 acme", tierFeild: level }\n    auth: { usernam: key }\n    tierOrder: gold`,
    ).catch((error: Error) => error);
    const { name, message } = (await problems) as Error;
    expect(name).toBe('ConfigError');
    expect(
      message
        .split('\n- ')
        .slice(1)
        .map((problem) => problem.slice(0, 80)),
    ).toEqual([
      expect.stringContaining('line 8, providers.crm.parameters.host: "wing7 acme" is not what'),
      expect.stringContaining('line 8, providers.crm.parameters.tierFeild: The preset for Acme'),
      expect.stringContaining('line 9, providers.crm.auth.usernam: is not a known key. Did you'),
      expect.stringContaining('line 10, providers.crm.tierOrder: "gold" must be a list of tiers'),
    ]);
  });

  it('begins with the one in the documentation', async () => {
    const page = readFileSync(new URL('../../docs/crm/README.md', import.meta.url), 'utf8');
    await writeFile(join(folder, 'acme-crm.yaml'), /```yaml\n(# acme-crm\.yaml\n.*?)```/s.exec(page)![1]!);
    const contacts = [
      { name: 'Bo Berg', phone: '+46501231201', mobile: null, vip_tier: 'Silver' },
      { name: 'Aino Aalto', phone: null, mobile: '050 123 1201', vip_tier: 'Gold' },
    ];
    const cloud = await VendorCloud.start(() => ({ body: { contacts } }));
    const provider = crmProvider({
      preset: join(folder, 'acme-crm.yaml'),
      parameters: { host: cloud.url },
      auth: { token: 'x' },
    });
    expect(await lookUp(provider, '+358501231201')).toMatchObject([{ tier: 'gold', name: 'Aino Aalto' }]);
    const { path, query } = cloud.exchanges[0]!.request;
    expect([path, query.getAll('phone')]).toEqual(['/api/contacts', ['+358501231201', '0501231201']]);
    await provider.close();
    await cloud.stop();
  });
});
