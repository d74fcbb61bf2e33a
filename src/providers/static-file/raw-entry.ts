import type { JsonObject } from '../../plugin-api/index.js';

/** One entry of a list as it was written, not yet checked. Readers yield `undefined` where work without an entry may pause. */
export interface RawEntry {
  /** Line on which the entry begins, from 1. */
  readonly line: number;
  /** The fields of a record; anything else is reported as a problem. */
  readonly fields: unknown;
  /** Attributes written in columns of their own. */
  readonly attributes?: JsonObject;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Tells the line of a byte; asked for places in ascending order. */
export class LineFinder {
  #offset = 0;
  #line = 1;
  constructor(private readonly bytes: Buffer) {}

  lineAt(offset: number): number {
    for (; this.#offset < offset; this.#offset++) {
      const byte = this.bytes[this.#offset];
      if (byte === LINE_FEED || (byte === CARRIAGE_RETURN && this.bytes[this.#offset + 1] !== LINE_FEED)) {
        this.#line++;
      }
    }
    return this.#line;
  }
}
