import type { Stats } from 'node:fs';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/**
 * A file cannot be used. The message is a predicate whose subject is the file's name, with the cure if there is one:
 * `does not exist`.
 * @since 0.2.0
 */
export class OrdinaryFileError extends Error {
  override readonly name = 'OrdinaryFileError';

  /** @param isMissing there is no file of this name */
  constructor(
    message: string,
    readonly isMissing = false,
  ) {
    super(message);
  }
}

/** Opening a pipe that nobody writes to would wait forever, in a thread of Node's that cannot be interrupted. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'may not be read by the user that runs the service (EACCES)',
  EPERM: 'may not be read by the user that runs the service (EPERM)',
  // The errors from opening a socket, or a device without a driver.
  ENXIO: 'is a socket or a device, and only ordinary files are read; put its content into one',
};
/** Bytes that are read at once, so that an abort is noticed. */
const PIECE_BYTES = 512 * 1024;

/**
 * Reads a file; links are followed. Pipes, devices, sockets and folders are refused: reading them may never end, and
 * block the process.
 * @param maxBytes a larger file is refused
 * @param signal aborts the reading; then its reason is thrown
 * @throws OrdinaryFileError
 * @since 0.2.0
 */
export async function readOrdinaryFile(
  path: string,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<Buffer> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, FLAGS);
    const bytes = roomFor(await file.stat(), maxBytes);
    let length = 0;
    for (let bytesRead = -1; bytesRead !== 0; length += bytesRead) {
      signal?.throwIfAborted();
      ({ bytesRead } = await file.read(bytes, length, Math.min(PIECE_BYTES, bytes.length - length)));
    }
    return contentOf(bytes, length, maxBytes);
  } catch (error) {
    throw signal?.aborted ? error : asProblem(error);
  } finally {
    await file?.close();
  }
}

/**
 * As `readOrdinaryFile`, synchronously; for small files.
 * @since 0.2.0
 */
export function readOrdinaryFileSync(path: string, maxBytes: number): Buffer {
  let file: number | undefined;
  try {
    file = openSync(path, FLAGS);
    const bytes = roomFor(fstatSync(file), maxBytes);
    let length = 0;
    for (let bytesRead = -1; bytesRead !== 0; length += bytesRead) {
      bytesRead = readSync(file, bytes, length, bytes.length - length, null);
    }
    return contentOf(bytes, length, maxBytes);
  } catch (error) {
    throw asProblem(error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** What a path names if it is not an ordinary file, as a predicate with the cure; `undefined` for an ordinary one. */
export function notOrdinary(stat: Stats): string | undefined {
  if (stat.isFile()) return undefined;
  if (stat.isDirectory()) return 'is a folder; name a file';
  const kind = stat.isFIFO() ? 'a named pipe (FIFO)' : stat.isSocket() ? 'a socket' : 'a device';
  return `is ${kind}, and only ordinary files are read; put its content into one`;
}

/** Kernel files report a size of 0 although they have content, some of it endless. Memory that is never written to costs nothing. */
function roomFor(stat: Stats, maxBytes: number): Buffer {
  const problem = notOrdinary(stat) ?? (stat.size > maxBytes ? tooLarge(maxBytes) : undefined);
  if (problem !== undefined) throw new OrdinaryFileError(problem);
  return Buffer.allocUnsafeSlow(stat.size || maxBytes + 1);
}

function contentOf(bytes: Buffer, length: number, maxBytes: number): Buffer {
  if (length > maxBytes) throw new OrdinaryFileError(tooLarge(maxBytes));
  return length === bytes.length ? bytes : Buffer.from(bytes.subarray(0, length));
}

function tooLarge(maxBytes: number): string {
  const kibibytes = maxBytes / 1024;
  return `is larger than ${kibibytes < 1024 ? `${kibibytes} KiB` : `${kibibytes / 1024} MiB`}`;
}

function asProblem(error: unknown): unknown {
  if (error instanceof OrdinaryFileError) return error;
  const { code = '', name } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') return new OrdinaryFileError('does not exist', true);
  return new OrdinaryFileError(REASONS[code] ?? `cannot be read (${code || name})`);
}
