import { describe, expect, it, jest } from '@jest/globals';
import Libsql from 'libsql';
import { databaseProvider } from '../../../test/support/database-provider.js';
import { withTemporaryFolder } from '../../../test/support/temporary-folder.js';
import { patient } from '../../../test/support/eventually.js';
import { withMariaDb } from '../../../test/support/with-mariadb.js';
import { closeDataSource } from '../../database/data-source.js';
import { Caller } from '../../plugin-api/index.js';
import type { EntryTally } from '../../plugin-api/index.js';
import type { DatabaseOptions } from './database.options.js';
import { rereadNumbers } from './reread-numbers.js';
import { importRecords, openDatabase } from './vip-caller.repository.js';

const server = withMariaDb();
const folder = withTemporaryFolder();
let files = 0;

const newFile = (): string => folder.path(`entries-${++files}.sqlite`);

async function inSqlite(sql: string): Promise<string> {
  const path = newFile();
  const file = new Libsql(path);
  file.exec(sql);
  file.close();
  return `sqlite:${path}`;
}
async function onMariaDb(sql: string): Promise<string> {
  const url = await server.createDatabase();
  await server.sql(sql, url);
  return url;
}

async function counted(connection: string, options: DatabaseOptions): Promise<EntryTally> {
  const { provider } = databaseProvider('sqlite::memory:', { ...options, connection });
  try {
    return await provider.countEntries(patient());
  } finally {
    await provider.close();
  }
}

const problems = ({ kinds }: EntryTally) =>
  [...kinds].map(({ numberProblem, places }) => [numberProblem, places]);

