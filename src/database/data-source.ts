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
   * How long SQLite waits for a lock, in ms. It waits inside the driver and blocks the whole process, so the service
   * sets 0 and retries. Default: 5000.
   */
  readonly busyTimeoutMs?: number;
  /** Nothing is written to the console, not even about a failed migration. */
  readonly quiet?: boolean;
}

const BUSY_TIMEOUT_MS = 5_000;
/** Maximum of connections that one provider keeps to a server: servers usually allow some 150 for all their clients. */
export const POOL_SIZE = 10;
const CONNECT_TIMEOUT_MS = 3_000;
const CLOSE_LIMIT_MS = 500;

/** TypeORM's table of migrations, with a name that cannot collide with a customer's. */
export const MIGRATIONS_TABLE = 'smartrouting_migrations';

/**
 * A TypeORM data source for a database URL, not yet connected. The folder of an SQLite file is created when it connects.
 * @param url `sqlite:<path>`, `sqlite::memory:`, `mysql://…` or `mariadb://…`
 * @throws DatabaseUrlError if it is not a database URL
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
        // The journal mode is written into the file, so it is set only for our own.
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

/** Whether connections to the server are. */
export function isEncrypted({ options }: DataSource): boolean {
  return 'ssl' in options && Boolean(options.ssl);
}

/** Closes a data source in any state, even if the server no longer answers. Never rejects. */
export async function closeDataSource(dataSource: DataSource): Promise<void> {
  if (dataSource.isInitialized) {
    // libsql releases the file only when its statements are garbage-collected. So this does what SQLite does on
    // closing: it writes all data into the one file that people copy. If that fails, the next process to open the
    // file does it.
    if (WAL_FILES.has(dataSource))
      await dataSource.query('PRAGMA wal_checkpoint(TRUNCATE)').catch(() => undefined);
    // If the driver cannot close its connections, they are destroyed below; there is nothing to report.
    const closed = dataSource.destroy().catch(() => undefined);
    await within(CLOSE_LIMIT_MS, closed);
  }
  dropConnections(dataSource);
}

/**
 * Destroys every connection to the server, including those being made, and prevents new ones; whatever waits for them
 * rejects.
 */
export function dropConnections(dataSource: DataSource): void {
  POOLS.get(dataSource)?.drop();
}

/** Opens connections to a server for calls, and keeps them ready until they are dropped. Never rejects. */
export async function warmUp(dataSource: DataSource): Promise<void> {
  await POOLS.get(dataSource)?.warm();
}

/** TypeORM does not close a connection that it cannot prepare; with a locked file, each attempt would leak a descriptor. */
function orClose(database: Libsql.Database, sql: string): void {
  try {
    database.exec(sql);
  } catch (error) {
    // Not counted: no prepared statement keeps the file open.
    libsql().prototype.close.call(database);
    throw error;
  }
}

const WAL_FILES = new WeakSet<DataSource>();
const POOLS = new WeakMap<DataSource, ServerPool>();

const nothing = (): void => undefined;
/** Failures are thrown, and reported where they are caught. */
const SILENT: Logger = {
  logQuery: nothing,
  logQueryError: nothing,
  logQuerySlow: nothing,
  logSchemaBuild: nothing,
  logMigration: nothing,
  log: nothing,
};
