import type { DataSource } from 'typeorm';
import type { Database } from '../database/database.js';
import { codeOf, isNotPrepared, isReadOnly, unlessInTheWay } from '../database/failures.js';
import { migrate } from '../database/migrate.js';
import type { Work } from '../database/node.js';
import type { DatabaseNodes } from '../database/nodes.js';
import { change, select } from '../database/select.js';
import type { Parameter, Row } from '../database/select.js';
import type { Dialect } from '../database/url.js';
import { withoutRights } from '../database/session.js';
import { VipLookupError, withTimeLimit } from '../plugin-api/index.js';
import type { ProviderLogger } from '../plugin-api/index.js';

/** No caller waits for it. */
const LIMIT_MS = 10_000;

/** The store's tables are missing, or have another form. */
const MISSING = new Set([
  '42P01',
  '42501',
  'ER_NO_SUCH_TABLE',
  'ER_TABLEACCESS_DENIED_ERROR',
  'SQLITE_ERROR',
]);

const NOW: Readonly<Record<Dialect, string>> = {
  sqlite: `CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)`,
  // Not by local time, which is ambiguous at the end of summer time.
  mysql: `TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000`,
  postgres: `CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)`,
};

/** The service's own database, connected on first use. */
export class StateDatabase {
  /** Milliseconds since the epoch by the database's clock, as an SQL expression. */
  readonly now: string;
  readonly #nodes: DatabaseNodes;

  constructor(
    protected readonly database: Database,
    logger: ProviderLogger,
  ) {
    this.now = NOW[database.dialect];
    this.#nodes = database.use(
      {
        mustExist: false,
        seesAllCommits: true,
        async prepare(dataSource, signal) {
          if (!(await migrate(dataSource))) await checkTables(dataSource, signal);
        },
        probe: (dataSource, signal) => select(dataSource, 'SELECT 1', [], signal),
      },
      logger,
    );
  }

  /** @throws VipLookupError when the database cannot be used */
  select(sql: string, parameters: readonly Parameter[]): Promise<Row[]> {
    return this.#use((dataSource, signal) => select(dataSource, sql, parameters, signal));
  }

  /**
   * @param onLost called if a server was lost that may have done it, before another one is asked
   * @returns how many rows matched
   * @throws VipLookupError when the database cannot be used
   */
  change(sql: string, parameters: readonly Parameter[], onLost?: () => void): Promise<number> {
    return this.#use((dataSource, signal) => change(dataSource, sql, parameters, signal), onLost);
  }

  /** As `change`, for an `INSERT` that does nothing where there is a row with its primary key. */
  insert(sql: string, parameters: readonly Parameter[], onLost?: () => void): Promise<number> {
    // MySQL's IGNORE would also ignore texts that do not fit; only duplicates should be ignored.
    if (this.database.dialect !== 'mysql')
      return this.change(`${sql} ON CONFLICT DO NOTHING`, parameters, onLost);
    return this.#use(async (dataSource, signal) => {
      try {
        return await change(dataSource, sql, parameters, signal);
      } catch (error) {
        if (codeOf(error) === 'ER_DUP_ENTRY') return 0;
        throw error;
      }
    }, onLost);
  }

  async close(): Promise<void> {
    await this.#nodes.close();
  }

  async #use<T>(work: Work<T>, onLost?: () => void): Promise<T> {
    const patiently: Work<T> = (dataSource, cut) =>
      unlessInTheWay(() => work(dataSource, cut)).catch((error: unknown) => {
        if (!isReadOnly(error) && !isNotPrepared(error)) onLost?.();
        throw error;
      });
    return withTimeLimit(LIMIT_MS, [], async (signal) => {
      try {
        return await this.#nodes.write(patiently, LIMIT_MS, signal);
      } catch (error) {
        if (signal.aborted) throw new VipLookupError(`database did not answer within ${LIMIT_MS} ms`);
        throw this.database.failureOf(error);
      }
    });
  }
}

async function checkTables(dataSource: DataSource, signal: AbortSignal): Promise<void> {
  for (const table of ['provider_state', 'provider_lease']) {
    try {
      await select(dataSource, `SELECT 1 FROM ${table} LIMIT 0`, [], signal);
    } catch (error) {
      if (!MISSING.has(codeOf(error) ?? '')) throw error;
      throw withoutRights(
        new VipLookupError(`there is no table "${table}", or this database user may not read it.`),
      );
    }
  }
}
