import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { OrdinaryFileError, readOrdinaryFile, VipLookupError } from '../../plugin-api/index.js';
import type { Pace } from './pace.js';
import { LineFinder } from './line-finder.js';

export const MAX_FILE_BYTES = 256 * 1024 * 1024;
/** Bytes looked at in one go: about a millisecond. */
const PIECE_BYTES = 512 * 1024;

/**
 * The content of a list.
 * @param name what the file is called in messages
 * @throws VipLookupError when there is no such file, or it may not be read, is not an ordinary one, or is larger than 256 MiB
 */
export async function readListBytes(path: string, name: string, signal?: AbortSignal): Promise<Buffer> {
  try {
    return await readOrdinaryFile(path, MAX_FILE_BYTES, signal);
  } catch (error) {
    throw error instanceof OrdinaryFileError ? new VipLookupError(`${name} ${error.message}`) : error;
  }
}

/** Tells one content from another. */
export async function digestOf(bytes: Buffer, pace: Pace): Promise<string> {
  const hash = createHash('sha256');
  for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
    if (pace.isDue) await pace.makeWay();
    hash.update(bytes.subarray(from, from + PIECE_BYTES));
  }
  return hash.digest('hex');
}

/** The line on which the first text stands that is not UTF-8; `undefined` when all of it is. */
export async function lineOfInvalidText(bytes: Buffer, pace: Pace): Promise<number | undefined> {
  const lines = new LineFinder(bytes);
  for (let from = 0; from < bytes.length;) {
    if (pace.isDue) await pace.makeWay();
    const end = startOfCharacter(bytes, from + PIECE_BYTES);
    if (!isUtf8(bytes.subarray(from, end))) return lines.lineAt(startOfInvalidLine(bytes, from, end));
    lines.lineAt(from);
    from = end;
  }
  return undefined;
}

/** The offset, or up to three before it, at which no character is cut in two. */
function startOfCharacter(bytes: Buffer, offset: number): number {
  if (offset >= bytes.length) return bytes.length;
  for (let at = offset; at > offset - 4; at--) if ((bytes[at]! & 0b1100_0000) !== 0b1000_0000) return at;
  return offset;
}

function startOfInvalidLine(bytes: Buffer, from: number, end: number): number {
  for (let start = from; ;) {
    const lineEnd = bytes.indexOf(0x0a, start);
    if (lineEnd === -1 || lineEnd >= end || !isUtf8(bytes.subarray(start, lineEnd))) return start;
    start = lineEnd + 1;
  }
}
