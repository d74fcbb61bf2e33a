import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const manifest = createRequire(import.meta.url)('../../package.json') as { version: string };
/** Written by the build, scripts/build-id.mjs. */
const BUILD_FILE = new URL('../build.json', import.meta.url);

export const VERSION = manifest.version;

export const UNKNOWN_COMMIT = 'unknown';
/**
 * What the service was built from: the commit, with `-dirty` when files were changed after it; `unknown` when it was not
 * built in a checkout and nobody named it.
 */
export const COMMIT = readCommit();

function readCommit(): string {
  // Sources that have not been built, as the tests run them.
  if (!existsSync(BUILD_FILE)) return UNKNOWN_COMMIT;
  return (JSON.parse(readFileSync(BUILD_FILE, 'utf8')) as { commit: string }).commit;
}
