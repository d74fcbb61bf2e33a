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
