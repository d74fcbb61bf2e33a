import Libsql from 'libsql';
import { Caller } from '../../src/plugin-api/index.js';
import type { DatabaseOptions } from '../../src/providers/database/database.options.js';
import { databaseProvider } from './database-provider.js';
import { patient } from './eventually.js';
import { withTemporaryFolder } from './temporary-folder.js';
import { withMariaDb } from './with-mariadb.js';

/** Makes databases for a suite, each with what statements create in it, and gives their URLs. */
export function customerDatabases() {
  const server = withMariaDb();
  const folder = withTemporaryFolder();
  let files = 0;
  return {
    server,
    inSqlite: async (sql: string): Promise<string> => {
      const path = folder.path(`crm-${++files}.sqlite`);
      const file = new Libsql(path);
      file.exec(sql);
      file.close();
      return `sqlite:${path}`;
    },
    onMariaDb: async (sql: string): Promise<string> => {
      const url = await server.createDatabase();
      await server.sql(sql, url);
      return url;
    },
  };
}

/** Runs work with a provider that reads a customer's table, seen from Finland. */
export async function withCustomerTable(
  connection: string,
  options: DatabaseOptions,
  work: (
    ask: (number: string) => ReturnType<ReturnType<typeof databaseProvider>['provider']['lookup']>,
    subject: ReturnType<typeof databaseProvider>,
  ) => Promise<void>,
): Promise<void> {
  const subject = databaseProvider('sqlite::memory:', { ...options, connection });
  try {
    await work((number) => subject.provider.lookup(Caller.read(number, 'FI'), patient()), subject);
  } finally {
    await subject.provider.close();
  }
}
