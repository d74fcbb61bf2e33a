import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cli } from '../support/command-line.js';
import { eventually } from '../support/eventually.js';
import { KEY, RunningService } from '../support/service.js';

const listOf = (entries: number) =>
  [
    'number,tier',
    ...Array.from({ length: entries }, (_, index) => `+35850${1_000_000 + index},gold`),
    '',
  ].join('\n');
const CONFIG = `
credentials: [{ id: core, apiKey: ${KEY} }]
providers:
  list: { kind: static-file, file: ./vips.csv }
targets:
  default: { providers: [list], routes: [{ instructions: { ExtraPriority: 5 } }] }
logging: { level: silent }
`;
const REASON = './vips.csv has 5 entries where there were 20, fewer than 70 % (minShare)';

describe('a list of which most is gone', () => {
  let service: RunningService;
  beforeEach(async () => {
    service = await RunningService.start({ 'smartrouting.yaml': CONFIG, 'vips.csv': listOf(20) });
  });
  afterEach(() => service.stop());

  const inFolder = (name: string) => join(service.folder, name);
  const env = () => ({
    SMARTROUTING_CONFIG: inFolder('smartrouting.yaml'),
    DATABASE_URL: `sqlite:${inFolder('service.sqlite')}`,
  });
  const reason = async () => {
    const { details } = JSON.parse((await service.get('/health')).body) as {
      details: { list: { reason?: string } };
    };
    return details.list.reason;
  };
  const entries = async () =>
    /^smartrouting_provider_entries\{provider="list"\} (\d+)$/m.exec(
      (await service.get('/metrics')).body,
    )?.[1];

  it('is not used before the command confirms it, and told in health until then', async () => {
    expect(await entries()).toBe('20');
    await writeFile(inFolder('vips.csv'), listOf(5));
    await eventually(async () => expect(await reason()).toContain(REASON));
    expect(await entries()).toBe('20');
    const refused = await cli(['sync', 'list'], env());
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`list was not synced: ${REASON}`),
    });
    expect(await cli(['sync', 'list', '--confirm'], env())).toEqual({
      code: 0,
      stderr: '',
      stdout: [
        'list: the file has 5 entries (20 before). This version of the file is confirmed. Running instances with this configuration use it within seconds.',
        'If a changed configuration was refused because of the file, save the configuration again or send SIGHUP.',
        '',
      ].join('\n'),
    });
    await eventually(async () => expect(await entries()).toBe('5'));
    expect(await reason()).toBeUndefined();
    expect((await cli(['sync', 'list'], env())).stdout).toBe(
      'list: the file has 5 entries (5 before). It needs no confirmation. Running instances with this configuration use it within seconds.\n',
    );
    expect((await cli(['sync', 'list', '--confirm'], env())).stdout).toContain(
      'list: the file has 5 entries (5 before). This version of the file is confirmed, although it need not be.',
    );
  });

  it('does not come into use by a changed configuration', async () => {
    await writeFile(inFolder('vips.csv'), listOf(5));
    await eventually(async () => expect(await reason()).toContain(REASON));
    await writeFile(
      inFolder('smartrouting.yaml'),
      CONFIG.replace('file: ./vips.csv', 'file: ./vips.csv, timeout: 2s'),
    );
    await service.reload.reload();
    expect(JSON.parse((await service.get('/health')).body)).toMatchObject({
      details: { configuration: { status: 'degraded' } },
    });
    expect(await entries()).toBe('20');
    expect((await cli(['sync', 'list', '--confirm'], env())).stdout).toContain('or send SIGHUP');
    await service.reload.reload();
    expect(await entries()).toBe('5');
  });
});

describe('import --replace', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'smartrouting-cli-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('leaves a table as it is that would lose most of its entries, until that is confirmed', async () => {
    const database = `sqlite:${join(folder, 'own.sqlite')}`;
    const file = join(folder, 'vips.csv');
    const run = (...args: string[]) =>
      cli(['import', file, '--country', 'FI', '--database', database, ...args], {});
    await writeFile(file, listOf(20));
    expect((await run('--replace', '--dry-run')).stdout).toContain('Would import 20 entries');
    expect(existsSync(join(folder, 'own.sqlite'))).toBe(false);
    expect((await run('--replace')).code).toBe(0);
    await writeFile(file, listOf(5));
    const refused = {
      code: 1,
      stdout: expect.not.stringContaining('Would import'),
      stderr: `Nothing was imported: ${file} has 5 entries where there were 20, fewer than 70 %. If that is right, add --confirm.\n`,
    };
    expect(await run('--replace')).toMatchObject(refused);
    expect(await run('--replace', '--dry-run')).toMatchObject(refused);
    for (const flags of [[], ['--replace', '--confirm']]) {
      expect((await run('--dry-run', ...flags)).stdout).toContain('Would import 5 entries');
    }
    expect((await run()).stdout).toContain('0 added, 5 replaced, 0 removed');
    const backup = join(folder, 'backup.csv');
    await cli(['export', '--database', database, '-o', backup], {});
    expect((await readFile(backup, 'utf8')).trim().split('\r\n')).toHaveLength(21);
    expect((await run('--replace', '--confirm')).stdout).toContain('0 added, 5 replaced, 15 removed');
  });

  it('counts each number once, in the file and in the table', async () => {
    const database = `sqlite:${join(folder, 'own.sqlite')}`;
    const file = join(folder, 'vips.csv');
    const run = (...args: string[]) =>
      cli(['import', file, '--replace', '--database', database, ...args], {});
    const filledDown = (names: boolean) =>
      Array.from({ length: 20 }, (_, index) => `+358501000000,gold,${names ? `N${index}` : ''}`);
    await writeFile(file, listOf(20));
    expect((await run()).code).toBe(0);
    await writeFile(file, ['number,tier,name', ...filledDown(true), ''].join('\n'));
    const refused = `Nothing was imported: ${file} has 1 entry where there were 20, fewer than 70 %; not counted are 19 with the number of another entry. If that is right, add --confirm.\n`;
    expect(await run('--dry-run')).toMatchObject({ code: 1, stderr: refused });
    expect(await run()).toMatchObject({ code: 1, stderr: refused });
    expect((await run('--confirm')).stdout).toContain(
      'with the number of another entry and the same tier, but another name or other details, for the same targets and time: 19 entries',
    );
    await writeFile(file, listOf(1));
    expect((await run()).stdout).toContain('removed');
  });
});
