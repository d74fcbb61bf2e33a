import { closeSync, openSync, statSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type Libsql from 'libsql';
import { VipLookupError } from '../plugin-api/index.js';
import { libsql } from './drivers.js';

/**
 * Opens libsql, which by itself would treat a device or pipe as an empty database, and create a file that everybody
 * may read.
 * @param mayCreate create a missing file, readable only by the service's user; SQLite gives the files beside it
 *   (`-wal`, `-shm`) the same mode
 */
export function sqliteDriver(
  mayCreate: boolean,
): new (path: string, options?: Libsql.Options) => Libsql.Database {
  return class extends libsql() {
    readonly #isFile: boolean;

    constructor(path: string, options?: Libsql.Options) {
      if (path !== ':memory:') prepare(path, mayCreate);
      super(path, options);
      this.#isFile = path !== ':memory:';
    }

    override close(): this {
      super.close();
      if (this.#isFile) collectSoon();
      return this;
    }
  };
}

/** Maximum of closed connections that still have their file open. */
const MAX_UNCOLLECTED = 8;
const COLLECT_MS = 1_000;
/** A garbage collection delays every call. */
const COLLECT_APART_MS = 60_000;

let uncollected = 0;
let timer: NodeJS.Timeout | undefined;

/**
 * libsql releases a file only when its prepared statements are garbage-collected, and a service that does little but
 * reload creates too little garbage for V8 to collect. Waits a moment, because several may be closed in a row.
 */
function collectSoon(): void {
  uncollected++;
  timer ??= setTimeout(collect, COLLECT_MS).unref();
}

function collect(): void {
  timer = undefined;
  if (uncollected < MAX_UNCOLLECTED) return;
  uncollected = 0;
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  timer = setTimeout(collect, COLLECT_APART_MS).unref();
}

/** Never opens an existing file: closing it would release the locks that SQLite holds on it in this process. */
function prepare(path: string, mayCreate: boolean): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) {
    if (mayCreate) closeSync(openSync(path, 'a', 0o600));
  } else if (!found.isFile()) {
    throw new VipLookupError(
      'the database is not an ordinary file; name one, or a path where one can be created',
    );
  }
}
