import { beforeEach, afterEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { copyFile } from 'node:fs/promises';
import type { DataSource } from 'typeorm';
import { closedPort } from '../../../test/support/database-provider.js';
import { withTemporaryFolder } from '../../../test/support/temporary-folder.js';
import { IS_LONG } from '../../../test/support/length.js';
import { withMariaDb } from '../../../test/support/with-mariadb.js';
import { readVipRecord } from '../../plugin-api/index.js';
import type { VipRecord } from '../../plugin-api/index.js';
import { isSqlite } from '../../database/select.js';
import type { Row } from '../../database/select.js';
import { closeDataSource } from '../../database/data-source.js';
import { exportRecords, importRecords, openDatabase, rehearseImport } from './vip-caller.repository.js';
import { markOf, OWN_TABLE, TableStatements } from './vip-table.js';

const MANY = IS_LONG ? 20_000 : 5_000;

const server = withMariaDb();
const folder = withTemporaryFolder();
let files = 0;

const gold = (number: string, more: Partial<VipRecord> = {}): VipRecord => ({
  number,
  tier: 'gold',
  ...more,
});

describe.each([
  ['SQLite', async () => `sqlite:${folder.path(`list-${++files}.sqlite`)}`],
  ['MariaDB', () => server.createDatabase()],
])('a list kept in %s', (kind, newUrl) => {
  let url: string;
  let dataSource: DataSource;
  beforeEach(async () => {
    url = await newUrl();
    dataSource = await openDatabase(url);
  });
  afterEach(() => closeDataSource(dataSource));

  async function exported(): Promise<VipRecord[]> {
    const records: VipRecord[] = [];
    for await (const record of exportRecords(dataSource)) records.push(record);
    return records;
  }

  it('comes out as it went in', async () => {
    const records = [
      readVipRecord({
        number: '+358501231234',
        tier: 'gold',
        name: 'Åsa "Ö" \u{1f451} \\ \'; DROP TABLE vip_caller; --',
        targets: ['SALES', 'B QUEUE', 'A'],
        validFrom: '2026-01-01',
        validUntil: '9999-12-31',
        attributes: { company: 'A\u0000B', seats: 3, big: 12345678901234.5, nested: { list: [null, true] } },
        instructions: { ExtraPriority: 50, InitialTarget: null },
      }),
      readVipRecord({ number: '+3589123*', tier: 'silver', validUntil: '2026-06-30T12:34:56.789+03:00' }),
      readVipRecord({ number: 'sip:Aino@example', tier: 'x'.repeat(64), name: 'ö'.repeat(200) }),
      readVipRecord({ number: `sip:${'x'.repeat(316)}`, tier: '1' }),
      readVipRecord({ number: '4711', tier: 'gold', attributes: { text: '€'.repeat(16_000) } }),
    ];
    expect(await importRecords(dataSource, records, 'merge')).toEqual({ added: 5, replaced: 0, removed: 0 });
    expect(await exported()).toEqual(records);
  });

  it('takes entries of the same number and targets as successors, and leaves the others', async () => {
    await importRecords(
      dataSource,
      [
        gold('+358501', { name: 'old' }),
        gold('+358501', { name: 'old, second' }),
        gold('+358501', { name: 'other targets', targets: ['B', 'A'] }),
        gold('+358502', { name: 'untouched' }),
      ],
      'merge',
    );
    const outcome = await importRecords(
      dataSource,
      [
        gold('+358501', { name: 'summer', validUntilMs: 1 }),
        gold('+358501', { name: 'winter', validFromMs: 1 }),
        gold('+358501', { name: 'new for A and B', targets: ['A', 'B', 'A'] }),
        gold('+358503', { name: 'new' }),
      ],
      'merge',
    );
    expect(outcome).toEqual({ added: 1, replaced: 3, removed: 0 });
    expect((await exported()).map(({ name }) => name)).toEqual([
      'untouched',
      'summer',
      'winter',
      'new for A and B',
      'new',
    ]);
  });

  it('can be replaced as a whole', async () => {
    await importRecords(dataSource, [gold('+358501'), gold('+358502'), gold('+358503')], 'merge');
    const records = [gold('+358502', { name: 'again' }), gold('+358504')];
    expect(await importRecords(dataSource, records, 'replace')).toEqual({
      added: 1,
      replaced: 1,
      removed: 2,
    });
    expect(await exported()).toEqual(records);
    expect(await importRecords(dataSource, [], 'replace')).toEqual({ added: 0, replaced: 0, removed: 2 });
    expect(await exported()).toEqual([]);
  });

  it('tells numbers apart that differ in case or accents only', async () => {
    const records = [gold('sip:a@example'), gold('sip:A@example'), gold('sip:ä@example')];
    await importRecords(dataSource, records, 'merge');
    expect(await importRecords(dataSource, [gold('sip:A@example', { name: 'new' })], 'merge')).toMatchObject({
      replaced: 1,
    });
    expect(await exported()).toEqual([records[0], records[2], gold('sip:A@example', { name: 'new' })]);
  });

  it('is counted by a rehearsal of an import, which changes nothing', async () => {
    const rehearse = async (at: string, number: string) => {
      const seen: number[] = [];
      await rehearseImport(at, [gold(number)], 'replace', { mayReplace: (before) => void seen.push(before) });
      return seen;
    };
    await importRecords(dataSource, [gold('+358501231234'), gold('4711')], 'merge');
    expect(await rehearse(url, '4711')).toEqual([2]);
    expect(await exported()).toHaveLength(2);
    const other = await newUrl();
    expect(await rehearse(other, '4711')).toEqual([0]);
    await expect(rehearse(url, '47\u000011')).rejects.toThrow('[0].number: contains a NUL');
  });

  it.each(['merge', 'replace'] as const)('stays as it was when a %s fails half-way', async (mode) => {
    await importRecords(dataSource, [gold('+358501'), gold('+358502')], 'merge');
    const trigger = `CREATE TRIGGER refuse BEFORE INSERT ON vip_caller FOR EACH ROW`;
    await dataSource.query(
      kind === 'SQLite'
        ? `${trigger} WHEN NEW.name = 'refused' BEGIN SELECT RAISE(ABORT, 'refused'); END`
        : `${trigger} BEGIN IF NEW.name = 'refused' THEN SIGNAL SQLSTATE '45000'; END IF; END`,
    );
    const records = Array.from({ length: 1_200 }, (_, i) => gold(`+35850${1_000 + i}`));
    const bad = [gold('+358501', { name: 'new' }), ...records, gold('+358509', { name: 'refused' })];
    await expect(importRecords(dataSource, bad, mode)).rejects.toMatchObject({ name: 'QueryFailedError' });
    expect(await exported()).toEqual([gold('+358501'), gold('+358502')]);
    expect(await importRecords(dataSource, records, mode)).toMatchObject({ added: 1_200 });
  });

  it('refuses what it could not give back, every entry of it at once', async () => {
    const records = [
      gold('+358501'),
      gold('nul\0'),
      gold('+358502', { targets: ['A;B'] }),
      gold('+358503', { name: '\ud800' }),
      gold('x'.repeat(321)),
      gold('+358504', { attributes: { text: 'x'.repeat(20_000) } }),
    ];
    await expect(importRecords(dataSource, records, 'merge')).rejects.toMatchObject({
      name: 'VipRecordError',
      problems: [
        { field: '[1].number' },
        { field: '[2].targets' },
        { field: '[3].name' },
        { field: '[4].number' },
        { field: '[5].attributes' },
      ],
    });
    expect(await exported()).toEqual([]);
  });

  it('is exported as of one moment', async () => {
    const records = Array.from({ length: 1_500 }, (_, i) => gold(`+35850${1_000 + i}`));
    await importRecords(dataSource, records, 'merge');
    const reading = exportRecords(dataSource);
    const first = await reading.next();
    const writer = await openDatabase(url);
    await importRecords(writer, [gold('+358509')], 'replace');
    const rest: VipRecord[] = [];
    for await (const record of reading) rest.push(record);
    await closeDataSource(writer);
    expect([first.value, ...rest]).toEqual(records);
    expect(await exported()).toEqual([gold('+358509')]);
  });

  it('has another mark after an import of the same length', async () => {
    const marked = async () =>
      markOf(await dataSource.query<Row[]>(new TableStatements(OWN_TABLE, isSqlite(dataSource)).count()));
    await importRecords(dataSource, [gold('+358501'), gold('+358502')], 'replace');
    const before = await marked();
    expect(await marked()).toBe(before);
    await sleep(5);
    await importRecords(dataSource, [gold('+358503'), gold('+358504')], 'replace');
    expect(await marked()).not.toBe(before);
  });

  it('can be left in the middle of an export', async () => {
    await importRecords(dataSource, [gold('+358501'), gold('+358502')], 'merge');
    for await (const record of exportRecords(dataSource)) {
      expect(record).toEqual(gold('+358501'));
      break;
    }
    expect(await importRecords(dataSource, [gold('+358503')], 'merge')).toMatchObject({ added: 1 });
  });

  it('is exported without rows whose tier says that there is none', async () => {
    await importRecords(dataSource, [gold('+358501'), gold('+358502'), gold('+358503')], 'merge');
    await dataSource.query(`UPDATE vip_caller SET tier = 'N/A' WHERE number = '+358501'`);
    await dataSource.query(`UPDATE vip_caller SET tier = ' ' WHERE number = '+358503'`);
    const entries: VipRecord[] = [];
    let leftOut = 0;
    for await (const entry of exportRecords(dataSource, 'UTC', () => void leftOut++)) entries.push(entry);
    expect([entries, leftOut]).toEqual([[gold('+358502')], 2]);
  });

  it('names the row that cannot be exported', async () => {
    await dataSource.query(
      `INSERT INTO vip_caller (id, number, tier, targets) VALUES (7, '+358501231234', 'gold', 'A')`,
    );
    await dataSource.query(`UPDATE vip_caller SET attributes = '{' WHERE id = 7`);
    await expect(exported()).rejects.toThrow(
      /^row 7 of table vip_caller cannot be read: attributes: is not a JSON object/,
    );
  });

  it('holds many thousand entries', async () => {
    const records = Array.from({ length: MANY }, (_, i) =>
      gold(`+35850${1_000_000 + i}`, { name: `Customer ${i}`, attributes: { account: `A-${i}` } }),
    );
    expect(await importRecords(dataSource, records, 'merge')).toMatchObject({ added: MANY });
    expect(await importRecords(dataSource, records, 'merge')).toMatchObject({ replaced: MANY });
    expect(await exported()).toEqual(records);
  });
});

describe('a list in an SQLite file', () => {
  it('is all in that file once it is closed', async () => {
    const path = folder.path('whole.sqlite');
    const writer = await openDatabase(`sqlite:${path}`);
    await importRecords(writer, [gold('+358501')], 'merge');
    await closeDataSource(writer);
    await copyFile(path, `${path}.copy`);
    const copy = await openDatabase(`sqlite:${path}.copy`);
    expect(await copy.query('SELECT number FROM vip_caller')).toEqual([{ number: '+358501' }]);
    await closeDataSource(copy);
  });
});

describe('a database that is not reachable', () => {
  it('is named by its code, without the password', async () => {
    await expect(
      openDatabase(`mysql://root:sesame@127.0.0.1:${await closedPort()}/vip`),
    ).rejects.toMatchObject({
      name: 'VipLookupError',
      message: 'database is not reachable (ECONNREFUSED)',
    });
    await expect(openDatabase(server.url.replace('root', 'nobody:sesame'))).rejects.toMatchObject({
      message:
        'database refuses the login (ER_ACCESS_DENIED_ERROR); check user and password in its URL, or add ?ssl=true to it if this user must connect encrypted',
    });
  });
});