describe.each([
  ['SQLite', inSqlite],
  ['MariaDB', onMariaDb],
])("a customer's table in %s", (kind, database) => {
  const OTHER_SPELLING =
    "with a number that is not written in one of the provider's spellings; name its spelling under spellings";

  it('is read as it hands out its rows, and tells numbers that no lookup finds', async () => {
    const url = await database(
      `CREATE TABLE customers (phone VARCHAR(40), level VARCHAR(10), until VARCHAR(20));
       INSERT INTO customers VALUES
       ('0501231201', 'gold', NULL), ('+358501231202', 'gold', NULL), ('050 123 1203', 'gold', NULL),
       ('0501231204', '', NULL), (NULL, 'gold', NULL), ('0501231201', 'silver', NULL), ('4711', 'gold', NULL),
       ('0501231205', 'gold', 'soon')`,
    );
    const options = { table: 'customers', columns: { number: 'phone', tier: 'level', validUntil: 'until' } };
    const tally = await counted(url, { ...options, spellings: ['national'] });
    expect(tally.entries).toBe(6);
    expect(tally.firstRows).toBeUndefined();
    expect(problems(tally)).toEqual([
      [undefined, [1]],
      [undefined, [6]],
      [OTHER_SPELLING, [2, 3, 7]],
      ['without a number', [5]],
    ]);
    expect(tally.repeats).toEqual({ count: 1, places: [6] });
    expect(tally.unreadable).toEqual({
      count: 1,
      problems: ['row 8: validUntil: is not an ISO 8601 date; write 2026-12-31 or 2026-12-31T18:00:00Z'],
    });
    const more = await counted(url, { ...options, spellings: ['national', 'e164', 'local', 'text'] });
    expect(problems(more).filter(([problem]) => problem === OTHER_SPELLING)).toEqual([]);
  });

  it.each([
    ['+3585022200*', /^with a range, .* list or the service's own table/],
    ['+358 50 222 00*', /^with a range, /],
    ['0035850222*', /^with a range, /],
    ['05022200*', /^with a range, /],
    ['1???', /^with something else than one whole number; have one number in each row/],
    ['0501231201; 0501231202', /^with something else than one whole number/],
    ['09-123 4567/8', /^with something else than one whole number/],
    ['3.58501E+11', /^with something else than one whole number/],
    ['050-123 1237', /^with a number that is written in none of the spellings .* name a view or a column/],
    ['(050) 123.1237', /name a view or a column/],
    ['050 1231237', /name its spelling under spellings/],
    ['00358501231237', /name its spelling under spellings/],
    ['358501231237', /name its spelling under spellings/],
    ['501231237', /name its spelling under spellings/],
    ['4711', /name its spelling under spellings/],
    ['NULL', /^without a number$/],
    ['0501231237', undefined],
    ['+358501231237', undefined],
  ])('says of %s how a lookup would find it', async (number, problem) => {
    const url = await database(
      `CREATE TABLE customers (phone VARCHAR(40)); INSERT INTO customers VALUES ('${number}')`,
    );
    const options = { table: 'customers', columns: { number: 'phone' }, tier: 'gold' };
    const tally = await counted(url, { ...options, spellings: ['e164', 'national'] });
    expect(problems(tally)).toEqual([[problem && expect.stringMatching(problem), [1]]]);
    const withText = await counted(url, { ...options, spellings: ['e164', 'national', 'text'] });
    if (number.endsWith('*')) expect(problems(withText)).toEqual(problems(tally));
  });

  it('with numeric columns finds the numbers by their value', async () => {
    const type = kind === 'SQLite' ? 'INTEGER' : 'BIGINT';
    const url = await database(
      `CREATE TABLE customers (phone ${type}); INSERT INTO customers VALUES (501231201), (358501231202)`,
    );
    const table = { table: 'customers', columns: { number: 'phone' }, tier: 'gold' };
    expect(problems(await counted(url, { ...table, spellings: ['significant', 'digits'] }))).toEqual([
      [undefined, [1, 2]],
    ]);
    expect(problems(await counted(url, { ...table, spellings: ['significant'] }))).toEqual([
      [undefined, [1]],
      [OTHER_SPELLING, [2]],
    ]);
  });

  it('is read in part, however long it is', async () => {
    const url = await database(
      `CREATE TABLE customers (phone VARCHAR(40)); INSERT INTO customers
       WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)
       SELECT '0501231201' FROM n;
       INSERT INTO customers SELECT a.phone FROM customers a, (SELECT phone FROM customers LIMIT 11) b`,
    );
    const tally = await counted(url, {
      table: 'customers',
      columns: { number: 'phone' },
      tier: 'gold',
      spellings: ['national'],
    });
    expect([tally.entries, tally.firstRows]).toEqual([10_000, 10_000]);
  });

  it('says what it has of a caller who is not a VIP', async () => {
    const url = await database(
      `CREATE TABLE customers (phone VARCHAR(40), level VARCHAR(10));
       INSERT INTO customers VALUES ('0501231201', ''), ('0501231201', NULL)`,
    );
    const { provider } = databaseProvider('sqlite::memory:', {
      connection: url,
      table: 'customers',
      columns: { number: 'phone', tier: 'level' },
      spellings: ['national'],
    });
    const explain = (number: string) => provider.explain(Caller.read(number, 'FI'), patient());
    expect(await explain('+358501231201')).toBe('2 rows with this number, without a tier');
    expect(await explain('+358501231202')).toBe('no row has this number in one of the spellings');
    expect(await explain('+46701740605')).toBe('its column cannot hold this number in any of its spellings');
    await provider.close();
  });
});

it('the entries of a customer are counted for nobody but the command line', async () => {
  const url = await inSqlite(
    `CREATE TABLE customers (phone VARCHAR(40)); INSERT INTO customers VALUES ('0501231201')`,
  );
  let changes = 0;
  const options = { connection: url, table: 'customers', columns: { number: 'phone' }, tier: 'gold' };
  const { provider } = databaseProvider(
    'sqlite::memory:',
    { ...options, spellings: ['national'] },
    { entriesChanged: () => void changes++ },
  );
  await provider.open();
  expect(await provider.lookup(Caller.read('0501231201', 'FI'), patient())).toMatchObject([{ tier: 'gold' }]);
  expect(await provider.check(patient())).toEqual({ status: 'up' });
  expect([changes, provider.entries()]).toEqual([0, undefined]);
  await provider.close();
});

describe.each([
  ['SQLite', async () => `sqlite:${newFile()}`],
  ['MariaDB', () => server.createDatabase()],
])("the service's own table in %s", (_, newUrl) => {
  it('is counted page by page, and again when somebody has imported', async () => {
    const url = await newUrl();
    const dataSource = await openDatabase(url);
    await rereadNumbers(dataSource, undefined);
    let changes = 0;
    const { provider } = databaseProvider(url, {}, { entriesChanged: () => void changes++ });
    try {
      const records = Array.from({ length: 450 }, (_, index) => ({
        number: `+35850${1_000_000 + index}`,
        tier: 'gold',
      }));
      await importRecords(dataSource, [...records, { number: '0501231234', tier: 'gold' }], 'merge');
      await provider.open();
      expect([changes, provider.entries()]).toEqual([1, 451]);
      const tally = await provider.countEntries(patient());
      expect([...tally.kinds].map(({ count, numberProblem }) => [count, numberProblem])).toEqual([
        [450, undefined],
        [1, expect.stringMatching(/^compared as text/)],
      ]);
      await dataSource.query(`UPDATE vip_caller SET tier = 'NULL' WHERE id = 7`);
      expect((await provider.countEntries(patient())).unreadable).toEqual({
        count: 1,
        problems: ['row 7: tier: says that there is none'],
      });
      await provider.check(patient());
      expect(changes).toBe(1);
      await importRecords(dataSource, records.concat(records.slice(0, 1)), 'replace');
      await provider.check(patient());
      expect(changes).toBe(1);
      const now = performance.now.bind(performance);
      jest.spyOn(performance, 'now').mockImplementation(() => now() + 60_000);
      await provider.check(patient());
      expect(changes).toBe(2);
      expect(await provider.explain(Caller.read('+358409999999', 'FI'), patient())).toBe(
        'no row has this number, or a range with it',
      );
    } finally {
      jest.restoreAllMocks();
      await provider.close();
      await closeDataSource(dataSource);
    }
  });
});
