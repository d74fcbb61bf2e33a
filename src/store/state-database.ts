import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseNodes } from '../database/nodes.js';
import { sqliteFileOf } from '../database/url.js';
import { connectTo, withoutRights } from '../database/session.js';
import type { Session } from '../database/session.js';
import { failureOf, isBusy, isConflict, isNotPrepared, isReadOnly } from '../database/failures.js';
import { migrate } from '../database/migrate.js';
import { change, isSqlite, select } from '../database/select.js';
import type { Parameter, Row } from '../database/select.js';
import { VipFileError, VipLookupError, withTimeLimit } from '../plugin-api/index.js';
import type { ProviderLogger } from '../plugin-api/index.js';

/** No caller waits for it. */
const LIMIT_MS = 10_000;

/** Attempts of a statement that conflicted with another instance's and was rolled back by the cluster. */
const TRIES = 5;
const CONFLICT_PAUSE_MS = 20;

/** The store's tables are missing, or have another form. */
const MISSING = new Set(['ER_NO_SUCH_TABLE', 'ER_TABLEACCESS_DENIED_ERROR', 'SQLITE_ERROR']);

/** The service's own database, connected on first use. */
export class StateDatabase {
  /** Milliseconds since the epoch by the database's clock, as an SQL expression. */
  readonly now: string;
  readonly #nodes: DatabaseNodes<Session>;
  #wasConnected = false;
  /** Of an SQLite database. */
  readonly #file: string | undefined;

  constructor(url: string, logger: ProviderLogger) {
    this.#file = sqliteFileOf(url);
    this.now = url.startsWith('sqlite:')
      ? `CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)`
      : // Not by local time, which is ambiguous at the end of summer time.
        `TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000`;
    const connect = async (node: string, signal: AbortSignal): Promise<Session> => {
      const session = await connectTo(
        node,
        { mustExist: this.#wasConnected, readOnly: false, seesAllCommits: true },
        signal,
        async (connected) => {
          const mayChange = await migrate(connected.dataSource);
          if (!mayChange) await checkTables(connected, signal);
          return connected;
        },
      );
      this.#wasConnected = true;
      return session;
    };
    const probe = ({ dataSource }: Session, signal: AbortSignal): Promise<Row[]> =>
      select(dataSource, 'SELECT 1', [], signal);
    this.#nodes = new DatabaseNodes(url, { connect, probe }, logger);
  }

  /** @throws VipLookupError when the database cannot be used */
  select(sql: string, parameters: readonly Parameter[]): Promise<Row[]> {
    return this.#use(({ dataSource }, signal) => select(dataSource, sql, parameters, signal));
  }

  /**
   * @param onLost called if a server was lost that may have done it, before another one is asked
   * @returns how many rows matched
   * @throws VipLookupError when the database cannot be used
   */
  change(sql: string, parameters: readonly Parameter[], onLost?: () => void): Promise<number> {
    return this.#use(({ dataSource }, signal) => change(dataSource, sql, parameters, signal), onLost);
  }

  /**
   * Inserts a row, unless one with its primary key exists.
   * @param onLost as with `change`
   * @param condition without which nothing is inserted
   * @returns whether it was inserted
   */
  async insert(
    table: string,
    values: Readonly<Record<string, Parameter | Sql>>,
    onLost?: () => void,
    condition = ALWAYS,
  ): Promise<boolean> {
    const entries = Object.entries(values);
    const marks = entries.map(([, value]) => (isSql(value) ? value.sql : '?')).join(', ');
    const given = entries.flatMap(([, value]) => (isSql(value) ? value.parameters : [value]));
    const names = entries.map(([name]) => name).join(', ');
    // MySQL's IGNORE would also ignore texts that do not fit; only duplicates should be ignored.
    return (
      (await this.#use(async ({ dataSource }, signal) => {
        const unless = isSqlite(dataSource) ? 'ON CONFLICT DO NOTHING' : '';
        try {
          return await change(
            dataSource,
            `INSERT INTO ${table} (${names}) SELECT ${marks} FROM (SELECT 1) AS one WHERE ${condition.sql} ${unless}`,
            [...given, ...condition.parameters],
            signal,
          );
        } catch (error) {
          if ((error as { code?: unknown }).code === 'ER_DUP_ENTRY') return 0;
          throw error;
        }
      }, onLost)) > 0
    );
  }

  async close(): Promise<void> {
    await this.#nodes.close();
  }

  async #use<T>(
    work: (session: Session, signal: AbortSignal) => Promise<T>,
    onLost?: () => void,
  ): Promise<T> {
    const patiently = (session: Session, cut: AbortSignal): Promise<T> =>
      unlessConflict(() => work(session, cut)).catch((error: unknown) => {
        if (!isReadOnly(error) && !isNotPrepared(error)) onLost?.();
        throw error;
      });
    return withTimeLimit(LIMIT_MS, [], async (signal) => {
      try {
        return await this.#nodes.write(patiently, LIMIT_MS, signal);
      } catch (error) {
        if (signal.aborted) throw new VipLookupError(`database did not answer within ${LIMIT_MS} ms`);
        throw this.#failure(error);
      }
    });
  }

  #failure(error: unknown): VipLookupError {
    const failure = failureOf(error);
    return this.#file === undefined || isBusy(error)
      ? failure
      : new VipFileError(failure.message, this.#file);
  }
}

/** If two instances change the same row at once, a cluster rolls back one of the statements; that instance retries. */
async function unlessConflict<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries === TRIES || !isConflict(error)) throw error;
    }
    await sleep(CONFLICT_PAUSE_MS * tries * Math.random());
  }
}

/** An SQL expression in place of a value. */
export interface Sql {
  readonly sql: string;
  readonly parameters: readonly Parameter[];
}

/** A condition that is always true. */
export const ALWAYS: Sql = { sql: '1 = 1', parameters: [] };

function isSql(value: Parameter | Sql): value is Sql {
  return typeof value === 'object';
}

async function checkTables({ dataSource }: Session, signal: AbortSignal): Promise<void> {
  for (const table of ['provider_state', 'provider_lease']) {
    try {
      await select(dataSource, `SELECT 1 FROM ${table} LIMIT 0`, [], signal);
    } catch (error) {
      if (!MISSING.has(String((error as { code?: unknown }).code))) throw error;
      throw withoutRights(
        new VipLookupError(`there is no table "${table}", or this database user may not read it.`),
      );
    }
  }
}
