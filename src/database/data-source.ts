import type Libsql from 'libsql';
import type { DataSource, Logger } from 'typeorm';
import { within } from '../plugin-api/index.js';
import { parseDatabaseUrl } from './url.js';
import { libsql, typeorm } from './drivers.js';
import { MIGRATIONS } from './migrations/index.js';
import { ServerPool } from './server-pool.js';
import type { SessionSettings } from './server-pool.js';
import { sqliteDriver } from './sqlite-file.js';

export interface DataSourceSettings extends SessionSettings {
  /**
   * How long SQLite waits for a lock, in ms. It waits inside the driver, and the whole process with it; a service says 0
   * and tries again. Default: 5000.
   */
  readonly busyTimeoutMs?: number;
  /** Nothing on the console, not even a failed migration. */
  readonly quiet?: boolean;
}

const BUSY_TIMEOUT_MS = 5_000;
/** Connections to a server that one provider keeps at most: servers are set to some 150, for all who use them. */
export const POOL_SIZE = 10;
const CONNECT_TIMEOUT_MS = 3_000;
const CLOSE_LIMIT_MS = 500;

/** TypeORM's own table of migrations, named so that it cannot meet a customer's. */
export const MIGRATIONS_TABLE = 'smartrouting_migrations';

/**
 * A TypeORM data source for a database URL, not yet connected. The folder of an SQLite file is made when it connects.
 * @param url `sqlite:<path>`, `sqlite::memory:`, `mysql://…` or `mariadb://…`
 * @throws DatabaseUrlError when it is not a database URL
 */
export function createDataSource(url: string, settings: DataSourceSettings = {}): DataSource {
  const address = parseDatabaseUrl(url);
  const { DataSource } = typeorm();
  const common = {
    synchronize: false,
    migrations: settings.readOnly ? [] : [...MIGRATIONS],
    migrationsTableName: MIGRATIONS_TABLE,
    ...(settings.quiet && { logger: SILENT }),
  };
  if (address.type === 'sqlite') {
    const isOwnFile = !settings.readOnly && address.path !== ':memory:';
    const dataSource = new DataSource({
      ...common,
      type: 'better-sqlite3',
      driver: sqliteDriver(!settings.readOnly),
      database: address.path,
      timeout: settings.busyTimeoutMs ?? BUSY_TIMEOUT_MS,
      prepareDatabase: (database: Libsql.Database) => {
        if (settings.readOnly) orClose(database, 'PRAGMA query_only = ON');
        // The journal mode is written into the file, so only our own is given one.
        if (isOwnFile) orClose(database, 'PRAGMA journal_mode = WAL');
      },
    });
    if (isOwnFile) WAL_FILES.add(dataSource);
    return dataSource;
  }
  const pool = new ServerPool(settings);
  const dataSource = new DataSource({
    ...common,
    type: address.type,
    driver: { createPool: pool.createPool },
    host: address.host,
    port: address.port,
    username: address.user,
    password: address.password,
    database: address.database,
    ...(address.tls !== undefined && {
      ssl: { ...address.tls, verifyIdentity: address.tls.rejectUnauthorized },
    }),
    charset: 'utf8mb4',
    timezone: 'Z',
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    poolSize: POOL_SIZE,
  });
  POOLS.set(dataSource, pool);
  return dataSource;
}

/** Closes a data source in any state, a server that no longer answers included. Never rejects. */
export async function closeDataSource(dataSource: DataSource): Promise<void> {
  if (dataSource.isInitialized) {
    // libsql lets go of the file only when its statements are collected, so what SQLite does on closing is done here: all
    // data into the one file that people copy. Where that fails, the next one to open the file does it.
    if (WAL_FILES.has(dataSource))
      await dataSource.query('PRAGMA wal_checkpoint(TRUNCATE)').catch(() => undefined);
    // A driver that cannot say goodbye is cut off below; nothing is left to report.
    const closed = dataSource.destroy().catch(() => undefined);
    await within(CLOSE_LIMIT_MS, closed);
  }
  dropConnections(dataSource);
}

/**
 * Cuts every connection to the server, those still being made included, and lets none be made any more; whatever waits on
 * them rejects.
 */
export function dropConnections(dataSource: DataSource): void {
  POOLS.get(dataSource)?.drop();
}

/** Makes connections to a server ready for calls, and keeps them so until they are dropped. Never rejects. */
export async function warmUp(dataSource: DataSource): Promise<void> {
  await POOLS.get(dataSource)?.warm();
}

/** TypeORM forgets a connection that it cannot make ready; a locked file would take a descriptor with each try. */
function orClose(database: Libsql.Database, sql: string): void {
  try {
    database.exec(sql);
  } catch (error) {
    // Without counting it: nothing was prepared that keeps the file open.
    libsql().prototype.close.call(database);
    throw error;
  }
}

const WAL_FILES = new WeakSet<DataSource>();
const POOLS = new WeakMap<DataSource, ServerPool>();

const nothing = (): void => undefined;
/** Failures are thrown, and told by whoever catches them. */
const SILENT: Logger = {
  logQuery: nothing,
  logQueryError: nothing,
  logQuerySlow: nothing,
  logSchemaBuild: nothing,
  logMigration: nothing,
  log: nothing,
};
