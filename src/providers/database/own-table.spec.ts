import { describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { databaseProvider } from '../../../test/support/database-provider.js';
import { withTemporaryFolder } from '../../../test/support/temporary-folder.js';
import { patient } from '../../../test/support/eventually.js';
import { withMariaDb } from '../../../test/support/with-mariadb.js';
import { withPostgres } from '../../../test/support/with-postgres.js';
import { Caller, numberKeys, readVipRecord } from '../../plugin-api/index.js';
import type { VipRecord } from '../../plugin-api/index.js';
import { closeDataSource, createDataSource } from '../../database/data-source.js';
import { MIGRATIONS } from '../../database/migrations/index.js';
import { dialectOf } from '../../database/select.js';
import { rereadNumbers } from './reread-numbers.js';
import { importRecords, openDatabase } from './vip-caller.repository.js';
import { MAX_ROWS, OWN_TABLE, TableStatements } from './vip-table.js';

const ask = (provider: ReturnType<typeof databaseProvider>['provider'], number: string) =>
  provider.lookup(Caller.read(number, 'FI'), patient());

const HELSINKI = { timezone: 'Europe/Helsinki' };
const server = withMariaDb();
const postgres = withPostgres();
const folder = withTemporaryFolder();
let files = 0;

describe.each([
  ['SQLite', async () => `sqlite:${folder.path(`own-${++files}.sqlite`)}`],
  ['MariaDB', () => server.createDatabase()],
  ['PostgreSQL', () => postgres.createDatabase()],
])("the service's own table in %s", (kind, newUrl) => {
  async function withDatabase(work: (dataSource: DataSource, url: string) => Promise<void>): Promise<void> {
    const url = await newUrl();
    const dataSource = await openDatabase(url);
    try {
      await work(dataSource, url);
    } finally {
      await closeDataSource(dataSource);
    }
  }

  it('is made and removed by its migration', async () => {
    const dataSource = createDataSource(await newUrl());
    await dataSource.initialize();
    try {
      expect((await dataSource.runMigrations()).map(({ name }) => name)).toEqual([
        'CreateVipCaller1767225600000',
        'CreateProviderState1767312000000',
      ]);
      await dataSource.query(`INSERT INTO vip_caller (number, tier) VALUES ('+358501231234', 'gold')`);
      expect(await dataSource.runMigrations()).toEqual([]);
      for (let i = 0; i < MIGRATIONS.length; i++) await dataSource.undoLastMigration();
      await expect(dataSource.query('SELECT * FROM vip_caller')).rejects.toThrow(/vip_caller/);
      expect(await dataSource.runMigrations()).toHaveLength(MIGRATIONS.length);
      expect(await dataSource.query('SELECT * FROM vip_caller')).toEqual([]);
    } finally {
      await closeDataSource(dataSource);
    }
  });

  it('is made once when two instances start at the same moment', async () => {
    const url = await newUrl();
    const providers = [databaseProvider(url), databaseProvider(url), databaseProvider(url)];
    await Promise.all(providers.map(({ provider }) => provider.open()));
    expect(providers.flatMap(({ logged }) => logged)).toEqual([]);
    for (const { provider } of providers) {
      expect(await ask(provider, '+358501231234')).toBeNull();
      await provider.close();
    }
    const dataSource = await openDatabase(url);
    expect(await dataSource.query('SELECT name FROM smartrouting_migrations')).toHaveLength(
      MIGRATIONS.length,
    );
    await closeDataSource(dataSource);
  });

  it('answers the exact number first, then ranges, longest first, in the order they were written', () =>
    withDatabase(async (dataSource, url) => {
      const records: VipRecord[] = [
        { number: '+3589*', tier: 'wide' },
        { number: '+3589123456', tier: 'exact', targets: ['SALES'] },
        { number: '+3589123*', tier: 'narrow' },
        { number: '+3589123456', tier: 'exact too', validUntilMs: Date.parse('2027-01-01') },
        { number: '+46*', tier: 'other' },
      ];
      await importRecords(dataSource, records, 'merge');
      const { provider } = databaseProvider(url);
      expect(await ask(provider, '09 123 456')).toEqual([records[1], records[3], records[2], records[0]]);
      expect(await ask(provider, '+35891')).toEqual([records[0]]);
      expect(await provider.check(patient())).toEqual({ status: 'up', entries: 5 });
      await provider.close();
    }));

  it('has whole days of the time zone, whoever wrote them', () =>
    withDatabase(async (dataSource, url) => {
      const record = readVipRecord(
        { number: '+358501231234', tier: 'gold', validFrom: '2026-03-29', validUntil: '2026-03-29' },
        HELSINKI,
      );
      await importRecords(dataSource, [record], 'replace', HELSINKI);
      await dataSource.query(
        `INSERT INTO vip_caller (number, tier, valid_until) VALUES ('+358501231234', 'hand', '2026-03-29')`,
      );
      const { provider } = databaseProvider(url, {}, HELSINKI);
      expect(await ask(provider, '+358501231234')).toEqual([
        {
          number: '+358501231234',
          tier: 'gold',
          validFromMs: Date.UTC(2026, 2, 28, 22),
          validUntilMs: Date.UTC(2026, 2, 29, 21),
        },
        { number: '+358501231234', tier: 'hand', validUntilMs: Date.UTC(2026, 2, 29, 21) },
      ]);
      await provider.close();
    }));

  it('does not hide the exact number, or a longer range, behind very many rows of a range', () =>
    withDatabase(async (dataSource, url) => {
      const wide = Array.from({ length: 600 }, (_, i) => ({
        number: '+3585*',
        tier: 'wide',
        targets: [`T${i}`],
      }));
      const narrow = { number: '+3585012*', tier: 'narrow' };
      const exact = { number: '+358501231234', tier: 'exact' };
      await importRecords(dataSource, [...wide, narrow, exact], 'replace');
      const { provider, logged } = databaseProvider(url);
      const found = (await ask(provider, '0501231234')) as VipRecord[];
      expect(found).toEqual([exact, narrow, ...wide.slice(0, MAX_ROWS - 2)]);
      expect(logged.map(({ message }) => message)).toContain(
        'one caller has too many rows; only the first ones were read',
      );
      await provider.close();
    }));

  it('finds text exactly as written, and no range for somebody who calls himself one', () =>
    withDatabase(async (dataSource, url) => {
      await importRecords(
        dataSource,
        [
          { number: '4711', tier: 'extension' },
          { number: 'sip:Aino@example', tier: 'sip' },
          { number: '+3589123*', tier: 'range' },
        ],
        'merge',
      );
      const { provider } = databaseProvider(url);
      expect(await ask(provider, ' 4711 ')).toMatchObject([{ tier: 'extension' }]);
      expect(await ask(provider, 'sip:Aino@example')).toMatchObject([{ tier: 'sip' }]);
      for (const text of [
        'sip:aino@example',
        'sip:AINO@EXAMPLE',
        'sip:Äino@example',
        '+3589123*',
        '4711\0',
        '*',
      ]) {
        expect(await ask(provider, text)).toBeNull();
      }
      await provider.close();
    }));

  it('is read through its index', () =>
    withDatabase(async (dataSource) => {
      const records = Array.from({ length: 5_000 }, (_, i) => ({
        number: `+35850${1_000_000 + i}`,
        tier: 'gold',
      }));
      await importRecords(dataSource, records, 'replace');
      const keys = numberKeys('+358501001234');
      const statement = new TableStatements(OWN_TABLE, dialectOf(dataSource)).find(keys.length);
      if (kind === 'SQLite') {
        const plan = await dataSource.query<{ detail: string }[]>(`EXPLAIN QUERY PLAN ${statement}`, keys);
        expect(plan.map(({ detail }) => detail)).toEqual([
          'SEARCH vip_caller USING INDEX ix_vip_caller_number (number=?)',
          'USE TEMP B-TREE FOR ORDER BY',
        ]);
      } else if (kind === 'PostgreSQL') {
        await dataSource.query('ANALYZE vip_caller');
        const plan = await dataSource.query<object[]>(`EXPLAIN ${statement}`, keys);
        expect(JSON.stringify(plan)).toMatch(/Index Scan (?:using|on) ix_vip_caller_number/);
      } else {
        await dataSource.query('ANALYZE TABLE vip_caller');
        const plan = await dataSource.query<object[]>(`EXPLAIN ${statement}`, keys);
        expect(plan).toMatchObject([{ table: 'vip_caller', type: 'range', key: 'ix_vip_caller_number' }]);
      }
    }));

  it('tells of a row written by hand that cannot be read, and uses the others', () =>
    withDatabase(async (dataSource, url) => {
      await dataSource.query(
        `INSERT INTO vip_caller (number, tier, valid_until) VALUES
          ('+358501231234', 'gold', 'tomorrow'), ('+358501231235', 'gold', 'tomorrow'), ('+35850123123*', 'silver', NULL)`,
      );
      await dataSource.query(`DELETE FROM vip_caller WHERE number = '+35850123123*'`);
      // The provider would do so beside the import below, on the same thread.
      await rereadNumbers(dataSource, undefined);
      const { provider, logged } = databaseProvider(url);
      await expect(ask(provider, '+358501231234')).rejects.toMatchObject({
        name: 'VipEntryError',
        message: expect.stringMatching(
          /^a row of table "vip_caller" cannot be read: validUntil: is not an ISO 8601 date/,
        ),
      });
      await importRecords(dataSource, [{ number: '+3585012312*', tier: 'silver' }], 'merge');
      expect(await ask(provider, '+358501231234')).toMatchObject([{ tier: 'silver' }]);
      expect(logged).toMatchObject([{ level: 'warn' }, { level: 'warn' }]);
      expect(JSON.stringify(logged)).not.toContain('358501231234');
      await provider.close();
    }));
});

describe.each([
  ['MariaDB', server],
  ['PostgreSQL', postgres],
] as const)("the service's own table on %s, for a user with few rights", (kind, server) => {
  it('is used when it is there', async () => {
    const url = await server.createDatabase();
    const dataSource = await openDatabase(url);
    await importRecords(dataSource, [{ number: '+358501231234', tier: 'gold' }], 'merge');
    // As an administrator's own script would have made it: no mark of the migration.
    await dataSource.query('DROP TABLE smartrouting_migrations');
    await closeDataSource(dataSource);
    const { provider } = databaseProvider(await server.createUser('SELECT', url));
    expect(await ask(provider, '+358501231234')).toMatchObject([{ tier: 'gold' }]);
    await provider.close();
  });

  it('is missed with the cure when it is not there', async () => {
    const { provider } = databaseProvider(
      await server.createUser('SELECT, INSERT', await server.createDatabase()),
    );
    await expect(ask(provider, '+358501231234')).rejects.toMatchObject({
      name: 'VipLookupError',
      message: expect.stringMatching(
        /^there is no table "vip_caller".*may not change tables: run "npm run cli -- export"/,
      ),
    });
    await provider.close();
  });

  // PostgreSQL makes both in one transaction.
  if (kind === 'PostgreSQL') return;
  it('is finished after a crash between table and mark', async () => {
    const url = await server.createDatabase();
    const first = await openDatabase(url);
    await first.query('DELETE FROM smartrouting_migrations');
    await closeDataSource(first);
    const again = await openDatabase(url);
    expect(await again.query('SELECT name FROM smartrouting_migrations')).toHaveLength(MIGRATIONS.length);
    await closeDataSource(again);
  });
});

describe('a provider whose configuration cannot work', () => {
  it('is not made, and names the key', () => {
    const options = {
      table: 'customers',
      columns: { number: 'phone' },
      tier: 'gold',
      spellings: ['national' as const],
    };
    expect(() => databaseProvider('sqlite::memory:', options, { country: undefined })).toThrow(
      /^providers\.under-test\.spellings: "national" needs a country/,
    );
  });
});
