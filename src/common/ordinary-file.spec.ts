import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOrdinaryFile, readOrdinaryFileSync } from './ordinary-file.js';

const MAX_BYTES = 2 * 1024 * 1024;
const NOT_READ = 'and only ordinary files are read; put its content into one';

let folder: string;
const server = createServer();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ordinary-file-'));
  await writeFile(join(folder, 'text'), 'text');
  await writeFile(join(folder, 'empty'), '');
  await writeFile(join(folder, 'full'), Buffer.alloc(MAX_BYTES, 'x'));
  await writeFile(join(folder, 'large'), '');
  await truncate(join(folder, 'large'), MAX_BYTES + 1);
  await symlink('text', join(folder, 'link'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  await symlink('pipe', join(folder, 'link-to-pipe'));
  server.listen(join(folder, 'socket'));
  await once(server, 'listening');
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});

const waiting = (path: string, maxBytes = MAX_BYTES) => readOrdinaryFile(path, maxBytes);
const atOnce = async (path: string, maxBytes = MAX_BYTES) =>
  Promise.resolve(readOrdinaryFileSync(path, maxBytes));

describe.each([
  ['read at once', atOnce],
  ['read while others work', waiting],
])('a file %s', (_, read) => {
  it.each([
    ['text', 'text'],
    ['link', 'text'],
    ['empty', ''],
  ])('gives the content of %s', async (name, content) => {
    expect((await read(join(folder, name))).toString()).toBe(content);
  });

  it('is read to its last byte', async () => {
    expect((await read(join(folder, 'full'))).equals(Buffer.alloc(MAX_BYTES, 'x'))).toBe(true);
  });

  it('may be one of the kernel, which does not say how long it is, within the limit', async () => {
    expect((await read('/proc/self/status', MAX_BYTES)).toString()).toContain('Name:');
    await expect(read('/proc/self/status', 1_024 / 64)).rejects.toMatchObject({ name: 'OrdinaryFileError' });
  });

  it('takes room as it goes on where it does not say how long it is', async () => {
    const content = await read('/proc/self/smaps', 256 * 1024 * 1024);
    expect(content.length).toBeGreaterThan(16 * 1024);
    expect(content.buffer.byteLength).toBeLessThan(2 * content.length + 1);
    for (const line of content.toString().trimEnd().split('\n')) {
      expect(line).toMatch(/^(?:[0-9a-f]+-[0-9a-f]+ |\w+: )/);
    }
  });

  it.each([
    ['none', 'does not exist'],
    ['text/none', 'does not exist'],
    ['.', 'is a folder; name a file'],
    ['pipe', `is a named pipe (FIFO), ${NOT_READ}`],
    ['link-to-pipe', `is a named pipe (FIFO), ${NOT_READ}`],
    ['socket', `is a socket or a device, ${NOT_READ}`],
    ['/dev/zero', `is a device, ${NOT_READ}`],
    ['/dev/null', `is a device, ${NOT_READ}`],
    ['large', 'is larger than 2 MiB'],
  ])('is refused where %s %s', async (name, message) => {
    const path = name.startsWith('/') ? name : join(folder, name);
    await expect(read(path)).rejects.toMatchObject({ name: 'OrdinaryFileError', message });
  });
});

it('reading ends with its signal', async () => {
  const signal = AbortSignal.abort(new Error('closed'));
  await expect(readOrdinaryFile(join(folder, 'text'), MAX_BYTES, signal)).rejects.toThrow('closed');
});
