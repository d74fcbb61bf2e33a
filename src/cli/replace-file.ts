import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, open, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { CliError } from './output.js';

const PIECE_CHARACTERS = 65_536;
/** Names of what is already open, such as standard error. */
const OPEN_ALREADY = /^\/(?:dev\/(?:std|fd\/)|proc\/)/;
/** As on Linux. */
const MAX_LINKS = 40;

const BESIDE =
  'The existing file is unchanged. A new file is written beside it and then replaces it: the folder must be writable, with room for both, and the file itself must not be a mount point';
const IN_PLACE = 'Its content may be incomplete. Name an ordinary file, which is replaced as a whole';

/**
 * Writes texts to a new file, which replaces the existing one only when all of it is on disk: if anything goes wrong,
 * the old file stays. Links are followed, even to a path where no file exists yet. A pipe or device, such as
 * /dev/stderr, is written to directly.
 * @param mode of the new file; by default only its owner may read it
 * @returns whether there is a new file
 * @throws CliError that says why it cannot be written
 */
export async function replaceFile(
  path: string,
  texts: AsyncIterable<string> | readonly string[],
  mode = 0o600,
): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) throw new CliError(`${path} is a folder. Name a file.`);
  if (OPEN_ALREADY.test(resolve(path)) || (found && !found.isFile())) {
    await write(() => open(path, 'w'), texts, telling(path, IN_PLACE));
    return false;
  }
  const told = telling(path, BESIDE);
  const target = await told(() => targetOf(path, found !== undefined));
  const beside = join(dirname(target), `.${basename(target)}.${randomBytes(4).toString('hex')}.part`);
  try {
    await write(() => open(beside, 'wx', mode), texts, told);
    await told(() => rename(beside, target));
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  return true;
}

/** The file behind links, and its folder, which is created if it is missing. */
async function targetOf(path: string, isThere: boolean): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const target = await pathBehindLinks(path);
  if (isThere) await access(target, constants.W_OK);
  return target;
}

/**
 * The path that symbolic links lead to, whether there is a file or not.
 * @throws if its folder does not exist (ENOENT), or the links are circular (ELOOP)
 */
export async function pathBehindLinks(path: string): Promise<string> {
  let at = path;
  for (let links = 0; links <= MAX_LINKS; links++) {
    const folder = await realpath(dirname(at));
    at = join(folder, basename(at));
    const next = await readlink(at).catch(() => undefined);
    if (next === undefined) return at;
    // Not `resolve`: if folders are links, only the file system knows what .. means.
    at = isAbsolute(next) ? next : `${folder}/${next}`;
  }
  throw Object.assign(new Error('too many symbolic links'), { code: 'ELOOP' });
}

/** Tells people what a step on a file fails with. */
type Told = <T>(step: () => Promise<T>) => Promise<T>;

function telling(path: string, cure: string): Told {
  return (step) =>
    step().catch(({ code, name }: NodeJS.ErrnoException) => {
      throw new CliError(`${path} cannot be written (${code ?? name}). ${cure}.`);
    });
}

/** What the texts themselves fail with is thrown as it is. */
async function write(
  opening: () => Promise<FileHandle>,
  texts: AsyncIterable<string> | readonly string[],
  told: Told,
): Promise<void> {
  const file = await told(opening);
  try {
    let piece = '';
    for await (const text of texts) {
      piece += text;
      if (piece.length < PIECE_CHARACTERS) continue;
      await told(() => file.writeFile(piece));
      piece = '';
    }
    await told(() => file.writeFile(piece));
    if ((await file.stat()).isFile()) await told(() => file.sync());
  } finally {
    await file.close();
  }
}
