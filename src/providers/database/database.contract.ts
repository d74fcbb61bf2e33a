import { describe, it } from '@jest/globals';
import Libsql from 'libsql';
import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { closedPort, databaseProvider, silentServer } from '../../../test/support/database-provider.js';
import { sqlSession } from '../../../test/support/sql-session.js';
import { temporaryFolder } from '../../../test/support/temporary-folder.js';
import { withMariaDb } from '../../../test/support/with-mariadb.js';
import { withPostgres } from '../../../test/support/with-postgres.js';
import type { VipRecord } from '../../plugin-api/index.js';
import { describeVipLookupProvider } from '../../plugin-api/testing/index.js';
import type { ProviderUnderTest } from '../../plugin-api/testing/index.js';
import { closeDataSource } from '../../database/data-source.js';
import type { DatabaseOptions } from './database.options.js';
import { importRecords, openDatabase } from './vip-caller.repository.js';

const AINO = { number: '+358501231234', tier: 'gold', name: 'Aino Aalto' } as const;
const CUSTOMERS: DatabaseOptions = {
  table: 'customers',
  columns: { number: 'phone', tier: 'level', name: 'full_name' },
  spellings: ['national', 'text'],
};
const CUSTOMERS_SQL = `
  CREATE TABLE customers (phone VARCHAR(40), level VARCHAR(20), full_name VARCHAR(80));
  INSERT INTO customers VALUES ('0501231234', 'gold', 'Aino Aalto'), ('0401231234', NULL, 'Not a VIP');
  CREATE INDEX ix_phone ON customers (phone);`;
const WITHOUT_COLUMNS_SQL = 'CREATE TABLE customers (phone VARCHAR(40))';

const found = { known: { number: AINO.number, record: AINO }, unknown: '+358509999999' };

async function fillOwnTable(url: string): Promise<void> {
  const dataSource = await openDatabase(url);
  const records: VipRecord[] = [AINO, { number: '+3589123*', tier: 'silver' }];
  await importRecords(dataSource, records, 'merge');
  await closeDataSource(dataSource);
}

function on(
  url: string,
  options: DatabaseOptions = {},
  stop = async (): Promise<void> => undefined,
): ProviderUnderTest {
  return { provider: databaseProvider(url, options).provider, stop };
}

/** On a file in a folder of its own. @param prepare gets its path, and gives what holds it open, if anything does */
async function onFile(
  name: string,
  options: DatabaseOptions,
  prepare: (path: string) => Promise<void> | Libsql.Database | void,
): Promise<ProviderUnderTest> {
  const folder = temporaryFolder();
  const file = await prepare(folder.path(name));
  const { connection } = options;
  const url = connection === undefined ? `sqlite:${folder.path(name)}` : 'sqlite::memory:';
  const { provider } = databaseProvider(url, options, { resolvePath: folder.path });
  const stop = async (): Promise<void> => {
    file?.close();
    await folder.remove();
  };
  return { provider, stop };
}

function withTable(path: string, sql: string): Libsql.Database {
  const file = new Libsql(path);
  file.exec(sql);
  return file;
}

describeVipLookupProvider(
  'database, own table in SQLite,',
  {
    start: async () => ({
      ...(await onFile('new/folder/vip.sqlite', {}, (path) => fillOwnTable(`sqlite:${path}`))),
      ...found,
    }),
    startDown: () =>
      onFile('file/vip.sqlite', {}, (path) => writeFile(dirname(path), 'in the way of the folder')),
    startBroken: () => onFile('vip.sqlite', {}, (path) => writeFile(path, 'not a database'.repeat(1_000))),
    // In WAL mode, readers never wait, but they do while it is being switched on.
    startHeld: () =>
      onFile('vip.sqlite', {}, (path) => withTable(path, 'CREATE TABLE other (id INTEGER); BEGIN EXCLUSIVE')),
  },
  { describe, it },
);

describeVipLookupProvider(
  "database, a customer's table in SQLite,",
  {
    start: async () => ({
      ...(await onFile('crm.sqlite', { ...CUSTOMERS, connection: 'sqlite:crm.sqlite' }, (path) =>
        withTable(path, CUSTOMERS_SQL).close(),
      )),
      ...found,
    }),
    startDown: () => onFile('missing.sqlite', CUSTOMERS, () => undefined),
    startBroken: () =>
      onFile('crm.sqlite', CUSTOMERS, (path) => withTable(path, WITHOUT_COLUMNS_SQL).close()),
    startHeld: () =>
      onFile('crm.sqlite', CUSTOMERS, (path) => withTable(path, CUSTOMERS_SQL).exec('BEGIN EXCLUSIVE')),
  },
  { describe, it },
);

describe.each([
  ['MariaDB', withMariaDb, 'mysql', 'LOCK TABLES vip_caller WRITE'],
  ['PostgreSQL', withPostgres, 'postgres', 'BEGIN; LOCK TABLE vip_caller'],
] as const)('on %s', (_, withServer, scheme, lock) => {
  const server = withServer();

  describeVipLookupProvider(
    'database, own table,',
    {
      async start() {
        const url = await server.createDatabase();
        await fillOwnTable(url);
        return { ...on(url), ...found };
      },
      startDown: async () => on(`${scheme}://root:secret@127.0.0.1:${await closedPort()}/vip`),
      async startBroken() {
        const url = await server.createDatabase();
        await server.sql('CREATE TABLE vip_caller (other INTEGER)', url);
        return on(url);
      },
      async startHeld() {
        const url = await server.createDatabase();
        await fillOwnTable(url);
        const other = await sqlSession(url);
        await other.run(lock);
        return on(url, {}, other.end);
      },
    },
    { describe, it },
  );

  describeVipLookupProvider(
    "database, a customer's table,",
    {
      async start() {
        const url = await server.createDatabase();
        await server.sql(CUSTOMERS_SQL, url);
        return { ...on('sqlite::memory:', { ...CUSTOMERS, connection: url }), ...found };
      },
      startDown: async () => on(`${scheme}://root@127.0.0.1:${await closedPort()}/crm`, CUSTOMERS),
      async startBroken() {
        const url = await server.createDatabase();
        await server.sql(WITHOUT_COLUMNS_SQL, url);
        return on('sqlite::memory:', { ...CUSTOMERS, connection: url });
      },
      async startHeld() {
        const silent = await silentServer();
        return on(`${scheme}://root@127.0.0.1:${silent.port}/crm`, CUSTOMERS, silent.stop);
      },
    },
    { describe, it },
  );
});
