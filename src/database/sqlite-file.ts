import { closeSync, openSync, statSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type Libsql from 'libsql';
import { VipLookupError } from '../plugin-api/index.js';
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

/** So many may be closed and still have their file open. */
const MAX_UNCOLLECTED = 8;
const COLLECT_MS = 1_000;
/** A collection holds up every call. */
const COLLECT_APART_MS = 60_000;

let uncollected = 0;
let timer: NodeJS.Timeout | undefined;

/**
 * libsql lets go of a file only when the statements that were prepared on it are garbage, and a service that hardly does anything
 * but reload has too little of that for V8 to look. Waits a moment: there may be many in a row.
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
