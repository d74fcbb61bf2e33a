import { describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { databaseProvider } from '../../../test/support/database-provider.js';
import { withTemporaryFolder } from '../../../test/support/temporary-folder.js';
import { eventually, patient } from '../../../test/support/eventually.js';
import { withMariaDb } from '../../../test/support/with-mariadb.js';
import { withPostgres } from '../../../test/support/with-postgres.js';
import { Caller } from '../../plugin-api/index.js';
import { closeDataSource } from '../../database/data-source.js';
import { rereadNumbers } from './reread-numbers.js';
import { exportRecords, importRecords, openDatabase } from './vip-caller.repository.js';

const server = withMariaDb();
const postgres = withPostgres();
const folder = withTemporaryFolder();
let files = 0;

/** As 0.1.0 kept them. */
const TEXTS = [
  ['050 123 1234 (work)', 'a'],
  ['09 123 4567; 050 123 1235', 'b'],
  ['3.58501E11', 'c'],
  ['n/a', 'd'],
  ['4711', 'e'],
  ['sip:aino@example.com', 'f'],
  ['+358501231236', 'g'],
  ['09 123 4567/8', 'h'],
  ['+358501231237; +358501231238', 'i'],
  ['++358·50 123 1239', 'j'],
  ['+3589123*', 'k'],
] as const;

async function insertAll(dataSource: DataSource): Promise<void> {
  for (const [number, name] of TEXTS) {
    await dataSource.query(
      `INSERT INTO vip_caller (number, tier, name, valid_until) VALUES (?, 'gold', ?, '2099-12-31')`,
      [number, name],
    );
  }
}

describe.each([
  ['SQLite', async () => `sqlite:${folder.path(`reread-${++files}.sqlite`)}`],
  ['MariaDB', () => server.createDatabase()],
  ['PostgreSQL', () => postgres.createDatabase()],
])('numbers that an earlier version kept as text in %s', (_, newUrl) => {
  it('are read again once, and what they are is told', async () => {
    const dataSource = await openDatabase(await newUrl());
    try {
      await insertAll(dataSource);
      expect(await rereadNumbers(dataSource, 'FI')).toEqual({
        texts: 9,
        changed: 4,
        added: 2,
        unusable: 3,
        unusableIds: ['3', '4', '8'],
      });
      const entries: string[] = [];
      for await (const { number, name, validUntilMs } of exportRecords(dataSource)) {
        expect(validUntilMs).toBe(Date.UTC(2100, 0, 1));
        entries.push(`${name} ${number}`);
      }
      expect(entries).toEqual([
        'a +358501231234',
        'b +35891234567',
        'c 3.58501E11',
        'd n/a',
        'e 4711',
        'f sip:aino@example.com',
        'g +358501231236',
        'h 09 123 4567/8',
        'i +358501231237',
        'j +358501231239',
        'k +3589123*',
        'b +358501231235',
        'i +358501231238',
      ]);
      await dataSource.query(`INSERT INTO vip_caller (number, tier) VALUES ('050 999 9999', 'gold')`);
      expect(await rereadNumbers(dataSource, 'FI')).toBeUndefined();
    } finally {
      await closeDataSource(dataSource);
    }
  });

  it('are read by a provider when it starts, beside its lookups', async () => {
    const url = await newUrl();
    const dataSource = await openDatabase(url);
    await insertAll(dataSource);
    await closeDataSource(dataSource);
    const { provider, logged } = databaseProvider(url, {}, { country: 'FI' });
    await provider.open();
    try {
      const tierOf = (number: string) => provider.lookup(Caller.read(number, 'FI'), patient());
      await eventually(async () =>
        expect(await tierOf('+358501231235')).toEqual([expect.objectContaining({ name: 'b' })]),
      );
      expect(await tierOf('+358501231234')).toEqual([expect.objectContaining({ name: 'a' })]);
      await eventually(() =>
        expect(logged).toContainEqual(
          expect.objectContaining({ level: 'warn', message: 'stored numbers were read again' }),
        ),
      );
    } finally {
      await provider.close();
    }
  });

  it('are one number with an imported one', async () => {
    const dataSource = await openDatabase(await newUrl());
    try {
      await insertAll(dataSource);
      await rereadNumbers(dataSource, 'FI');
      const records = [{ number: '+358501231234', tier: 'silver' }];
      expect(await importRecords(dataSource, records, 'merge')).toEqual({
        added: 0,
        replaced: 1,
        removed: 0,
      });
    } finally {
      await closeDataSource(dataSource);
    }
  });
});
