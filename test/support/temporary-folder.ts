import { afterAll } from '@jest/globals';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryFolder {
  readonly path: (name: string) => string;
  readonly remove: () => Promise<void>;
}

export function temporaryFolder(): TemporaryFolder {
  const folder = mkdtempSync(join(tmpdir(), 'smartrouting-test-'));
  return {
    path: (name) => join(folder, name),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A folder that is removed when the tests of this file, or of this block, have run. */
export function withTemporaryFolder(): TemporaryFolder {
  const folder = temporaryFolder();
  afterAll(() => folder.remove());
  return folder;
}
