import { write, writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

/** Characters that may wait for a slow reader; lines beyond that are dropped. */
const MAX_WAITING = 16 * 1024 * 1024;
/** Size of one write: Docker reads lines in pieces of this size. */
const PIECE_CHARACTERS = 16 * 1024;
/** How long lines are collected after a write. One write for each line is a tenth of the cost of a call that asks a CRM. */
const COLLECT_MS = 10;
/** Pause after a failure, before the next attempt. */
const PAUSE_MS = 500;
/** Pause while a non-blocking reader has no room. */
const BUSY_MS = 100;
/** How long the exit tries to write the rest. */
const EXIT_LIMIT_MS = 1_000;

const LINE_FEED = 0x0a;
const END_OF_LINE = Buffer.from('\n');
const isBusy = (code: string | undefined): boolean => code === 'EAGAIN' || code === 'EBUSY';
/** There may be room again in a moment. */
const isFull = (code: string | undefined): boolean => code === 'ENOSPC' || code === 'EDQUOT';

/**
 * Writes log lines to a file descriptor. No call waits for this: while lines are being written, new ones are
 * collected. A failure never throws and is never logged, because that would cause the next one. Lost lines are
 * counted, and writing resumes when possible. See docs/adr/0030-log-lines-are-written-here.md.
 */
export class LogOutput implements DestinationStream {
  readonly #waiting: string[] = [];
  #waitingCharacters = 0;
  /** The unwritten rest of the current piece. */
  #piece: Buffer | undefined;
  /** A write or a pause after it is in progress. */
  #isBusy = false;
  #isInFlight = false;
  #isFailing = false;
  /** The last write ended in the middle of a line whose rest is lost. */
  #isTorn = false;
  readonly #flushed: (() => void)[] = [];

  /**
   * @param dropped is called with the number of lost lines
   * @param send writes some of the bytes and returns how many; Node's function except in tests
   */
  constructor(
    private readonly descriptor: number,
    private readonly dropped: (lines: number) => void,
    private readonly send: typeof write = write,
  ) {}

  write(line: string): void {
    if (this.#waitingCharacters + line.length > MAX_WAITING) return this.dropped(1);
    const last = this.#waiting.length - 1;
    if (last >= 0 && this.#waiting[last]!.length + line.length <= PIECE_CHARACTERS)
      this.#waiting[last] += line;
    else this.#waiting.push(line);
    this.#waitingCharacters += line.length;
    if (!this.#isBusy) this.#writeNext();
  }

  /** Calls back when every line so far has been written, or cannot be. */
  flush(done: () => void): void {
    if (this.#isFailing || (this.#piece === undefined && this.#waiting.length === 0)) done();
    else this.#flushed.push(done);
  }

  /** Writes as much of the rest as possible when the process exits. */
  end(): void {
    // Another thread is writing the current piece; Node waits for it.
    const left = [
      this.#isInFlight ? undefined : this.#piece,
      ...this.#waiting.map((text) => Buffer.from(text)),
    ];
    const endMs = performance.now() + EXIT_LIMIT_MS;
    for (let bytes of left) {
      while (bytes !== undefined && bytes.length > 0) {
        try {
          bytes = bytes.subarray(writeSync(this.descriptor, bytes));
        } catch (error) {
          if (!isBusy((error as NodeJS.ErrnoException).code) || performance.now() > endMs) return;
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_MS / 10);
        }
      }
    }
  }

  #writeNext(): void {
    this.#piece = this.#isTorn ? END_OF_LINE : this.#takePiece();
    this.#isBusy = this.#piece !== undefined;
    if (this.#piece === undefined) this.#settle();
    else this.#writePiece(this.#piece);
  }

  #takePiece(): Buffer | undefined {
    const text = this.#waiting.shift();
    if (text === undefined) return undefined;
    this.#waitingCharacters -= text.length;
    return Buffer.from(text);
  }

  #writePiece(bytes: Buffer): void {
    this.#isInFlight = true;
    this.send(this.descriptor, bytes, (error, written) => {
      this.#isInFlight = false;
      if (error !== null) return this.#failed(error.code, bytes);
      this.#isFailing = false;
      if (written > 0) this.#isTorn = bytes[written - 1] !== LINE_FEED;
      if (written < bytes.length) return this.#writePiece((this.#piece = bytes.subarray(written)));
      this.#piece = undefined;
      if (this.#waiting.length > 1) return this.#writeNext();
      if (this.#waiting.length === 0) this.#settle();
      setTimeout(() => this.#writeNext(), COLLECT_MS).unref();
    });
  }

  #failed(code: string | undefined, bytes: Buffer): void {
    if (isBusy(code)) return void setTimeout(() => this.#writePiece(bytes), BUSY_MS).unref();
    if (this.#isFailing || !isFull(code)) this.#giveUp();
    this.#isFailing = true;
    this.#settle();
    setTimeout(
      () => (this.#piece === undefined ? this.#writeNext() : this.#writePiece(this.#piece)),
      PAUSE_MS,
    ).unref();
  }

  #giveUp(): void {
    const lines = (bytes: Buffer): number =>
      bytes.reduce((sum, byte) => sum + (byte === LINE_FEED ? 1 : 0), 0);
    const piece = this.#piece === END_OF_LINE || this.#piece === undefined ? 0 : lines(this.#piece);
    const lost = this.#waiting.reduce((sum, text) => sum + lines(Buffer.from(text)), piece);
    this.#waiting.length = this.#waitingCharacters = 0;
    this.#piece = undefined;
    this.dropped(lost);
  }

  #settle(): void {
    for (const done of this.#flushed.splice(0)) done();
  }
}
