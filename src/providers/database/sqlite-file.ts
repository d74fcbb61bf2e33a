import { closeSync, openSync, statSync } from 'node:fs';
import type Libsql from 'libsql';
import { VipLookupError } from '../../plugin-api/index.js';
import { libsql } from './drivers.js';

/**
 * libsql, which would also take a device or a pipe for an empty database, and make a file that everybody may read.
 * @param mayCreate make a file that is missing, for the service's user alone; SQLite gives those beside it (`-wal`,
 *   `-shm`) the same rights
 */
export function sqliteDriver(
  mayCreate: boolean,
): new (path: string, options?: Libsql.Options) => Libsql.Database {
  return class extends libsql() {
    constructor(path: string, options?: Libsql.Options) {
      if (path !== ':memory:') prepare(path, mayCreate);
      super(path, options);
    }
  };
}

/** Never opens a file that is there: closing it would take from SQLite the locks that it has on it in this process. */
function prepare(path: string, mayCreate: boolean): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) {
    if (mayCreate) closeSync(openSync(path, 'a', 0o600));
  } else if (!found.isFile()) {
    throw new VipLookupError(
      'the database is not an ordinary file; name one, or a path where one can be made',
    );
  }
}
