import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { OrdinaryFileError, readOrdinaryFile } from './ordinary-file.js';

/** Larger files, such as lists, are not read again just for this. */
const MAX_READ_BYTES = 1024 * 1024;

/** Tells versions of some files apart by what they hold; of large ones by size and time. */
export async function contentVersion(paths: Iterable<string>): Promise<string> {
  const versions = await Promise.all(
    [...paths].sort().map(async (path) => `${path} ${await versionOf(path)}`),
  );
  return createHash('sha256').update(versions.join('\n')).digest('hex');
}

async function versionOf(path: string): Promise<string> {
  try {
    return createHash('sha256')
      .update(await readOrdinaryFile(path, MAX_READ_BYTES))
      .digest('hex');
  } catch (error) {
    if (!(error instanceof OrdinaryFileError)) throw error;
    const found = await stat(path).catch(() => undefined);
    return found === undefined ? error.message : `${found.ino} ${found.size} ${found.mtimeMs}`;
  }
}
