import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  appendFile,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../test/support/eventually.js';
import { pass, stopClocks } from '../../test/support/stopped-clock.js';
import { FileWatcher } from './file-watcher.js';

const POLL_MS = 25;
/** As many as it takes for a version whose time stamp was too fresh, which is looked at once more after 2 s. */
const MANY_LOOKS = 100;

describe('a watched file', () => {
  stopClocks();
  let directory: string;
  let path: string;
  let watcher: FileWatcher;
  let seen: string[];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'file-watcher-'));
    path = join(directory, 'list.csv');
    seen = [];
    watcher = watching(path);
  });
  afterEach(async () => {
    await watcher.stop();
    await rm(directory, { recursive: true });
  });

  function watching(file: string): FileWatcher {
    return new FileWatcher(file, POLL_MS, async () => {
      seen.push(await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => String(error.code)));
    });
  }

  /** One look at the file, from its timer to its end. */
  async function look(): Promise<void> {
    await pass(POLL_MS);
    await eventually(() => jest.getTimerCount() === 1);
  }

  async function until(content: string): Promise<void> {
    for (let looks = 0; seen.at(-1) !== content && looks < MANY_LOOKS; looks++) await look();
    expect(seen.at(-1)).toBe(content);
  }

  it('is handed over at the start, and when it is written to in place', async () => {
    await writeFile(path, 'one');
    await watcher.start();
    expect(seen).toEqual(['one']);
    await writeFile(path, 'two');
    await until('two');
    await appendFile(path, ' and more');
    await until('two and more');
  });

  it('is handed over when another file takes its place', async () => {
    await writeFile(path, 'one');
    await watcher.start();
    await writeFile(join(directory, 'new'), 'two');
    await rename(join(directory, 'new'), path);
    await until('two');
  });

  it('is handed over when a copy with the same size and time takes its place', async () => {
    await writeFile(path, 'one');
    await utimes(path, 1_700_000_000, 1_700_000_000);
    await watcher.start();
    await writeFile(join(directory, 'new'), 'two');
    await utimes(join(directory, 'new'), 1_700_000_000, 1_700_000_000);
    await rename(join(directory, 'new'), path);
    await until('two');
  });

  it('is handed over when the folder that a symbolic link names is swapped', async () => {
    for (const version of ['one', 'two']) {
      await mkdir(join(directory, version));
      await writeFile(join(directory, version, 'list.csv'), version);
    }
    await symlink('one', join(directory, 'current'));
    watcher = watching(join(directory, 'current', 'list.csv'));
    await watcher.start();
    await symlink('two', join(directory, 'next'));
    await rename(join(directory, 'next'), join(directory, 'current'));
    await until('two');
  });

  it('is handed over when it is deleted, and when it is back', async () => {
    await watcher.start();
    expect(seen).toEqual(['ENOENT']);
    await writeFile(path, 'one');
    await until('one');
    await rm(path);
    await until('ENOENT');
    await writeFile(path, 'one');
    await until('one');
  });

  it('is left alone while it is being written', async () => {
    await writeFile(path, 'one');
    await watcher.start();
    let written = '';
    for (const part of ['a', ' list', ' that', ' grows']) {
      await writeFile(path, (written += part));
      await look();
    }
    expect(seen).toEqual(['one']);
    await look();
    expect(seen).toEqual(['one', written]);
  });

  it('is handed over once more when its time stamp was too fresh to be trusted', async () => {
    await writeFile(path, 'one');
    await utimes(path, new Date(), new Date());
    await watcher.start();
    for (let looks = 0; looks < MANY_LOOKS; looks++) await look();
    expect(seen).toEqual(['one', 'one']);
  });

  it('is handed over again when it moved on while it was read', async () => {
    await writeFile(path, 'one');
    await utimes(path, 1_700_000_000, 1_700_000_000);
    await watcher.start();
    expect(await watcher.hasMovedOn()).toBe(false);
    await rename(path, join(directory, 'aside'));
    expect(await watcher.hasMovedOn()).toBe(true);
    await rename(join(directory, 'aside'), path);
    await look();
    await look();
    expect(seen).toEqual(['one', 'one']);
  });

  it('is no longer looked at when watching has stopped, whatever was under way', async () => {
    await writeFile(path, 'one');
    let release: () => void = () => undefined;
    let calls = 0;
    watcher = new FileWatcher(path, POLL_MS, () => {
      calls++;
      return calls === 1 ? Promise.resolve() : new Promise((resolve) => (release = resolve));
    });
    await watcher.start();
    await writeFile(path, 'another');
    await look();
    await pass(POLL_MS);
    await eventually(() => calls === 2);
    let hasStopped = false;
    const stopping = watcher.stop().then(() => (hasStopped = true));
    await new Promise(setImmediate);
    expect(hasStopped).toBe(false);
    release();
    await stopping;
    await writeFile(path, 'three');
    expect(jest.getTimerCount()).toBe(0);
    expect(calls).toBe(2);
  });
});
