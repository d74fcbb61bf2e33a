import { afterAll, beforeAll } from '@jest/globals';
import { Database } from '../../src/database/database.js';
import { DatabaseStates } from '../../src/store/database-states.js';
import { temporaryFolder } from './temporary-folder.js';
import type { TemporaryFolder } from './temporary-folder.js';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A folder for the suite's SQLite files, and instances of the service that keep their state, all closed at its end. */
export function withStates(): {
  /** The path of a file in the folder. */
  readonly path: (name: string) => string;
  /** What one process of the service has. */
  readonly instance: (url: string, leaseMs?: number) => DatabaseStates;
} {
  let folder: TemporaryFolder | undefined;
  const open: DatabaseStates[] = [];
  beforeAll(async () => {
    folder = temporaryFolder();
  });
  afterAll(async () => {
    await Promise.all(open.map((states) => states.close()));
    await folder?.remove();
  });
  return {
    path: (name) => folder!.path(name),
    instance: (url, leaseMs) => {
      const states = new DatabaseStates(new Database(url), SILENT, leaseMs);
      open.push(states);
      return states;
    },
  };
}
