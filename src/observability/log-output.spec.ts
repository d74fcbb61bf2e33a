import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, rmSync, mkdtempSync } from 'node:fs';
import type { write } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../test/support/eventually.js';
import { holdTimeouts } from '../../test/support/held-timeouts.js';
import { LogOutput } from './log-output.js';

let lost: number;
const dropped = (lines: number): void => void (lost += lines);
beforeEach(() => {
  lost = 0;
  holdTimeouts();
});
afterEach(() => {
  jest.useRealTimers();
});
const pause = (): void => void jest.advanceTimersByTime(500);

/** As log-output.ts collects lines after a write. */
const COLLECT_MS = 10;
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn++) await new Promise((done) => setImmediate(done));
};

/** A place to write to with room for so many bytes, or a fault, that a test changes. */
class Place {
  room = Infinity;
  fault: string | undefined;
  text = '';
  writes = 0;
  readonly output = new LogOutput(-1, dropped, ((
    _: number,
    bytes: Buffer,
    done: (error: NodeJS.ErrnoException | null, written: number) => void,
  ) => {
    this.writes++;
    const written = Math.min(this.room, bytes.length);
    const code = this.fault ?? (written === 0 && bytes.length > 0 ? 'ENOSPC' : undefined);
    if (code !== undefined) {
      setImmediate(done, Object.assign(new Error(code), { code }), 0);
      return;
    }
    this.room -= written;
    this.text += bytes.toString('utf8', 0, written);
    setImmediate(done, null, written);
  }) as unknown as typeof write);

  /** Until nothing moves any more. */
  async rest(): Promise<void> {
    for (let before = -1; before !== this.writes;) {
      before = this.writes;
      await turns();
      jest.advanceTimersByTime(COLLECT_MS);
      await turns();
    }
  }
}

describe('log lines', () => {
  it('are written in their order, those that come meanwhile together', async () => {
    const place = new Place();
    for (const line of ['a\n', 'b\n', 'c\n']) place.output.write(line);
    await place.rest();
    expect(place).toMatchObject({ text: 'a\nb\nc\n', writes: 2 });
    place.output.write(`${'d'.repeat(20_000)}\n`);
    place.output.write('e\n');
    await place.rest();
    expect(place.text.endsWith('d\ne\n')).toBe(true);
    expect(lost).toBe(0);
  });

  it('after one that is written at once leave together, although each comes in a turn of its own', async () => {
    const place = new Place();
    const flushed = jest.fn();
    for (const line of ['a\n', 'b\n', 'c\n']) {
      place.output.write(line);
      await turns();
    }
    expect(place).toMatchObject({ text: 'a\n', writes: 1 });
    place.output.flush(flushed);
    expect(flushed).not.toHaveBeenCalled();
    jest.advanceTimersByTime(COLLECT_MS);
    await turns();
    expect(place).toMatchObject({ text: 'a\nb\nc\n', writes: 2 });
    expect(flushed).toHaveBeenCalledTimes(1);
    place.output.flush(flushed);
    expect(flushed).toHaveBeenCalledTimes(2);
  });

  it('wait for room on a full disk for a moment, and none is lost', async () => {
    const place = new Place();
    place.room = 3;
    for (const line of ['one\n', 'two\n']) place.output.write(line);
    await place.rest();
    place.room = Infinity;
    pause();
    await place.rest();
    expect(place.text).toBe('one\ntwo\n');
    expect(lost).toBe(0);
  });

  it('are counted as lost while a disk stays full, with two attempts a second, and written again when there is room', async () => {
    const place = new Place();
    place.room = 6;
    for (const line of ['one\n', 'two\n', 'three\n']) place.output.write(line);
    await place.rest();
    pause();
    await place.rest();
    expect({ text: place.text, lost }).toEqual({ text: 'one\ntw', lost: 2 });
    const { writes } = place;
    for (let line = 0; line < 100; line++) place.output.write('more\n');
    await place.rest();
    expect(place.writes).toBe(writes);
    pause();
    await place.rest();
    expect(place.writes).toBe(writes + 1);
    expect(lost).toBe(102);
    place.room = Infinity;
    place.output.write('four\n');
    pause();
    await place.rest();
    // The line that was torn has an end, so that the next one is a line of its own.
    expect(place.text).toBe('one\ntw\nfour\n');
    expect(lost).toBe(102);
  });

  it('of which too many wait are dropped and counted', async () => {
    const place = new Place();
    place.fault = 'EAGAIN';
    const long = `${'x'.repeat(1024 * 1024 - 1)}\n`;
    for (let line = 0; line < 20; line++) place.output.write(long);
    await place.rest();
    expect(lost).toBe(3);
    place.fault = undefined;
    jest.advanceTimersByTime(100);
    await place.rest();
    expect(place.text.length).toBe(17 * 1024 * 1024);
  });

  it.each(['EPIPE', 'EBADF', 'EIO', 'EFBIG'])('are lost, and counted, at once at %s', async (fault) => {
    const place = new Place();
    place.fault = fault;
    for (const line of ['one\n', 'two\n']) place.output.write(line);
    await place.rest();
    expect(lost).toBe(2);
  });

  it('hold up nobody who waits for them, whether they are written or cannot be', async () => {
    const place = new Place();
    const flushed = jest.fn();
    place.output.flush(flushed);
    expect(flushed).toHaveBeenCalledTimes(1);
    place.output.write('one\n');
    place.output.flush(flushed);
    expect(flushed).toHaveBeenCalledTimes(1);
    await place.rest();
    expect(flushed).toHaveBeenCalledTimes(2);
    place.fault = 'ENOSPC';
    place.output.write('two\n');
    place.output.flush(flushed);
    await place.rest();
    expect(flushed).toHaveBeenCalledTimes(3);
    place.output.flush(flushed);
    expect(flushed).toHaveBeenCalledTimes(4);
  });

  it('of a reader that is gone are lost, and those of the next reader read', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'log-output-'));
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    let reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const descriptor = openSync(path, constants.O_WRONLY);
    const output = new LogOutput(descriptor, dropped);
    closeSync(reader);
    output.write('one\n');
    await eventually(() => expect(lost).toBe(1));
    reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    output.write('two\n');
    const bytes = Buffer.alloc(100);
    let length = 0;
    await eventually(() => {
      pause();
      length = readSync(reader, bytes);
      expect(length).toBeGreaterThan(0);
    });
    expect(bytes.toString('utf8', 0, length)).toBe('two\n');
    closeSync(reader);
    closeSync(descriptor);
    rmSync(folder, { recursive: true });
  });

  it('on a full disk are no error of the process, at its exit neither', async () => {
    const descriptor = openSync('/dev/full', 'w');
    const output = new LogOutput(descriptor, dropped);
    output.write('one\n');
    await eventually(() => {
      pause();
      expect(lost).toBe(1);
    });
    output.write('two\n');
    output.end();
    closeSync(descriptor);
  });
});
