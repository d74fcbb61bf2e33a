import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, QueryRunner } from 'typeorm';
import { untilAborted } from '../plugin-api/index.js';
import { isBusy } from './failures.js';
import { cutConnection } from './server-pool.js';
import type { ServerConnection } from './server-pool.js';

export type Row = Readonly<Record<string, unknown>>;
export type Parameter = string | number | Uint8Array;

const BUSY_PAUSE_MS = 10;

/**
 * Runs one query; rejects with the signal's reason as soon as it aborts.
 * @param parameters bound to the query's question marks
 */
export function select(
  dataSource: DataSource,
  sql: string,
  parameters: readonly Parameter[],
  signal: AbortSignal,
): Promise<Row[]> {
  return run(dataSource, (runner) => runner.query(sql, [...parameters]) as Promise<Row[]>, signal);
}

/**
 * As `select`, on a MariaDB node that has lost its Galera cluster and otherwise refuses queries. It has everything
 * that was committed until then.
 */
export function selectApart(
  dataSource: DataSource,
  sql: string,
  parameters: readonly Parameter[],
  signal: AbortSignal,
): Promise<Row[]> {
  const work = async (runner: QueryRunner): Promise<Row[]> => {
    await runner.query('SET SESSION wsrep_dirty_reads = ON');
    try {
      return (await runner.query(sql, [...parameters])) as Row[];
    } finally {
      await runner.query('SET SESSION wsrep_dirty_reads = OFF');
    }
  };
  return run(dataSource, work, signal);
}

/**
 * As `select`, for a statement that changes rows.
 * @returns how many rows matched
 */
export async function change(
  dataSource: DataSource,
  sql: string,
  parameters: readonly Parameter[],
  signal: AbortSignal,
): Promise<number> {
  const { affected } = await run(dataSource, (runner) => runner.query(sql, [...parameters], true), signal);
  return affected ?? 0;
}

function run<T>(
  dataSource: DataSource,
  work: (runner: QueryRunner) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  return isSqlite(dataSource)
    ? whileBusy(() => runOnFile(dataSource, work), signal)
    : runOnServer(dataSource, work, signal);
}

export function isSqlite(dataSource: DataSource): boolean {
  return dataSource.options.type === 'better-sqlite3';
}

/** Retries while another process holds SQLite's lock, without blocking this process. */
export async function whileBusy<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error)) throw error;
    }
    await sleep(BUSY_PAUSE_MS);
  }
}

async function runOnFile<T>(dataSource: DataSource, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
  const runner = dataSource.createQueryRunner();
  try {
    return await work(runner);
  } finally {
    await runner.release();
  }
}

function runOnServer<T>(
  dataSource: DataSource,
  work: (runner: QueryRunner) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const runner = dataSource.createQueryRunner();
  let busy: ServerConnection | undefined;
  const attempt = async (): Promise<T> => {
    signal.throwIfAborted();
    busy = (await runner.connect()) as ServerConnection;
    try {
      // The pool may have returned the connection only after the signal, when nobody waits for an answer any more.
      signal.throwIfAborted();
      return await work(runner);
    } finally {
      busy = undefined;
      await runner.release();
    }
  };
  // A connection that waits for an answer cannot be reused: left in the pool, a hung server would exhaust it.
  return untilAborted(attempt(), signal).finally(() => busy && cutConnection(busy));
}
