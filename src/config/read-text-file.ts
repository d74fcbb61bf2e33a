import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';

/** What a file holds, or the sentence part that says why it cannot be used (`does not exist`). */
export type TextFile =
  | { readonly text: string; readonly problem?: undefined }
  | { readonly problem: string; readonly text?: undefined };

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EACCES: 'may not be read by the user that runs the service (EACCES)',
  EISDIR: 'is a folder',
};

/**
 * Reads a small UTF-8 text file, links followed.
 * @param path absolute
 * @param maxBytes a larger file is refused without being read
 */
export function readTextFile(path: string, maxBytes: number): TextFile {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const stat = fstatSync(file);
    if (stat.isDirectory()) return { problem: REASONS['EISDIR']! };
    if (!stat.isFile()) return { problem: 'is not an ordinary file' };
    if (stat.size > maxBytes) return { problem: `is larger than ${maxBytes / 1024} KiB` };
    const bytes = readFileSync(file);
    if (bytes.length > maxBytes) return { problem: `is larger than ${maxBytes / 1024} KiB` };
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    const code = (error as { code?: string }).code ?? '';
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return { problem: 'is not UTF-8 text' };
    return { problem: REASONS[code] ?? `cannot be read (${code || (error as Error).name})` };
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
