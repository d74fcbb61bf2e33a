import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { replaceFile } from './replace-file.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'replace-file-'));
  path = join(folder, 'backup.csv');
});
afterEach(() => rm(folder, { recursive: true }));

async function* texts(...all: readonly (string | Error)[]): AsyncGenerator<string> {
  for (const one of all) {
    if (typeof one !== 'string') throw one;
    yield await Promise.resolve(one);
  }
}

describe('a file that is written', () => {
  it('is made with its folders, for its owner alone', async () => {
    const deep = join(folder, 'not/there/yet.csv');
    expect(await replaceFile(deep, texts('a', 'b'))).toBe(true);
    expect(await readFile(deep, 'utf8')).toBe('ab');
    expect((await stat(deep)).mode & 0o777).toBe(0o600);
  });

  it('takes the place of an old one, whose wider rights it does not take over', async () => {
    await writeFile(path, 'old and longer');
    await chmod(path, 0o644);
    await replaceFile(path, texts('new'));
    expect(await readFile(path, 'utf8')).toBe('new');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['backup.csv']);
  });

  it.each([
    ['at once', texts(new Error('unreadable'))],
    ['half way', texts('x'.repeat(200_000), new Error('unreadable'))],
  ])('leaves the old one where it fails %s, and nothing beside it', async (_, failing) => {
    await writeFile(path, 'old');
    await expect(replaceFile(path, failing)).rejects.toThrow('unreadable');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['backup.csv']);
  });

  it('is not seen before it is complete', async () => {
    await writeFile(path, 'old');
    async function* looking(): AsyncGenerator<string> {
      yield 'x'.repeat(200_000);
      expect(await readFile(path, 'utf8')).toBe('old');
    }
    await replaceFile(path, looking());
    expect((await stat(path)).size).toBe(200_000);
  });

  it('is the one that a link leads to, and the link stays', async () => {
    await mkdir(join(folder, 'store'));
    await writeFile(join(folder, 'store/real.csv'), 'old');
    await symlink('store/real.csv', path);
    await replaceFile(path, texts('new'));
    expect((await lstat(path)).isSymbolicLink()).toBe(true);
    expect(await readFile(join(folder, 'store/real.csv'), 'utf8')).toBe('new');
  });

  it('is made where a link leads to none yet, over further links and folders that are links', async () => {
    await mkdir(join(folder, 'store/deep'), { recursive: true });
    await symlink('store/deep', join(folder, 'short'));
    await symlink('short/../second.csv', path);
    await symlink(join(folder, 'store/real.csv'), join(folder, 'store/second.csv'));
    await replaceFile(path, texts('new'));
    expect((await lstat(path)).isSymbolicLink()).toBe(true);
    expect((await lstat(join(folder, 'store/second.csv'))).isSymbolicLink()).toBe(true);
    expect(await readFile(join(folder, 'store/real.csv'), 'utf8')).toBe('new');
  });

  it.each([
    ['to a folder that is not there', 'not/there.csv', 'ENOENT'],
    ['to itself', 'backup.csv', 'ELOOP'],
  ])('is refused where a link leads %s', async (_, to, code) => {
    await symlink(to, path);
    await expect(replaceFile(path, texts('new'))).rejects.toMatchObject({
      name: 'CliError',
      message: expect.stringContaining(
        `${path} cannot be written (${code}). The existing file is unchanged.`,
      ),
    });
    expect(await readdir(folder)).toEqual(['backup.csv']);
  });

  it('has the mode that is asked for', async () => {
    await writeFile(path, 'old', { mode: 0o600 });
    await replaceFile(path, ['a', 'b'], 0o644);
    expect(await readFile(path, 'utf8')).toBe('ab');
    expect((await stat(path)).mode & 0o777).toBe(0o644 & ~process.umask());
  });

  it('may be a pipe, which stays one', async () => {
    execFileSync('mkfifo', [path]);
    const [isNew, read] = await Promise.all([replaceFile(path, texts('a', 'b')), readFile(path, 'utf8')]);
    expect({ isNew, read }).toEqual({ isNew: false, read: 'ab' });
    expect((await stat(path)).isFIFO()).toBe(true);
  });

  it('is refused where it cannot be', async () => {
    await expect(replaceFile(folder, texts('a'))).rejects.toMatchObject({
      name: 'CliError',
      message: `${folder} is a folder. Name a file.`,
    });
    await writeFile(path, 'old');
    await expect(replaceFile(join(path, 'x.csv'), texts('a'))).rejects.toMatchObject({
      name: 'CliError',
      message: expect.stringMatching(/x\.csv cannot be written \(E\w+\)\. The existing file is unchanged\./),
    });
    await expect(replaceFile('/dev/full', texts('a'))).rejects.toMatchObject({
      name: 'CliError',
      message:
        '/dev/full cannot be written (ENOSPC). Its content may be incomplete. Name an ordinary file, which is replaced as a whole.',
    });
  });

  it('is refused with a cure where it cannot take the place of the old one', async () => {
    await writeFile(path, 'old');
    async function* hindering(): AsyncGenerator<string> {
      yield 'new';
      await rm(path);
      await mkdir(path);
    }
    await expect(replaceFile(path, hindering())).rejects.toMatchObject({
      name: 'CliError',
      message: `${path} cannot be written (EISDIR). The existing file is unchanged. A new file is written beside it and then replaces it: the folder must be writable, with room for both, and the file itself must not be a mount point.`,
    });
    expect(await readdir(folder)).toEqual(['backup.csv']);
  });
});
