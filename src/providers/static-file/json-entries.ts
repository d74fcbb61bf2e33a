import { isPlainObject } from '../../plugin-api/index.js';
import { MAX_DEPTH, MAX_ENTRY_BYTES, sizeOfValue, TOO_LARGE } from './entry-limits.js';
import { repeatedKey } from './json-keys.js';
import type { RepeatedKey } from './json-keys.js';
import { LineFinder } from './line-finder.js';
import type { RawEntry } from './raw-entry.js';
import type { Remarks } from './line-problems.js';

const [QUOTE, BACKSLASH, COMMA, COLON, OPEN, CLOSE, OPEN_OBJECT, CLOSE_OBJECT] = [
  ...Buffer.from('"\\,:[]{}'),
];
/** Bytes looked at without a pause: about a millisecond. */
const PIECE_BYTES = 262_144;

/** Where the list stands in the answer of an API: Microsoft Graph, HubSpot, Google, Salesforce, Zendesk, Pipedrive … */
const LIST_KEYS = new Set(
  'value results connections records contacts items data users people entries members persons rows'.split(
    ' ',
  ),
);

/** True for what is no list of records but an answer that has a list in it. */
export function isJsonAnswer(bytes: Buffer): boolean {
  return /^\s*\{/.test(bytes.toString('latin1', 0, 1_024));
}

/**
 * Reads the entries of a JSON list (UTF-8 without byte order mark) one by one, so that a long list neither holds the
 * event loop nor hides on which line a broken entry stands. What cannot be read is added to `problems`; what is too large, or has a
 * key twice, is left out.
 * @param asWritten all numbers as texts, since any of them may be a telephone number; and the list may stand in an answer
 */
export function* jsonEntries(
  bytes: Buffer,
  { problems, leftOut }: Pick<Remarks, 'problems' | 'leftOut'>,
  asWritten = false,
): Generator<RawEntry | undefined, void> {
  const scanner = new Scanner(bytes);
  const stop = (message: string) => problems.add(scanner.line(), '', message);
  while (!scanner.skipSpace()) yield undefined;
  const isAnswer = asWritten && scanner.byte === OPEN_OBJECT;
  const listKey = isAnswer ? yield* goToList(scanner) : undefined;
  if (scanner.byte !== OPEN) return stop('the file must be an array: [ { "number": …, "tier": … }, … ]');
  scanner.at++;
  while (!scanner.skipSpace()) yield undefined;
  while (scanner.byte !== CLOSE) {
    const start = scanner.at;
    const line = scanner.line();
    while (!scanner.skipValue()) yield undefined;
    const { fields, limit, problem, repeated } = readEntry(
      bytes.subarray(start, scanner.at),
      scanner,
      asWritten,
    );
    if (limit !== undefined) leftOut.add(line, '', limit);
    if (problem !== undefined) problems.add(line, '', problem);
    if (repeated !== undefined) leftOut.add(line + repeated.line - 1, repeated.key, repeated.message);
    yield limit === undefined && problem === undefined && repeated === undefined
      ? { line, fields }
      : undefined;
    while (!scanner.skipSpace()) yield undefined;
    if (scanner.byte === CLOSE) break;
    if (scanner.byte !== COMMA) return stop('a comma or ] is missing here; what follows was not read');
    scanner.at++;
    while (!scanner.skipSpace()) yield undefined;
    if (scanner.byte === CLOSE) stop('the last entry is followed by a comma; take it away');
  }
  scanner.at++;
  while (!scanner.skipSpace()) yield undefined;
  if (isAnswer) return yield* tellSecondList(scanner, listKey, problems);
  if (scanner.at < bytes.length) stop('there is text after the end of the array; take it away');
}

/**
 * Goes to the bracket that opens the list in an answer; somewhere else where there is none.
 * @returns the key of the list
 */
function* goToList(scanner: Scanner): Generator<undefined, string | undefined> {
  while (scanner.byte === OPEN_OBJECT || scanner.byte === COMMA) {
    yield undefined;
    scanner.at++;
    while (!scanner.skipSpace()) yield undefined;
    const key = scanner.key();
    if (key === undefined) return undefined;
    if (LIST_KEYS.has(key)) {
      if (scanner.byte === OPEN) return key;
      if (scanner.byte === OPEN_OBJECT) continue;
    }
    while (!scanner.skipValue()) yield undefined;
    while (!scanner.skipSpace()) yield undefined;
  }
  return undefined;
}

/** Of two lists under one key, only the first is read. */
function* tellSecondList(
  scanner: Scanner,
  listKey: string | undefined,
  problems: Remarks['problems'],
): Generator<undefined, void> {
  while (scanner.byte === COMMA) {
    scanner.at++;
    while (!scanner.skipSpace()) yield undefined;
    const line = scanner.line();
    const key = scanner.key();
    if (key === undefined) return;
    if (key === listKey) problems.add(line, key, 'is written twice; put all entries into one list');
    while (!scanner.skipValue()) yield undefined;
    while (!scanner.skipSpace()) yield undefined;
  }
}

interface ReadEntry {
  readonly fields?: unknown;
  readonly limit?: string | undefined;
  readonly problem?: string;
  readonly repeated?: RepeatedKey | undefined;
}

/** @param colons that are in no text: one for each key */
function readEntry(
  written: Buffer,
  { deepest, colons }: Pick<Scanner, 'deepest' | 'colons'>,
  asWritten: boolean,
): ReadEntry {
  if (written.length > MAX_ENTRY_BYTES) return { limit: TOO_LARGE.text };
  if (deepest > MAX_DEPTH) return { limit: TOO_LARGE.depth };
  try {
    const text = written.toString('utf8');
    const fields = JSON.parse(asWritten ? withNumbersAsTexts(text) : text) as unknown;
    const { limit, names } = sizeOfValue(fields);
    if (limit !== undefined) return { limit };
    const repeated = names < colons ? repeatedKey(text) : undefined;
    return { fields: withNumberAsWritten(fields, text), repeated };
  } catch {
    return { problem: 'is not valid JSON; look for a missing comma, quote or bracket in this entry' };
  }
}

/** `3.58501E+11` is the number 358501000000 to JSON, and no longer says that a spreadsheet cut it. */
function withNumberAsWritten(fields: unknown, text: string): unknown {
  if (!isPlainObject(fields) || typeof fields['number'] !== 'number' || !/\d[.eE]/.test(text)) return fields;
  return { ...fields, number: (JSON.parse(withNumbersAsTexts(text)) as { number: string }).number };
}

function withNumbersAsTexts(text: string): string {
  return text.replace(/"(?:\\.|[^"\\])*"|-?\d[\d.eE+-]*/g, (token) =>
    token.startsWith('"') ? token : `"${token}"`,
  );
}

