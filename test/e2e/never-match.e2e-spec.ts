import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Libsql from 'libsql';
import { cli } from '../support/command-line.js';
import { eventually } from '../support/eventually.js';
import { startPagingCrm } from '../support/paging-crm.js';
import { KEY, RunningService } from '../support/service.js';

const LIST = `number,tier,targets,validUntil
+358501231201,gold,,
+358501231202,glod,,
+358501231203,gold,SALES_QEUE,
050 123 1204 ext. 5,gold,,
+358501231205,gold,,2020-01-31
+358501231201,silver,,
`;
const CONFIG = `
country: FI
logging: { level: silent }
credentials: [{ id: core, apiKey: ${KEY} }]
providers:
  list: { kind: static-file, file: ./vips.csv }
  own: { kind: database }
targets:
  SALES_QUEUE:
    providers: [list, own]
    routes: [{ tier: [gold, silver], instructions: { InitialTarget: VIP } }]
`;
const WITH_CATCH_ALL = CONFIG.replace('tier: [gold, silver], ', '');
const FOUND = [
  'tier "glod", which no route names; did you mean "gold"?: 1 entry (line 3)',
  'limited to target "SALES_QEUE", which is not configured; did you mean "SALES_QUEUE"?: 1 entry (line 4)',
  'compared as text, although it looks like a telephone number; write + and the country code, or set country: 1 entry (line 5)',
];
const NOTED = [
  'expired: 1 entry (line 6)',
  'with the number of another entry and another tier, for the same targets and time: 1 entry (line 7)',
];

describe('a list with entries that can never match', () => {
  let service: RunningService;
  beforeAll(async () => {
    service = await RunningService.start({ 'smartrouting.yaml': CONFIG, 'vips.csv': LIST });
  });
  afterAll(() => service?.stop());

  const health = async () => {
    const { details } = JSON.parse((await service.get('/health')).body) as {
      details: Record<string, { status: string; reason?: string; neverMatch?: string[] }>;
    };
    return details['list']!;
  };

  it('is degraded, and says which and why', async () => {
    await eventually(async () => expect((await health()).status).toBe('degraded'));
    const { reason, neverMatch, ...others } = await health();
    expect(neverMatch).toEqual([...FOUND, ...NOTED]);
    expect(reason).toBe(`it has entries that can never match: ${FOUND.join('; ')}`);
    expect(others).toMatchObject({ entries: 6, breaker: 'closed', since: expect.any(String) });
  });

  it('is judged again when the routes have changed', async () => {
    await writeFile(join(service.folder, 'smartrouting.yaml'), WITH_CATCH_ALL);
    await service.reload.reload();
    await eventually(async () => expect((await health()).neverMatch).toEqual([...FOUND.slice(1), ...NOTED]));
  });

  it('is counted again when it has changed; what has expired does not degrade it', async () => {
    await writeFile(
      join(service.folder, 'vips.csv'),
      'number,tier,validUntil\n+358501231205,gold,2020-01-31\n+358501231206,gold,\n',
    );
    await eventually(async () =>
      expect(await health()).toMatchObject({ status: 'up', neverMatch: ['expired: 1 entry (line 2)'] }),
    );
  });

  it('is not replaced by one in which everything has expired', async () => {
    await writeFile(
      join(service.folder, 'vips.csv'),
      'number,tier,validUntil\n+358501231205,gold,2020-01-31\n',
    );
    await eventually(async () =>
      expect(await health()).toMatchObject({
        status: 'degraded',
        entries: 2,
        reason: expect.stringContaining('has 0 entries where there were 1, fewer than'),
      }),
    );
  });

  it('still answers calls from it', async () => {
    await writeFile(join(service.folder, 'vips.csv'), LIST);
    await eventually(async () => {
      const { status } = await service.call({
        anum: '+358501231201',
        bnum: '+358942415000',
        targetid: 'SALES_QUEUE',
      });
      expect(status).toBe(200);
    });
  });
});

