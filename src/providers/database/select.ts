import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { isBusy } from './failures.js';
import { cutConnection } from './server-pool.js';
import type { ServerConnection } from './server-pool.js';

export type Row = Readonly<Record<string, unknown>>;

const BUSY_PAUSE_MS = 10;

/**
 * Runs one query; rejects with the signal's reason as soon as it aborts.
 * @param parameters bound to the query's question marks
 */
export function select(
  dataSource: DataSource,
  sql: string,
  parameters: readonly string[],
  signal: AbortSignal,
): Promise<Row[]> {
  return isSqlite(dataSource)
    ? whileBusy(() => dataSource.query<Row[]>(sql, [...parameters]), signal)
    : selectFromServer(dataSource, sql, parameters, signal);
}

export function isSqlite(dataSource: DataSource): boolean {
  return dataSource.options.type === 'better-sqlite3';
}

/** Tries again while somebody else holds SQLite's lock, without holding the process up meanwhile. */
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

/** Settles as `work` does, or rejects with the signal's reason, whichever is first. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal, onAbort?: () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      onAbort?.();
      reject(signal.reason as Error);
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    const settled = (): void => signal.removeEventListener('abort', stop);
    work.finally(settled).then(resolve, reject);
  });
}

function selectFromServer(
  dataSource: DataSource,
  sql: string,
  parameters: readonly string[],
  signal: AbortSignal,
): Promise<Row[]> {
  const runner = dataSource.createQueryRunner();
  let busy: ServerConnection | undefined;
  const work = async (): Promise<Row[]> => {
    signal.throwIfAborted();
    busy = (await runner.connect()) as ServerConnection;
    try {
      // The pool may have handed the connection over only after the signal: nobody waits for an answer any more.
      signal.throwIfAborted();
      return (await runner.query(sql, [...parameters])) as Row[];
    } finally {
      busy = undefined;
      await runner.release();
    }
  };
  // A connection that waits for an answer is of no use to anybody: left in the pool, a hung server would use all up.
  return untilAborted(work(), signal, () => busy && cutConnection(busy));
}