/** Goes through the text of a list, piece by piece. */
class Scanner {
  at = 0;
  /** How many brackets were open at once in the value that was skipped last. */
  deepest = 0;
  /** How many colons were in no text of that value. */
  colons = 0;
  readonly #lines: LineFinder;
  /** Of the value that is being skipped. */
  #depth = 0;
  #inText = false;
  #isInValue = false;

  constructor(private readonly bytes: Buffer) {
    this.#lines = new LineFinder(bytes);
  }

  get byte(): number | undefined {
    return this.bytes[this.at];
  }

  line(): number {
    return this.#lines.lineAt(this.at);
  }

  /** The key of a property that begins here, and goes to its value. */
  key(): string | undefined {
    const text = this.bytes.toString('latin1', this.at, this.at + 512);
    const [written, key] = /^"((?:[^"\\]|\\.)*)"\s*:\s*/.exec(text) ?? [];
    this.at += written?.length ?? 0;
    return key;
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
    if (!this.#isInValue) {
      this.#isInValue = true;
      this.deepest = 0;
      this.colons = 0;
    }
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
      } else if (byte === COLON) {
        this.colons++;
      }
    }
    if (at >= bytes.length) return this.#stopAt(bytes.length);
    this.at = at;
    this.line();
    return false;
  }

  #stopAt(at: number): true {
    this.at = at;
    this.#isInValue = false;
    return true;
  }
}
