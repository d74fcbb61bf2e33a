import { describe, expect, it } from '@jest/globals';
import { databaseProvider } from '../../../test/support/database-provider.js';
import { withTemporaryFolder } from '../../../test/support/temporary-folder.js';
import { patient } from '../../../test/support/eventually.js';
import { withMariaDb } from '../../../test/support/with-mariadb.js';
import { closeDataSource, createDataSource } from '../../database/data-source.js';
import { Caller } from '../../plugin-api/index.js';
import { HIDDEN } from './hidden-characters.js';
import { rereadNumbers } from './reread-numbers.js';
import { openDatabase } from './vip-caller.repository.js';

const server = withMariaDb();
const folder = withTemporaryFolder();
let files = 0;

const inSqlite = () => Promise.resolve(`sqlite:${folder.path(`hidden-${++files}.sqlite`)}`);

/** What looks like `0501231234`, or its groups, and is not; `%` is the next digit. */
const WRITTEN: readonly (readonly [what: string, shape: string])[] = [
  ['nothing', '05012312%%'],
  ['a blank at the end', '05012312%% '],
  ['many blanks at the end', '05012312%%          '],
  ['a blank in front', ' 05012312%%'],
  ['a tab at the end', '05012312%%\t'],
  ['a line end', '05012312%%\r\n'],
  ['a no-break space at the end', '05012312%%\u00a0'],
  ['a mark of direction in front', '\u200e05012312%%'],
  ['a mark of direction at the end', '05012312%%\u202c'],
  ['a zero-width space', '05012\u200b312%%'],
  ['a soft hyphen', '05012\u00ad312%%'],
  ['a no-break space between groups', '050\u00a012312%%'],
  ['two blanks between groups', '050  12312%%'],
  ['a blank between groups', '050 12312%%'],
];

describe.each([
  ['SQLite', 'TEXT', inSqlite],
  ['MariaDB', 'VARCHAR(40) COLLATE utf8mb4_unicode_ci', () => server.createDatabase()],
  ['MariaDB without padding', 'VARCHAR(40) COLLATE utf8mb4_nopad_bin', () => server.createDatabase()],
  ['MariaDB in bytes', 'VARBINARY(80)', () => server.createDatabase()],
])("a customer's table in %s", (_, type, newUrl) => {
  it('is said to have a number that no lookup finds, and only then', async () => {
    const url = await newUrl();
    const rows = WRITTEN.flatMap(([what, shape]) =>
      [11, 12].map((end) => [what, shape.replace('%%', String(end + files))] as const),
    ).map(([what, text], index) => ({ what, text: text.replace('12', String(10 + index)) }));
    const dataSource = await createDataSource(url, { quiet: true }).initialize();
    await dataSource.query(`CREATE TABLE customers (phone ${type})`);
    for (const { text } of rows) await dataSource.query('INSERT INTO customers VALUES (?)', [text]);
    await closeDataSource(dataSource);
    const { provider } = databaseProvider('sqlite::memory:', {
      connection: url,
      table: 'customers',
      columns: { number: 'phone' },
      tier: 'gold',
      spellings: ['national', 'local'],
    });
    try {
      const tally = await provider.countEntries(patient());
      const unfound: string[] = [];
      for (const { what, text } of rows) {
        const caller = Caller.read(text.replace(/\D/g, ''), 'FI');
        expect(caller.e164).toMatch(/^\+35850\d{7}$/);
        if ((await provider.lookup(caller, patient())) === null) unfound.push(what);
      }
      const told = [...tally.kinds].filter(({ numberProblem }) => numberProblem !== undefined);
      expect(told.map(({ numberProblem }) => numberProblem)).toEqual(unfound.length > 0 ? [HIDDEN] : []);
      expect(told[0]?.count ?? 0).toBe(unfound.length);
      expect(unfound).not.toContain('nothing');
      expect(unfound).not.toContain('a blank between groups');
      expect(unfound).toContain('two blanks between groups');
    } finally {
      await provider.close();
    }
  });
});

it('MariaDB finds a number with blanks at the end, and SQLite does not', async () => {
  const told = async (url: string) => {
    const dataSource = await createDataSource(url, { quiet: true }).initialize();
    await dataSource.query('CREATE TABLE customers (phone VARCHAR(40))');
    await dataSource.query(`INSERT INTO customers VALUES ('0501234567 ')`);
    await closeDataSource(dataSource);
    const { provider } = databaseProvider('sqlite::memory:', {
      ...{ connection: url, table: 'customers', columns: { number: 'phone' }, tier: 'gold' },
      spellings: ['national'],
    });
    const [kind] = (await provider.countEntries(patient())).kinds;
    await provider.close();
    return kind?.numberProblem;
  };
  expect(await told(await server.createDatabase())).toBeUndefined();
  expect(await told(await inSqlite())).toBe(HIDDEN);
});

it.each([
  ['SQLite', inSqlite],
  ['MariaDB', () => server.createDatabase()],
])("the service's own table in %s tells rows that were written with them", async (_, newUrl) => {
  const url = await newUrl();
  const dataSource = await openDatabase(url);
  await rereadNumbers(dataSource, 'FI');
  for (const number of [
    '+358501231234 ',
    '\u200e+358501231235',
    '4711\t',
    '+358501231236',
    '4712',
    'Aino  K',
  ]) {
    await dataSource.query(`INSERT INTO vip_caller (number, tier) VALUES (?, 'gold')`, [number]);
  }
  await closeDataSource(dataSource);
  const { provider } = databaseProvider(url);
  const kinds = [...(await provider.countEntries(patient())).kinds];
  expect(kinds.map(({ numberProblem, count }) => [numberProblem, count])).toEqual([
    [undefined, 3],
    [HIDDEN, 3],
  ]);
  expect(await provider.lookup(Caller.read('+358501231234'), patient())).toBeNull();
  await provider.close();
});
