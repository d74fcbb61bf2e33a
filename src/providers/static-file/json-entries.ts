import type { LineProblems } from './line-problems.js';
import { LineFinder } from './raw-entry.js';
import type { RawEntry } from './raw-entry.js';

const [QUOTE, BACKSLASH, COMMA, OPEN, CLOSE, OPEN_OBJECT, CLOSE_OBJECT] = [...Buffer.from('"\\,[]{}')];

/**
 * Reads the entries of a JSON list (UTF-8 without byte order mark) one by one, so that a long list neither holds the
 * event loop nor hides on which line a broken entry stands. What cannot be read is added to `problems`.
 */
export function* jsonEntries(bytes: Buffer, problems: LineProblems): Generator<RawEntry> {
  const lines = new LineFinder(bytes);
  const stop = (at: number, message: string) => problems.add(lines.lineAt(at), '', message);
  let at = skipSpace(bytes, 0);
  if (bytes[at] !== OPEN) return stop(at, 'the file must be an array: [ { "number": …, "tier": … }, … ]');
  at = skipSpace(bytes, at + 1);
  while (bytes[at] !== CLOSE) {
    const end = endOfValue(bytes, at);
    const line = lines.lineAt(at);
    const fields = parseValue(bytes.toString('utf8', at, end));
    if (fields === undefined) {
      problems.add(line, '', 'is no valid JSON; look for a missing comma, quote or bracket in this entry');
    } else {
      yield { line, fields };
    }
    at = skipSpace(bytes, end);
    if (bytes[at] === CLOSE) break;
    if (bytes[at] !== COMMA) return stop(at, 'a comma or ] is missing here; what follows was not read');
    at = skipSpace(bytes, at + 1);
    if (bytes[at] === CLOSE) stop(at, 'the last entry is followed by a comma; take it away');
  }
  at = skipSpace(bytes, at + 1);
  if (at < bytes.length) stop(at, 'there is text after the end of the array; take it away');
}

/** `undefined` when the text is no JSON: no JSON value reads as `undefined`. */
function parseValue(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at++;
  return at;
}

/** The place behind a value that begins at `from`: behind its last bracket, or at the comma or bracket that ends it. */
function endOfValue(bytes: Buffer, from: number): number {
  let depth = 0;
  let inText = false;
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at];
    if (inText) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) {
      inText = true;
    } else if (byte === OPEN || byte === OPEN_OBJECT) {
      depth++;
    } else if (byte === CLOSE || byte === CLOSE_OBJECT) {
      if (depth === 0) return at;
      if (--depth === 0) return at + 1;
    } else if (byte === COMMA && depth === 0) {
      return at;
    }
  }
  return bytes.length;
}
