import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Libsql from 'libsql';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { basic } from '../support/ask.js';
import { Authority } from '../support/certificates.js';
import type { CertificateFiles } from '../support/certificates.js';
import { cli } from '../support/command-line.js';
import type { Finished } from '../support/command-line.js';
import { cliProcess } from '../support/process.js';
import { KEY, RunningService } from '../support/service.js';

let folder: string;
let env: Record<string, string>;
const CONFIG = `
country: FI
credentials: [{ id: core, apiKey: ${KEY} }]
providers:
  own: { kind: database }
  list: { kind: static-file, file: ./vips.csv }
targets:
  SALES_QUEUE:
    providers: [own, list]
    routes:
      - { tier: gold, when: { DYN_PAR_Culture: fi-FI }, instructions: { InitialTarget: VIP_FI } }
      - { tier: [gold, silver], instructions: { InitialTarget: VIP } }
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smartrouting-cli-'));
  env = {
    SMARTROUTING_CONFIG: join(folder, 'smartrouting.yaml'),
    DATABASE_URL: `sqlite:${join(folder, 'own.sqlite')}`,
  };
  await writeFile(join(folder, 'smartrouting.yaml'), CONFIG);
  await writeFile(join(folder, 'vips.csv'), 'number,tier,name\n+358501231234,gold,Aino\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('config check', () => {
  it('says that a file is usable, and what is in it', async () => {
    const { code, stdout } = await cli(['config', 'check'], env);
    expect(code).toBe(0);
    expect(stdout).toContain('is usable: 1 credential, 2 providers (own, list), 1 target (SALES_QUEUE)');
  });

  it('names the first of many, and says how many more there are', async () => {
    const names = Array.from({ length: 1000 }, (_, i) => `QUEUE_${i}`);
    const target = '{ providers: [own, list], routes: [{ tier: gold, instructions: { ExtraPriority: 1 } }] }';
    const file = join(folder, 'many.yaml');
    const all = names.map((name) => `  ${name}: ${target}\n`).join('');
    await writeFile(file, CONFIG.replace(/targets:[^]*/, `targets:\n${all}`));
    const { code, stdout } = await cli(['config', 'check', file], env);
    expect(code).toBe(0);
    expect(stdout).toContain(`1000 targets (${names.slice(0, 10).join(', ')} and 990 more).`);
    expect(stdout).not.toContain('QUEUE_10');
  });

  it('warns of files that others may change', async () => {
    const list = join(folder, 'vips.csv');
    await chmod(list, 0o666);
    const { code, stdout } = await cli(['config', 'check'], env);
    await chmod(list, 0o644);
    expect(code).toBe(0);
    expect(stdout).toContain(`Warning: ${list} may be written by every user of this machine (mode 0666)`);
  });

  it.each([
    ['a pipe', './pipe.mjs', 'named pipe (FIFO)'],
    ['a device', '/dev/zero', 'device'],
  ])('refuses a plug-in that is %s', async (what, plugin, kind) => {
    if (plugin === './pipe.mjs') execFileSync('mkfifo', [join(folder, plugin)]);
    const file = join(folder, `${what.slice(2)}.yaml`);
    await writeFile(file, `${CONFIG}plugins: [${plugin}]\n`);
    const { code, stderr } = await cli(['config', 'check', file], env);
    expect(code).toBe(78);
    expect(stderr).toContain(
      `plugins[0]: "${plugin}" is a ${kind}, and only ordinary files are read; put its content into one.`,
    );
  });

  it('prints what the start would print, with exit code 78', async () => {
    const file = join(folder, 'bad.yaml');
    await writeFile(
      file,
      CONFIG.replace('tier: gold, when', 'teir: gold, when').replace(
        'InitialTarget: VIP }',
        'InitialTarget: "{{ name" }',
      ),
    );
    const { code, stderr } = await cliProcess(['config', 'check', file], env);
    expect(code).toBe(78);
    expect(stderr).toContain('(2 problems)');
    expect(stderr).toContain('Did you mean "tier"?');
    expect(stderr).toContain('is not a usable template');
  });

  it('the published schema is the one that the classes make', async () => {
    const { stdout } = await cli(['config', 'schema'], env);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(await readFile('config/smartrouting.schema.json', 'utf8')));
  });

  it('the shipped demo is usable', async () => {
    const { code, stderr } = await cli(['config', 'check'], { DATABASE_URL: env['DATABASE_URL']! });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('lookup', () => {
  it('prints the answer and why', async () => {
    const { code, stdout } = await cli(
      ['lookup', '050-123 1234', '--target', 'SALES_QUEUE', '--extradata', '{"DYN_PAR_Culture": "fi-FI"}'],
      env,
    );
    expect(code).toBe(0);
    expect(stdout).toContain('"InitialTarget": "VIP_FI"');
    expect(stdout).toMatch(/reason +matched/);
    expect(stdout).toMatch(/caller +\+358501231234 \(FI\), written 050-123 1234/);
    expect(stdout).toMatch(/own +none +[\d.]+ ms/);
    expect(stdout).toMatch(/list +found +[\d.]+ ms/);
    expect(stdout).toMatch(/record +\+358501231234, tier gold, Aino, from list/);
    expect(stdout).toMatch(/route +1 of 2: tier gold, DYN_PAR_Culture = fi-FI/);
  });

  it('explains a 204 as well, also as JSON', async () => {
    const { stdout } = await cli(['lookup', '+358509999999', '--target', 'SALES_QUEUE', '--json'], env);
    expect(JSON.parse(stdout)).toMatchObject({
      status: 204,
      reason: 'no-match',
      target: 'SALES_QUEUE',
      caller: '+358509999999',
    });
    expect((await cli(['lookup', '+358501231234', '--target', 'SALES'], env)).stdout).toContain(
      'none fits; configured: SALES_QUEUE',
    );
    expect((await cli(['lookup', '+358501231234'], env)).stdout).toMatch(
      /target +none given, and no default; configured: SALES_QUEUE\n/,
    );
  });
});

describe('hash-secret', () => {
  it('makes a text that the service accepts in place of the secret, and reads the secret from standard input', async () => {
    const password = (await cliProcess(['hash-secret'], {}, 'pass:wörd\n')).stdout.trim();
    const apiKey = (await cliProcess(['hash-secret', '--api-key'], {}, 'the-key')).stdout.trim();
    expect(password).toMatch(/^\$scrypt\$ln=17,r=8,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(apiKey).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect((await cliProcess(['hash-secret'], {}, '')).code).toBe(1);
    expect(await cliProcess(['hash-secret', '--api-key'], {}, ' the-key\n\n')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('No header can carry this key'),
    });
    const service = await RunningService.start({
      'vips.csv': 'number,tier\n+358501231234,gold\n',
      'smartrouting.yaml': `
