import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Who else may change a file's content: everybody, or an owner who is neither root nor the user that runs the
 * service. Links are followed, and folders in which the file could be replaced are checked, too.
 * @returns a predicate with the cure; `undefined` if nobody else may, or if that is unknown, for example because the
 *   file does not exist
 */
export function changeableByOthers(path: string): string | undefined {
  const target = attempt(() => realpathSync(path));
  if (target === undefined) return undefined;
  const folders = new Set([dirname(target), attempt(() => realpathSync(dirname(resolve(path))))]);
  const ofFolder = (folder = dirname(target)): string | undefined => {
    const who = othersWhoMayWrite(folder);
    return who && `can be replaced: it is in ${folder}, which ${who}`;
  };
  return othersWhoMayWrite(target) ?? [...folders].map(ofFolder).find((problem) => problem !== undefined);
}

/**
 * @returns a predicate with the cure; `undefined` if only its owner may read the file, or if that is unknown, for
 *   example because the file does not exist
 */
export function readableByOthers(path: string): string | undefined {
  const mode = attempt(() => statSync(path))?.mode ?? 0;
  if ((mode & 0o077) === 0) return undefined;
  return `may be read by other users of this machine (mode ${octal(mode)}); chmod 600 ${path}`;
}

function othersWhoMayWrite(path: string): string | undefined {
  const stats = attempt(() => statSync(path));
  if (stats === undefined) return undefined;
  const { mode, uid } = stats;
  const isSticky = (mode & constants.S_IFMT) === constants.S_IFDIR && (mode & 0o1000) !== 0;
  if ((mode & constants.S_IWOTH) !== 0 && !isSticky && !isReadOnly(path)) {
    return `may be written by every user of this machine (mode ${octal(mode)}); chmod o-w ${path}`;
  }
  if (uid === 0 || uid === (process.geteuid?.() ?? uid)) return undefined;
  return `belongs to user ${uid}, who is neither root nor the user that runs the service; chown root ${path}`;
}

/**
 * On a file system that is mounted read-only, as Kubernetes ConfigMaps are; the mode of their folders looks as if
 * everybody could write.
 */
function isReadOnly(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EROFS';
  }
}

/** Nothing if it fails: the code that reads the file reports the error, and a warning must not stop the start. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}
