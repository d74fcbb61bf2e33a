import { describe, expect, it } from '@jest/globals';
import Libsql from 'libsql';
import { databaseProvider } from '../../../test/support/database-provider.js';
import { withTemporaryFolder } from '../../../test/support/temporary-folder.js';
import { patient } from '../../../test/support/eventually.js';
import { withMariaDb } from '../../../test/support/with-mariadb.js';
import { Caller } from '../../plugin-api/index.js';
import type { VipRecord } from '../../plugin-api/index.js';

const server = withMariaDb();
const folder = withTemporaryFolder();

function inSqlite(sql: string): string {
  const path = folder.path('crm.sqlite');
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

describe.each([
  ['SQLite', inSqlite],
  ['MariaDB', onMariaDb],
])("a customer's table in %s", (_, database) => {
  it('ends a contract with the day of its column, be it a DATE, a DATETIME at midnight or text', async () => {
    const row = (a: string, b: string, c: string) => `('0501231234', 'gold', ${a}, ${b}, ${c})`;
    const connection = await database(`
      CREATE TABLE customers (phone VARCHAR(80), level VARCHAR(9), a DATE, b DATETIME, c VARCHAR(40));
      INSERT INTO customers VALUES
        ${row(`'2026-12-31'`, `'2026-12-31 00:00:00'`, `'2026-12-31'`)},
        ${row('NULL', `'2026-12-31 18:30:00'`, `'2026-12-31T00:00:00.000'`)},
        ${row('NULL', 'NULL', `'31.12.2026'`)},
        ${row('NULL', 'NULL', `'2026-12-31 00:00:00+00:00'`)}`);
    const endsIn = async (column: string) => {
      const columns = { number: 'phone', tier: 'level', validUntil: column };
      const options = { table: 'customers', columns, spellings: ['national' as const], connection };
      const { provider } = databaseProvider('sqlite::memory:', options, { timezone: 'Europe/Helsinki' });
      const records = (await provider.lookup(Caller.read('+358501231234', 'FI'), patient())) as VipRecord[];
      await provider.close();
      return records.flatMap(({ validUntilMs }) => validUntilMs ?? []);
    };
    const endOfDay = Date.UTC(2026, 11, 31, 22);
    expect(await endsIn('a')).toEqual([endOfDay]);
    expect(await endsIn('b')).toEqual([endOfDay, Date.UTC(2026, 11, 31, 18, 30)]);
    expect(await endsIn('c')).toEqual([endOfDay, endOfDay, endOfDay, Date.UTC(2026, 11, 31)]);
  });
});
