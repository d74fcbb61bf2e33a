import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../', import.meta.url);

/** What is built of a source. @param source its path under `src`, without ending */
export function builtFile(source: string): string {
  return fileURLToPath(new URL(`dist/${source}.js`, ROOT));
}

/** So that nobody tests an old build by mistake. @throws when one of the sources has changed since */
export function assertBuilt(sources: readonly string[]): void {
  const builtMs = statSync(new URL('dist/.tsbuildinfo', ROOT), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const newer = sources
    .map((source) => `src/${source}.ts`)
    .find((file) => statSync(new URL(file, ROOT)).mtimeMs > builtMs);
  if (newer !== undefined) throw new Error(`${newer} is newer than dist; run npm run build first`);
}
