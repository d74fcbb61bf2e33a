import { stat } from 'node:fs/promises';
import { statSync } from 'node:fs';
import type { DataSource } from 'typeorm';
import { VipLookupError } from '../plugin-api/index.js';
import { closeDataSource, createDataSource, dropConnections, isEncrypted } from './data-source.js';
import { failureOf } from './failure-texts.js';
import { isServerNotReached } from './failures.js';
import type { SessionSettings } from './server-pool.js';
import { parseDatabaseUrl } from './url.js';
import { whileBusy } from './select.js';

export interface Session {
  readonly dataSource: DataSource;
  /** False once an SQLite file has been replaced or removed: the open one would return old data. */
  isCurrent(): boolean;
}

export interface Opening extends SessionSettings {
  /** Do not create a missing SQLite file. */
  readonly mustExist: boolean;
}

/**
 * Connects, and closes the connection again if `prepare` fails.
 * @param signal aborts, whatever it is waiting for
 */
export async function connectTo(
  url: string,
  { mustExist, ...settings }: Opening,
  signal: AbortSignal,
  prepare: (dataSource: DataSource) => Promise<unknown>,
): Promise<Session> {
  const address = parseDatabaseUrl(url);
  const file = address.type === 'sqlite' && address.path !== ':memory:' ? address.path : undefined;
  if (file !== undefined && mustExist) await stat(file);
  return whileBusy(async () => {
    const dataSource = createDataSource(url, { ...settings, busyTimeoutMs: 0, quiet: true });
    const giveUp = (): void => dropConnections(dataSource);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      await dataSource.initialize();
      const isCurrent = file === undefined ? () => true : sameFile(file);
      // On the same connection: a closed one keeps its file open until its statements are garbage-collected.
      await whileBusy(() => prepare(dataSource), signal);
      return { dataSource, isCurrent };
    } catch (error) {
      await closeDataSource(dataSource);
      // Destroyed because we aborted, which says more than that the connection was lost.
      signal.throwIfAborted();
      throw isServerNotReached(error) ? failureOf(error, isEncrypted(dataSource)) : error;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }, signal);
}

/** Adds what to do if the table is not as it should be and this user may not change it. */
export function withoutRights(error: unknown): unknown {
  return error instanceof VipLookupError
    ? new VipLookupError(
        `${error.message} This database user may not change tables: run "npm run cli -- export" once with a --database URL of a user who may`,
      )
    : error;
}

function sameFile(path: string): () => boolean {
  const identity = (): string | undefined => {
    const found = statSync(path, { throwIfNoEntry: false });
    return found && `${found.dev}:${found.ino}`;
  };
  const opened = identity();
  return () => identity() === opened;
}