describe('on the command line', () => {
  let folder: string;
  let env: Record<string, string>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'smartrouting-lists-'));
    env = {
      SMARTROUTING_CONFIG: join(folder, 'smartrouting.yaml'),
      DATABASE_URL: `sqlite:${join(folder, 'own.sqlite')}`,
    };
    await writeFile(join(folder, 'smartrouting.yaml'), CONFIG);
    await writeFile(join(folder, 'vips.csv'), LIST);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const at = (name: string): string => join(folder, name);

  it('import tells what it has imported in vain', async () => {
    const { code, stdout } = await cli(['import', at('vips.csv')], env);
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n').slice(-5)).toEqual([
      ...FOUND.map((fault) => `Warning: can never match: ${fault}`),
      ...NOTED.map((note) => `Note: ${note}`),
    ]);
  });

  it('import says when nobody reads the table, or routes cannot be compared', async () => {
    await writeFile(at('other.yaml'), CONFIG.replace('  own: { kind: database }\n', '').replace(', own', ''));
    const other = { ...env, SMARTROUTING_CONFIG: at('other.yaml') };
    expect((await cli(['import', at('vips.csv')], other)).stdout).toContain(
      'Warning: no provider of the configuration reads the managed table.',
    );
    const none = { ...env, SMARTROUTING_CONFIG: at('none.yaml') };
    const { code, stdout } = await cli(['import', at('vips.csv'), '--country', 'FI'], none);
    expect(code).toBe(0);
    expect(stdout).toContain('Note: tiers and targets were not compared with the routes');
  });

  it('config check --lists reads lists and tables, and exits with 1 when there is something to mend', async () => {
    const { code, stdout } = await cli(['config', 'check', '--lists'], env);
    expect(code).toBe(1);
    expect(stdout.split('\n').slice(1)).toEqual([
      'list: 6 entries, some can never match.',
      ...FOUND.map((fault) => `Warning: list: ${fault}`),
      ...NOTED.map((note) => `Note: list: ${note}`),
      'own: 6 entries, some can never match.',
      ...FOUND.map(
        (fault) => `Warning: own: ${fault.replace(/line (\d)/, (_, line) => `row ${Number(line) - 1}`)}`,
      ),
      'Note: own: expired: 1 entry (row 5)',
      'Note: own: with the number of another entry and another tier, for the same targets and time: 1 entry (row 6)',
      '',
    ]);
    expect((await cli(['config', 'check'], env)).code).toBe(0);
  });

  it('config check --lists exits with 0 when the entries can match, and 1 when a list cannot be read', async () => {
    await writeFile(at('good.csv'), 'number,tier\n+358501231201,gold\n');
    await writeFile(at('good.yaml'), CONFIG.replace('vips.csv', 'good.csv').replace(', own', ''));
    expect(
      await cli(['config', 'check', at('good.yaml'), '--lists'], { DATABASE_URL: 'sqlite::memory:' }),
    ).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('list: 1 entry, no mistake found.\nown: 0 entries'),
    });
    await appendFile(at('good.csv'), '+358501231202,\n');
    const { code, stdout } = await cli(['config', 'check', at('good.yaml'), '--lists'], {
      DATABASE_URL: 'sqlite::memory:',
    });
    expect(code).toBe(1);
    expect(stdout).toContain(
      'list: 1 entry, and others that cannot be used.\nWarning: list: ./good.csv is used without some entries (1 problem):\n- line 3, tier: is missing',
    );
    await writeFile(at('gone.yaml'), CONFIG.replace('vips.csv', 'gone.csv'));
    const gone = await cli(['config', 'check', at('gone.yaml'), '--lists'], env);
    expect(gone).toMatchObject({ code: 1, stdout: expect.stringMatching(/Warning: list: .*gone\.csv/) });
    expect(gone.stdout.match(/Warning: list: /g)).toHaveLength(1);
  });

  it('config check --lists reads copies and lists, asks no CRM for that, and stores nothing', async () => {
    const crm = await startPagingCrm({ id: 1, phones: ['+358501231201'], tier: 'glod' });
    try {
      const copied = {
        SMARTROUTING_CONFIG: at('copied.yaml'),
        DATABASE_URL: `sqlite:${at('copied.sqlite')}`,
      };
      const providers = {
        list: { kind: 'static-file', file: './vips.csv' },
        crm: { kind: 'crm-http', ...crm.options() },
      };
      const targets = {
        default: { providers: ['list', 'crm'], routes: [{ tier: 'gold', instructions: { Priority: 1 } }] },
      };
      const credentials = [{ id: 'core', apiKey: KEY }];
      await writeFile(at('copied.yaml'), JSON.stringify({ country: 'FI', credentials, providers, targets }));
      expect((await cli(['config', 'check', '--lists'], copied)).stdout).toContain(
        '\ncrm: has no entries yet.\n',
      );
      expect(crm.requests).toEqual([]);
      expect(existsSync(at('copied.sqlite'))).toBe(false);
      await cli(['sync', 'crm'], copied);
      const asked = crm.requests.length;
      const database = new Libsql(at('copied.sqlite'));
      const stored = () => database.prepare('SELECT provider, name, version FROM provider_state').all();
      const before = stored();
      const { code, stdout } = await cli(['config', 'check', '--lists'], copied);
      expect(code).toBe(1);
      expect(stdout).toContain(
        '\ncrm: 1 entry, some can never match.\nWarning: crm: tier "glod", which no route names',
      );
      expect(crm.requests).toHaveLength(asked);
      expect(stored()).toEqual(before);
      database.close();
    } finally {
      await crm.stop();
    }
  });

  it('lookup says of each provider why what it found does not count', async () => {
    const noted = async (number: string) => {
      const { stdout } = await cli(['lookup', number, '--target', 'SALES_QUEUE', '--json'], env);
      return (JSON.parse(stdout) as { reports: { outcome: string; note?: string }[] }).reports.map(
        ({ outcome, note }) => [outcome, note],
      );
    };
    expect(await noted('+358501231203')).toEqual([
      ['not-applicable', 'tier gold: limited to targets SALES_QEUE'],
      ['not-applicable', 'tier gold: limited to targets SALES_QEUE'],
    ]);
    expect(await noted('+358501231205')).toEqual([
      ['not-applicable', 'tier gold: expired on 2020-01-31'],
      ['not-applicable', 'tier gold: expired on 2020-01-31'],
    ]);
    expect(await noted('+358509999999')).toEqual([
      ['none', 'none of its 6 entries has this number, or a range with it'],
      ['none', 'no row has this number, or a range with it'],
    ]);
    expect((await cli(['lookup', '+358501231202', '--target', 'SALES_QUEUE'], env)).stdout).toMatch(
      /route +none: tier "glod": no route of 1 names it \(they name gold, silver\)/,
    );
  });
});
