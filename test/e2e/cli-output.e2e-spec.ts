import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { link, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cli } from '../support/command-line.js';
import { recorder } from '../support/recorder.js';

let folder: string;
const inFolder = (name: string): string => join(folder, name);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smartrouting-output-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('export -o', () => {
  const database = (): string => `sqlite:${inFolder('self.db')}`;
  beforeEach(async () => {
    await writeFile(inFolder('list.csv'), 'number,tier\n+358501231234,gold\n');
    expect(
      (await cli(['import', inFolder('list.csv'), '--country', 'FI', '--database', database()])).code,
    ).toBe(0);
  });

  it.each<[string, () => Promise<string>]>([
    ['itself', async () => inFolder('self.db')],
    ['by another path', async () => `${folder}/../${folder.split('/').at(-1)}/./self.db`],
    [
      'by a symbolic link',
      async () => {
        await symlink('self.db', inFolder('link.csv'));
        return inFolder('link.csv');
      },
    ],
    [
      'by a hard link',
      async () => {
        await link(inFolder('self.db'), inFolder('hard.csv'));
        return inFolder('hard.csv');
      },
    ],
    ['by its name in /proc', async () => `/proc/self/root${inFolder('self.db')}`],
  ])('refuses to overwrite the database: %s', async (_, path) => {
    const output = await path();
    const before = await readFile(inFolder('self.db'));
    expect(await cli(['export', '--database', database(), '-o', output])).toEqual({
      code: 1,
      stdout: '',
      stderr: `${output} is the database that is exported, which the list would overwrite. Name another file.\n`,
    });
    expect((await readFile(inFolder('self.db'))).equals(before)).toBe(true);
  });

  it.each(['-wal', '-shm', '-journal'])(
    'refuses to overwrite the file %s of the database, there or not, behind a link to the database or not',
    async (suffix) => {
      await rm(inFolder(`self.db${suffix}`), { force: true });
      await symlink('self.db', inFolder('alias.db'));
      await symlink(`self.db${suffix}`, inFolder('dangling.csv'));
      for (const name of [`self.db${suffix}`, 'dangling.csv']) {
        for (const url of [database(), `sqlite:${inFolder('alias.db')}`]) {
          const { code, stderr } = await cli(['export', '--database', url, '-o', inFolder(name)]);
          expect({ code, stderr }).toEqual({
            code: 1,
            stderr: `${inFolder(name)} is a file of the database ${url.slice('sqlite:'.length)}, which the list would overwrite. Name another file.\n`,
          });
        }
      }
      await writeFile(inFolder('other.csv'), '');
      expect((await cli(['export', '--database', database(), '-o', inFolder('other.csv')])).code).toBe(0);
    },
  );
});

describe('a list that cannot be had', () => {
  it.each(['list.json', 'list.YAML', 'list.yml'])('is not written as CSV to %s', async (name) => {
    expect(await cli(['export', '--database', 'sqlite::memory:', '-o', inFolder(name)])).toEqual({
      code: 1,
      stdout: '',
      stderr: `export writes CSV, and ${inFolder(name)} would not be read as such. Name a file that ends in .csv.\n`,
    });
    await expect(stat(inFolder(name))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is told when standard output is on a full disk', async () => {
    const full = openSync('/dev/full', 'w');
    const child = spawn(
      process.execPath,
      [...recorder(), 'dist/cli/main.js', 'export', '--database', 'sqlite::memory:'],
      {
        stdio: ['ignore', full, 'pipe'],
      },
    );
    closeSync(full);
    let told = '';
    child.stderr!.on('data', (data: Buffer) => (told += data.toString()));
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(told).toBe('cannot write to standard output (ENOSPC); the command itself may have succeeded\n');
  });
});

describe('config schema -o', () => {
  it('writes the schema for everybody to read, in place of an older one', async () => {
    const path = inFolder('schema.json');
    await writeFile(path, 'x'.repeat(1_000_000));
    expect(await cli(['config', 'schema', '-o', path])).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await readFile(path, 'utf8')).toBe((await cli(['config', 'schema'])).stdout);
    expect((await stat(path)).mode & 0o777).toBe(0o644 & ~process.umask());
  });

  it('says why the file cannot be written, and what to do', async () => {
    expect(await cli(['config', 'schema', '-o', folder])).toEqual({
      code: 1,
      stdout: '',
      stderr: `${folder} is a folder. Name a file.\n`,
    });
    expect(await cli(['config', 'schema', '-o', '/dev/full'])).toEqual({
      code: 1,
      stdout: '',
      stderr:
        '/dev/full cannot be written (ENOSPC). Its content may be incomplete. Name an ordinary file, which is replaced as a whole.\n',
    });
  });
});
