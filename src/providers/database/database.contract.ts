import { describe, it } from '@jest/globals';
import Libsql from 'libsql';
import { createConnection } from 'mysql2/promise';
import { writeFile } from 'node:fs/promises';
import {
  closedPort,
  databaseProvider,
  silentServer,
  temporaryFolder,
} from '../../../test/support/database-provider.js';
import { withMariaDb } from '../../../test/support/with-mariadb.js';
import type { VipRecord } from '../../plugin-api/index.js';
import { describeVipLookupProvider } from '../../plugin-api/testing/index.js';
import { closeDataSource } from '../../database/data-source.js';
import type { DatabaseOptions } from './database.options.js';
import { importRecords, openDatabase } from './vip-caller.repository.js';

const AINO = { number: '+358501231234', tier: 'gold', name: 'Aino Aalto' } as const;
const UNKNOWN = '+358509999999';
const CUSTOMERS: DatabaseOptions = {
  table: 'customers',
  columns: { number: 'phone', tier: 'level', name: 'full_name' },
  spellings: ['national', 'text'],
};
const CUSTOMERS_SQL = `
  CREATE TABLE customers (phone VARCHAR(40), level VARCHAR(20), full_name VARCHAR(80));
  INSERT INTO customers VALUES ('0501231234', 'gold', 'Aino Aalto'), ('0401231234', NULL, 'Not a VIP');
  CREATE INDEX ix_phone ON customers (phone);`;

const found = { known: { number: AINO.number, record: AINO }, unknown: UNKNOWN };

async function fillOwnTable(url: string): Promise<void> {
  const dataSource = await openDatabase(url);
  const records: VipRecord[] = [AINO, { number: '+3589123*', tier: 'silver' }];
  await importRecords(dataSource, records, 'merge');
  await closeDataSource(dataSource);
}

describeVipLookupProvider(
  'database, own table in SQLite,',
  {
    async start() {
      const folder = await temporaryFolder();
      const url = `sqlite:${folder.path('new/folder/vip.sqlite')}`;
      await fillOwnTable(url);
      return { provider: databaseProvider(url).provider, ...found, stop: folder.remove };
    },
    async startDown() {
      const folder = await temporaryFolder();
      await writeFile(folder.path('file'), 'in the way of the folder');
      const { provider } = databaseProvider(`sqlite:${folder.path('file/vip.sqlite')}`);
      return { provider, stop: folder.remove };
    },
    async startBroken() {
      const folder = await temporaryFolder();
      await writeFile(folder.path('vip.sqlite'), 'not a database'.repeat(1_000));
      return {
        provider: databaseProvider(`sqlite:${folder.path('vip.sqlite')}`).provider,
        stop: folder.remove,
      };
    },
    async startHeld() {
      const folder = await temporaryFolder();
      // In WAL mode, readers never wait, but they do while it is being switched on.
      const other = new Libsql(folder.path('vip.sqlite'));
      other.exec('CREATE TABLE other (id INTEGER); BEGIN EXCLUSIVE');
      return {
        provider: databaseProvider(`sqlite:${folder.path('vip.sqlite')}`).provider,
        async stop() {
          other.close();
          await folder.remove();
        },
      };
    },
  },
  { describe, it },
);

describeVipLookupProvider(
  "database, a customer's table in SQLite,",
  {
    async start() {
      const folder = await temporaryFolder();
      const file = new Libsql(folder.path('crm.sqlite'));
      file.exec(CUSTOMERS_SQL);
      file.close();
      const options = { ...CUSTOMERS, connection: 'sqlite:crm.sqlite' };
      const { provider } = databaseProvider('sqlite::memory:', options, { resolvePath: folder.path });
      return { provider, ...found, stop: folder.remove };
    },
    async startDown() {
      const folder = await temporaryFolder();
      const { provider } = databaseProvider(`sqlite:${folder.path('missing.sqlite')}`, CUSTOMERS);
      return { provider, stop: folder.remove };
    },
    async startBroken() {
      const folder = await temporaryFolder();
      const file = new Libsql(folder.path('crm.sqlite'));
      file.exec('CREATE TABLE customers (phone VARCHAR(40))');
      file.close();
      const { provider } = databaseProvider(`sqlite:${folder.path('crm.sqlite')}`, CUSTOMERS);
      return { provider, stop: folder.remove };
    },
    async startHeld() {
      const folder = await temporaryFolder();
      const file = new Libsql(folder.path('crm.sqlite'));
      file.exec(CUSTOMERS_SQL);
      file.exec('BEGIN EXCLUSIVE');
      return {
        provider: databaseProvider(`sqlite:${folder.path('crm.sqlite')}`, CUSTOMERS).provider,
        async stop() {
          file.close();
          await folder.remove();
        },
      };
    },
  },
  { describe, it },
);

describe('on MariaDB', () => {
  const server = withMariaDb();
  const nothingToStop = async (): Promise<void> => undefined;

  describeVipLookupProvider(
    'database, own table,',
    {
      async start() {
        const url = await server.createDatabase();
        await fillOwnTable(url);
        return { provider: databaseProvider(url).provider, ...found, stop: nothingToStop };
      },
      async startDown() {
        const { provider } = databaseProvider(`mysql://root:secret@127.0.0.1:${await closedPort()}/vip`);
        return { provider, stop: nothingToStop };
      },
      async startBroken() {
        const url = await server.createDatabase();
        await server.sql('CREATE TABLE vip_caller (other INTEGER)', url);
        return { provider: databaseProvider(url).provider, stop: nothingToStop };
      },
      async startHeld() {
        const url = await server.createDatabase();
        await fillOwnTable(url);
        const other = await createConnection(url);
        await other.query('LOCK TABLES vip_caller WRITE');
        return { provider: databaseProvider(url).provider, stop: () => other.end() };
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
        const { provider } = databaseProvider('sqlite::memory:', { ...CUSTOMERS, connection: url });
        return { provider, ...found, stop: nothingToStop };
      },
      async startDown() {
        const { provider } = databaseProvider(`mysql://root@127.0.0.1:${await closedPort()}/crm`, CUSTOMERS);
        return { provider, stop: nothingToStop };
      },
      async startBroken() {
        const url = await server.createDatabase();
        await server.sql('CREATE TABLE customers (phone VARCHAR(40))', url);
        const { provider } = databaseProvider('sqlite::memory:', { ...CUSTOMERS, connection: url });
        return { provider, stop: nothingToStop };
      },
      async startHeld() {
        const silent = await silentServer();
        const { provider } = databaseProvider(`mysql://root@127.0.0.1:${silent.port}/crm`, CUSTOMERS);
        return { provider, stop: silent.stop };
      },
    },
    { describe, it },
  );
});
