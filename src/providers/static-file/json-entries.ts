import { isPlainObject } from '../../plugin-api/index.js';
import { limitOfValue, MAX_DEPTH, MAX_ENTRY_BYTES, TOO_LARGE } from './entry-limits.js';
import type { LineProblems } from './line-problems.js';
import { LineFinder } from './line-finder.js';
import type { RawEntry } from './raw-entry.js';

const [QUOTE, BACKSLASH, COMMA, OPEN, CLOSE, OPEN_OBJECT, CLOSE_OBJECT] = [...Buffer.from('"\\,[]{}')];
/** Bytes looked at without a pause: about a millisecond. */
const PIECE_BYTES = 262_144;

/**
 * Reads the entries of a JSON list (UTF-8 without byte order mark) one by one, so that a long list neither holds the
 * event loop nor hides on which line a broken entry stands. What cannot be read is added to `problems`.
 */
export function* jsonEntries(bytes: Buffer, problems: LineProblems): Generator<RawEntry | undefined> {
  const scanner = new Scanner(bytes);
  const stop = (message: string) => problems.add(scanner.line(), '', message);
  while (!scanner.skipSpace()) yield undefined;
  if (scanner.byte !== OPEN) return stop('the file must be an array: [ { "number": …, "tier": … }, … ]');
  scanner.at++;
  while (!scanner.skipSpace()) yield undefined;
  while (scanner.byte !== CLOSE) {
    const start = scanner.at;
    const line = scanner.line();
    scanner.deepest = 0;
    while (!scanner.skipValue()) yield undefined;
    const { fields, problem } = readEntry(bytes.subarray(start, scanner.at), scanner.deepest);
    if (problem !== undefined) problems.add(line, '', problem);
    yield problem === undefined ? { line, fields } : undefined;
    while (!scanner.skipSpace()) yield undefined;
    if (scanner.byte === CLOSE) break;
    if (scanner.byte !== COMMA) return stop('a comma or ] is missing here; what follows was not read');
    scanner.at++;
    while (!scanner.skipSpace()) yield undefined;
    if (scanner.byte === CLOSE) stop('the last entry is followed by a comma; take it away');
  }
  scanner.at++;
  while (!scanner.skipSpace()) yield undefined;
  if (scanner.at < bytes.length) stop('there is text after the end of the array; take it away');
}

function readEntry(written: Buffer, depth: number): { fields?: unknown; problem?: string | undefined } {
  if (written.length > MAX_ENTRY_BYTES) return { problem: TOO_LARGE.text };
  if (depth > MAX_DEPTH) return { problem: TOO_LARGE.depth };
  try {
    const text = written.toString('utf8');
    const fields = JSON.parse(text) as unknown;
    return { fields: withNumberAsWritten(fields, text), problem: limitOfValue(fields) };
  } catch {
    return { problem: 'is not valid JSON; look for a missing comma, quote or bracket in this entry' };
  }
}

/** `3.58501E+11` is the number 358501000000 to JSON, and no longer says that a spreadsheet cut it. */
function withNumberAsWritten(fields: unknown, text: string): unknown {
  if (!isPlainObject(fields) || typeof fields['number'] !== 'number' || !/\d[.eE]/.test(text)) return fields;
  const asTexts = text.replace(/"(?:\\.|[^"\\])*"|-?\d[\d.eE+-]*/g, (token) =>
    token.startsWith('"') ? token : `"${token}"`,
  );
  return { ...fields, number: (JSON.parse(asTexts) as { number: string }).number };
}

/** Goes through the text of a list, piece by piece. */
class Scanner {
  at = 0;
  /** How many brackets were open at once in the value that was skipped last. */
  deepest = 0;
  readonly #lines: LineFinder;
  /** Of the value that is being skipped. */
  #depth = 0;
  #inText = false;

  constructor(private readonly bytes: Buffer) {
    this.#lines = new LineFinder(bytes);
  }

  get byte(): number | undefined {
    return this.bytes[this.at];
  }

  line(): number {
    return this.#lines.lineAt(this.at);
  }

  /** @returns false when it is to be called again, after a pause */
  skipSpace(): boolean {
    for (const end = this.at + PIECE_BYTES; this.at < end; this.at++) {
      const byte = this.bytes[this.at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return true;
    }
    this.line();
    return false;
  }

  /**
   * Goes behind the value that begins here: behind its last bracket, or to the comma or bracket that ends it.
   * @returns false when it is to be called again, after a pause
   */
  skipValue(): boolean {
    const { bytes } = this;
    const end = Math.min(this.at + PIECE_BYTES, bytes.length);
    let at = this.at;
    for (; at < end; at++) {
      const byte = bytes[at];
      if (this.#inText) {
        if (byte === BACKSLASH) at++;
        else if (byte === QUOTE) this.#inText = false;
      } else if (byte === QUOTE) {
        this.#inText = true;
      } else if (byte === OPEN || byte === OPEN_OBJECT) {
        this.deepest = Math.max(this.deepest, ++this.#depth);
      } else if (byte === CLOSE || byte === CLOSE_OBJECT) {
        if (this.#depth === 0) return this.#stopAt(at);
        if (--this.#depth === 0) return this.#stopAt(at + 1);
      } else if (byte === COMMA && this.#depth === 0) {
        return this.#stopAt(at);
      }
    }
    this.#stopAt(Math.min(at, bytes.length));
    if (this.at === bytes.length) return true;
    this.line();
    return false;
  }

  #stopAt(at: number): true {
    this.at = at;
    return true;
  }
}
