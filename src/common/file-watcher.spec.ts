import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
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
import { setTimeout as sleep } from 'node:timers/promises';
import { FileWatcher } from './file-watcher.js';

const POLL_MS = 25;

describe('a watched file', () => {
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

  function watching(file: string, pollMs = POLL_MS): FileWatcher {
    return new FileWatcher(file, pollMs, async () => {
      seen.push(await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => String(error.code)));
    });
  }

  async function until(content: string): Promise<void> {
    const giveUpAt = Date.now() + 10_000;
    while (seen.at(-1) !== content && Date.now() < giveUpAt) await sleep(5);
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
    watcher = watching(path, 300);
    await watcher.start();
    const parts = Array.from({ length: 100 }, (_, at) => `part ${at} `);
    await writeFile(path, '');
    for (const part of parts) {
      await appendFile(path, part);
      // Far less than the time between two looks, so that no two looks see the same.
      await sleep(10);
    }
    await until(parts.join(''));
    expect(seen).toEqual(['one', parts.join('')]);
  });

  it('is handed over once more when its time stamp was too fresh to be trusted', async () => {
    await writeFile(path, 'one');
    await watcher.start();
    await untilCount(2);
    await sleep(POLL_MS * 4);
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
    await untilCount(2);
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
    await writeFile(path, 'two');
    while (calls < 2) await sleep(5);
    let hasStopped = false;
    const stopping = watcher.stop().then(() => (hasStopped = true));
    await sleep(POLL_MS);
    expect(hasStopped).toBe(false);
    release();
    await stopping;
    await writeFile(path, 'three');
    await sleep(POLL_MS * 4);
    expect(calls).toBe(2);
  });

  async function untilCount(count: number): Promise<void> {
    const giveUpAt = Date.now() + 10_000;
    while (seen.length < count && Date.now() < giveUpAt) await sleep(5);
    expect(seen).toHaveLength(count);
  }
});
