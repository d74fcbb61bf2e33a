import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCrmServer } from '../support/crm-server.js';
import type { CrmServer } from '../support/crm-server.js';
import { cli } from '../support/process.js';

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

  async function run(
    command: readonly string[],
    crmKeys: string,
  ): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const file = join(folder, 'smartrouting.yaml');
    await writeFile(
      file,
      `country: FI
credentials: [{ id: core, apiKey: the-key-of-core }]
providers:
  crm:
    kind: crm-http
    preset: ./acme.yaml
    ${crmKeys}
targets: { Q: { providers: [crm], routes: [{ tier: gold, instructions: { Priority: 1 } }] } }
`,
    );
    return cli(command, {
      SMARTROUTING_CONFIG: file,
      DATABASE_URL: `sqlite:${join(folder, 'own.sqlite')}`,
      CRM_KEY: 'key',
    });
  }

  const lines = (host: string) => `parameters: { host: "${host}" }\n    auth: { username: "\${CRM_KEY}" }`;

  it('is all that it takes to ask a CRM once, in every spelling, and to take its best contact', async () => {
    const { code, stdout, stderr } = await run(['lookup', '0501231234', '--target', 'Q'], lines(crm.url));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('"Priority": 1');
    expect(stdout).toMatch(/crm +found +[\d.]+ ms +2 records for this caller, the best that applies counts/);
    expect(stdout).toMatch(/record +\+358501231234, tier gold, Aino Aalto, from crm/);
    expect(crm.requests.map(({ url, headers }) => [url, headers['x-api-version']])).toEqual([
      ['/v1/contacts?tier=vip_tier&phone=%2B358501231234&phone=0501231234', '7'],
    ]);
    const json = await run(['lookup', '0501231234', '--target', 'Q', '--json'], lines(crm.url));
    expect(JSON.parse(json.stdout)).toMatchObject({
      reason: 'matched',
      reports: [{ provider: 'crm', outcome: 'found', source: 'live', records: 2 }],
    });
  });

  it('is checked with the configuration: what is missing and wrong is told at once, with line and key', async () => {
    expect((await run(['config', 'check'], lines('https://wing7.acme.example'))).code).toBe(0);
    const { code, stderr } = await run(
      ['config', 'check'],
      `parameters: { host: "wing7 acme", tierFeild: level }\n    auth: { usernam: key }\n    tierOrder: gold`,
    );
    expect(code).toBe(78);
    expect(
      stderr
        .split('\n- ')
        .slice(1)
        .map((problem) => problem.slice(0, 80)),
    ).toEqual([
      expect.stringContaining('line 7, providers.crm.parameters.host: "wing7 acme" is not what'),
      expect.stringContaining('line 7, providers.crm.parameters.tierFeild: The preset for Acme'),
      expect.stringContaining('line 8, providers.crm.auth.usernam: is not a known key. Did you'),
      expect.stringContaining('line 9, providers.crm.tierOrder: "gold" must be a list of tiers'),
    ]);
  });
});
