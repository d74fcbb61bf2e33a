import { OrdinaryFileError, readOrdinaryFileSync } from '../common/ordinary-file.js';

/** What a file holds, or the sentence part that says why it cannot be used (`does not exist`). */
export type TextFile =
  | { readonly text: string; readonly problem?: undefined }
  | { readonly problem: string; readonly text?: undefined };

/**
 * Reads a small UTF-8 text file, links followed.
 * @param path absolute
 * @param maxBytes a larger file is refused without being read
 */
export function readTextFile(path: string, maxBytes: number): TextFile {
  try {
    const bytes = readOrdinaryFileSync(path, maxBytes);
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    if (error instanceof OrdinaryFileError) return { problem: error.message };
    if ((error as { code?: string }).code !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error;
    return { problem: 'is not UTF-8 text' };
  }
}
