import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority } from '../../test/support/certificates.js';
import { loadConfig } from './load-config.js';
import { rightsWarnings } from './rights.js';
import { readEnvironment } from './environment.js';

const CONFIG = `
server: { tls: { cert: CERT, key: KEY } }
credentials: [{ id: core, apiKey: "\${file:./api-key}" }]
providers:
  list: { kind: static-file, file: ./vips.csv }
  own: { kind: database }
  second: { kind: database, connection: "sqlite:second.sqlite" }
  customers: { kind: database, connection: "sqlite:customers.sqlite", table: t, columns: { number: n, tier: t } }
  crm: { kind: crm-http, preset: ./crm.yaml }
targets: { default: { providers: [list, own, second, customers, crm], routes: [{ instructions: { ExtraPriority: 1 } }] } }
`;
const PRESET = `
title: Ours
options: { url: "http://127.0.0.1:9/{{ number }}", record: '{ "number": number, "tier": tier }' }
`;

let folder: string;
const at = (name: string): string => join(folder, name);
const load = () =>
  loadConfig(
    readEnvironment({
      SMARTROUTING_CONFIG: at('smartrouting.yaml'),
      DATABASE_URL: `sqlite:${at('own.sqlite')}`,
    }),
  );

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smartrouting-rights-'));
  const { cert, key } = await (await Authority.make(folder, 'authority')).sign('server');
  await writeFile(at('smartrouting.yaml'), CONFIG.replace('CERT', cert).replace('KEY', key));
  await writeFile(at('api-key'), 'long-enough-to-be-a-key');
  await writeFile(at('vips.csv'), 'number,tier\n');
  await writeFile(at('crm.yaml'), PRESET);
  for (const name of ['own', 'second', 'customers']) await writeFile(at(`${name}.sqlite`), '');
});
beforeEach(async () => {
  for (const name of ['smartrouting.yaml', 'api-key', 'vips.csv', 'crm.yaml']) await chmod(at(name), 0o644);
  for (const name of ['own', 'second', 'customers']) await chmod(at(`${name}.sqlite`), 0o600);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('files that others may change or read', () => {
  it('give no warning where there are none', async () => {
    expect((await load()).rights).toEqual([]);
  });

  it.each(['smartrouting.yaml', 'api-key', 'vips.csv', 'crm.yaml'])(
    'are told: %s may be written by everybody',
    async (name) => {
      await chmod(at(name), 0o666);
      expect((await load()).rights).toEqual([
        `${at(name)} may be written by every user of this machine (mode 0666); chmod o-w ${at(name)}.`,
      ]);
    },
  );

  it('are told of plug-ins and certificates too', async () => {
    const { config, plugins } = await load();
    const plugin = { name: './plugin.mjs', home: at('plugin.mjs'), file: at('plugin.mjs'), kinds: [] };
    await writeFile(at('plugin.mjs'), '');
    await chmod(at('plugin.mjs'), 0o666);
    await chmod(config.server.tls!.key, 0o602);
    expect(rightsWarnings(config, { ...plugins, origins: [plugin] }, new Set())).toEqual([
      expect.stringContaining('plugin.mjs may be written by every user of this machine (mode 0666)'),
      expect.stringContaining('may be written by every user of this machine (mode 0602)'),
    ]);
    await chmod(config.server.tls!.key, 0o600);
  });

  it("are told of the service's own databases, not of a customer's", async () => {
    for (const name of ['own', 'second', 'customers']) await chmod(at(`${name}.sqlite`), 0o640);
    expect((await load()).rights).toEqual(
      ['own', 'second'].map(
        (name) =>
          `${at(`${name}.sqlite`)} may be read by other users of this machine (mode 0640); chmod 600 ${at(`${name}.sqlite`)}.`,
      ),
    );
  });
});