credentials: [{ id: a, username: u, password: "${password}" }, { id: b, apiKey: "${apiKey}" }]
providers: { list: { kind: static-file, file: ./vips.csv } }
targets: { default: { providers: [list], routes: [{ instructions: { ExtraPriority: 5 } }] } }
logging: { level: silent }
`,
    });
    try {
      const call = [
        'call',
        '--url',
        service.url + service.path,
        '--anum',
        '+358501231234',
        '--bnum',
        '+358942415000',
      ];
      // The first login derives a key, which takes a busy machine longer than `call` waits; then it is remembered.
      await service.call('{}', { Authorization: basic('u', 'pass:wörd') });
      const byPassword = await cliProcess(call, {
        SMARTROUTING_USER: 'u',
        SMARTROUTING_PASSWORD: 'pass:wörd',
      });
      expect(byPassword).toMatchObject({ code: 0, stderr: '' });
      expect(byPassword.stdout).toMatch(/^HTTP 200, matched, \d+ ms\n\{\n {2}"ExtraPriority": 5\n\}\n$/);
      expect((await cli([...call, '--api-key', 'the-key'])).stdout).toMatch(/^HTTP 200, matched/);
      const wrong = await cli([...call, '--api-key', 'wrong']);
      expect(wrong.code).toBe(1);
      expect(wrong.stdout).toContain('HTTP 401');
      expect((await cli(call)).stderr).toMatch(/^No credentials\. Set SMARTROUTING_API_KEY.*\)\.\n$/);
      const nobody = await cli([
        'call',
        '--url',
        service.url + service.path,
        '--anum',
        '',
        '--bnum',
        '1',
        '--api-key',
        'the-key',
      ]);
      expect(nobody.stdout).toMatch(/^HTTP 204, no-number, \d+ ms\nCore proceeds normally/);
    } finally {
      await service.stop();
    }
  });

  it('call says so when nobody answers', async () => {
    const { code, stderr } = await cli([
      'call',
      '--url',
      'http://127.0.0.1:9/x',
      '--anum',
      '1',
      '--bnum',
      '2',
      '--api-key',
      'k',
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain('Is the service running');
  });

  it('call marks what it cannot do without', async () => {
    const { stdout } = await cliProcess(['call', '--help']);
    expect([...stdout.matchAll(/(--\w+) <\w+> +required; /g)].map(([, option]) => option)).toEqual([
      '--url',
      '--anum',
      '--bnum',
    ]);
  });

  it('call names the cure for a certificate that it does not trust', async () => {
    const authority = await Authority.make(folder, 'authority');
    const call = async (files: CertificateFiles, own: Record<string, string> = {}): Promise<Finished> => {
      const server = createServer(
        { cert: await readFile(files.cert), key: await readFile(files.key) },
        (_, answer) => answer.writeHead(204).end(),
      );
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      try {
        return await cliProcess(['call', '--url', url, '--anum', '1', '--bnum', '2', '--api-key', 'k'], own);
      } finally {
        server.closeAllConnections();
        server.close();
      }
    };
    const trusting = { NODE_EXTRA_CA_CERTS: authority.files.cert };
    const selfSigned = { cert: 'test/support/crm-server.cert.pem', key: 'test/support/crm-server.key.pem' };
    const signed = await authority.sign('signed');
    for (const [files, code] of [
      [selfSigned, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
      [signed, 'SELF_SIGNED_CERT_IN_CHAIN'],
    ] as const) {
      const { stderr } = await call(files);
      expect(stderr).toContain(`its certificate is not trusted (${code}). Set NODE_EXTRA_CA_CERTS=`);
      expect(stderr).not.toContain('Is the service running');
    }
    expect(await call(signed, trusting)).toMatchObject({ code: 0, stderr: '' });
    const other = await authority.sign('other', { subjectAltName: 'DNS:other.example.com' });
    const { stderr } = await call(other, trusting);
    expect(stderr).toContain('its certificate does not match (ERR_TLS_CERT_ALTNAME_INVALID)');
  });
});

describe('import and export', () => {
  const LIST = [
    'number,tier,name,targets,validFrom,validUntil,company,instructions',
    '+358 40 765 4321,gold,"Virtanen, Aino",SALES_QUEUE;SUPPORT,2026-01-01,2030-12-31,"Virtanen ""Oy""","{""ExtraPriority"": 9}"',
    '09 123*,silver,,,,,,',
  ].join('\n');

  it('load a list that lookups then use, and give back the same list', async () => {
    const file = join(folder, 'import.csv');
    await writeFile(file, LIST);
    expect((await cliProcess(['import', file, '--country', 'FI'], env)).stdout).toContain(
      `into sqlite:${join(folder, 'own.sqlite')}`,
    );
    expect((await cli(['import', file, '--country', 'FI'], env)).stdout).toContain(
      '0 added, 2 replaced, 0 removed',
    );
    const found = JSON.parse(
      (await cliProcess(['lookup', '0407654321', '--target', 'SALES_QUEUE', '--json'], env)).stdout,
    ) as object;
    expect(found).toMatchObject({
      provider: 'own',
      record: { tier: 'gold', attributes: { company: 'Virtanen "Oy"' } },
    });
    const out = join(folder, 'not', 'there', 'yet', 'export.csv');
    expect((await cli(['export', '-o', out], env)).stdout).toContain('Exported 2 entries');
    const exported = await readFile(out, 'utf8');
    const again = { ...env, DATABASE_URL: `sqlite:${join(folder, 'again.sqlite')}` };
    expect((await cli(['import', out], again)).code).toBe(0);
    expect((await cliProcess(['export'], again)).stdout).toBe(exported);
    expect((await cli(['import', file, '--country', 'FI', '--replace'], again)).stdout).toContain(
      '2 replaced',
    );
  });

  it('mean whole days of the configured time zone, in imports and exports alike', async () => {
    const config = join(folder, 'helsinki.yaml');
    await writeFile(config, `timezone: Europe/Helsinki\n${CONFIG}`);
    const own = {
      ...env,
      SMARTROUTING_CONFIG: config,
      DATABASE_URL: `sqlite:${join(folder, 'helsinki.sqlite')}`,
    };
    const file = join(folder, 'days.csv');
    await writeFile(
      file,
      [
        'number,tier,name,validFrom,validUntil',
        "+358401112223,gold,'=1+1,2026-03-29,29.3.2026",
        "+358401112224,gold,'t Hooft,,2026-03-29T00:00:00Z",
        '+358401112225,gold,,,3/29/2026',
      ].join('\n'),
    );
    expect((await cli(['import', file], own)).stderr).toContain(
      'line 4, validUntil: does not say whether day or month comes first',
    );
    expect((await cli(['import', file, '--date-order', 'mdy'], own)).code).toBe(0);
    const exported = (await cliProcess(['export'], own)).stdout;
    expect(exported.split('\r\n')).toEqual([
      'number,tier,name,targets,validFrom,validUntil,attributes,instructions',
      "+358401112223,gold,'=1+1,,2026-03-29,2026-03-29,,",
      "+358401112224,gold,''t Hooft,,,2026-03-29T00:00:00.000Z,,",
      '+358401112225,gold,,,,2026-03-29,,',
      '',
    ]);
    await writeFile(file, exported);
    expect((await cli(['import', file, '--timezone', 'UTC'], own)).code).toBe(0);
    expect((await cli(['export'], own)).stdout).toContain(
      "+358401112223,gold,'=1+1,,2026-03-29T00:00:00.000Z,2026-03-30T00:00:00.000Z,,",
    );
    expect((await cli(['import', file, '--timezone', 'Helsinki'], own)).stderr).toContain(
      '--timezone "Helsinki" is not a time zone. Did you mean "Europe/Helsinki"?',
    );
  });

  it('leave the last good export where another one fails, and write to standard output what is meant for it', async () => {
    const database = join(folder, 'unreadable.sqlite');
    const own = { ...env, DATABASE_URL: `sqlite:${database}` };
    const file = join(folder, 'until.csv');
    const backup = join(folder, 'backup.csv');
    await writeFile(file, 'number,tier,validUntil\n+358401112223,gold,9999-12-31\n');
    await cli(['import', file], own);
    await cli(['export', '-o', backup], own);
    const good = await readFile(backup, 'utf8');
    expect((await cliProcess(['export', '-o', '/dev/stdout'], own)).stdout).toBe(good);
    expect((await cli(['import', backup, '--replace'], own)).code).toBe(0);
    const table = new Libsql(database);
    table.exec(`UPDATE vip_caller SET valid_until = 'soon'`);
    table.close();
    const { code, stderr } = await cli(['export', '-o', backup], own);
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('cannot be read: validUntil'),
    });
    expect(await readFile(backup, 'utf8')).toBe(good);
  });

  it('load nothing when anything is wrong, and name every bad line', async () => {
    const file = join(folder, 'broken.csv');
    await writeFile(file, 'number,tier,validUntil\n+358401112223,gold,\n,gold,\n+358401112224,,tomorrow\n');
    const before = (await cli(['export'], env)).stdout;
    const { code, stderr } = await cli(['import', file], env);
    expect(code).toBe(1);
    expect(stderr).toContain('Nothing was imported');
    expect(stderr).toMatch(/line 3.*number/);
    expect(stderr).toMatch(/line 4.*tier/);
    expect(stderr).toMatch(/line 4.*validUntil/);
    expect((await cli(['export'], env)).stdout).toBe(before);
  });

  it('say what is wrong with the database', async () => {
    const { code, stderr } = await cli(
      ['export', '--database', 'mysql://nobody:secret-pw@127.0.0.1:9/none'],
      env,
    );
    expect(code).toBe(1);
    expect(stderr).toContain('ECONNREFUSED');
    expect(stderr).not.toContain('secret-pw');
  });
});
