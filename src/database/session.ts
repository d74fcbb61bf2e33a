import { stat } from 'node:fs/promises';
import { statSync } from 'node:fs';
import type { DataSource } from 'typeorm';
import { VipLookupError } from '../plugin-api/index.js';
import { closeDataSource, createDataSource, dropConnections } from './data-source.js';
import type { SessionSettings } from './server-pool.js';
import { parseDatabaseUrl } from './url.js';
import { whileBusy } from './select.js';

/** A connected database. */
export interface Session {
  readonly dataSource: DataSource;
  /** False once an SQLite file was replaced or removed: the open one would answer from the past. */
  isCurrent(): boolean;
}

/** How a database is opened. */
export interface Opening extends SessionSettings {
  /** Do not make an SQLite file that is missing. */
  readonly mustExist: boolean;
}

/**
 * Connects, and closes the connection again where `prepare` cannot make a session of it.
 * @param signal gives up, whatever it waits for
 */
export async function connectTo<S extends Session>(
  url: string,
  { mustExist, ...settings }: Opening,
  signal: AbortSignal,
  prepare: (session: Session) => Promise<S>,
): Promise<S> {
  const address = parseDatabaseUrl(url);
  const file = address.type === 'sqlite' && address.path !== ':memory:' ? address.path : undefined;
  if (file !== undefined && mustExist) await stat(file);
  return whileBusy(async () => {
    const dataSource = createDataSource(url, { ...settings, busyTimeoutMs: 0, quiet: true });
    const giveUp = (): void => dropConnections(dataSource);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      await dataSource.initialize();
      const session = { dataSource, isCurrent: file === undefined ? () => true : sameFile(file) };
      // On the same connection: each that is closed keeps its file until its statements are garbage.
      return await whileBusy(() => prepare(session), signal);
    } catch (error) {
      await closeDataSource(dataSource);
      // Cut off because we gave up, which says more than that the connection was lost.
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }, signal);
}

/** Says what to do where the table is not as it must be, and may not be changed. */
export function withoutRights(error: unknown): unknown {
  return error instanceof VipLookupError
    ? new VipLookupError(
        `${error.message} This database user may not change tables: run "npm run cli -- export" once with a --database that names one who may`,
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
