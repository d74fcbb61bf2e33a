import iconv from 'iconv-lite';
import type { Pace } from '../pace.js';

const [LINE_FEED, CARRIAGE_RETURN, SPACE, TAB, EQUALS] = [0x0a, 0x0d, 0x20, 0x09, 0x3d];
const FIRST_OF_SEVERAL = 0b1100_0000;
/** Longer lines are photographs and keys; what is behind it is dropped. */
const MAX_LINE_BYTES = 16_384;
const PROPERTY = /^\s*(?:([\w-]+)\.)?([\w-]+)((?:;(?:"[^"]*"|[^";:])*)*):/;
const QUOTED_PRINTABLE = /[;=]QUOTED-PRINTABLE[;:]/i;

/** One property of a vCard: `item1.TEL;TYPE=work:+358501234501`. */
export interface VcardProperty {
  /** Line on which it begins, from 1. */
  readonly line: number;
  /** What stands before the dot: properties with the same one belong together. */
  readonly group: string | undefined;
  /** In capitals. */
  readonly name: string;
  /** `TYPE=work`, or in version 2.1 only `WORK`; without quotes. */
  readonly parameters: readonly string[];
  /** Decoded, but for the backslashes. */
  readonly value: string;
}

/**
 * The properties in a file of vCards, of any version: folded lines are joined, and quoted-printable is decoded. What is no
 * property has the name `''`. Yields `undefined` where work that takes long may pause.
 * @param bytes UTF-8; quoted-printable text may have a CHARSET of its own
 */
export function* vcardProperties(bytes: Buffer): Generator<VcardProperty | undefined> {
  let line = 0;
  let pieces: Buffer[] = [];
  let length = 0;
  let first = 0;
  let isQuoted = false;
  let feed = -1;
  for (let at = 0; at <= bytes.length;) {
    // Looked for only behind the last one: a file may have none at all.
    if (feed < at) feed = indexOrEnd(bytes, LINE_FEED, at);
    const end = at + indexOrEnd(bytes.subarray(at, feed), CARRIAGE_RETURN, 0);
    const written = bytes.subarray(at, end);
    at = bytes[end] === CARRIAGE_RETURN && bytes[end + 1] === LINE_FEED ? end + 2 : end + 1;
    line++;
    const isFolded = pieces.length > 0 && (written[0] === SPACE || written[0] === TAB);
    if (isFolded || isQuoted) {
      if (isQuoted) dropSoftBreak(pieces);
      if (length < MAX_LINE_BYTES) pieces.push(isFolded ? written.subarray(1) : written);
    } else {
      if (pieces.length > 0) yield propertyIn(Buffer.concat(pieces), first);
      pieces = [written];
      length = 0;
      first = line;
    }
    length += written.length;
    if (length > MAX_LINE_BYTES) yield undefined;
    isQuoted = written.at(-1) === EQUALS && QUOTED_PRINTABLE.test(pieces[0]!.toString('latin1', 0, 200));
  }
  if (pieces.length > 0) yield propertyIn(Buffer.concat(pieces), first);
}

/** Some programs fold lines in the middle of a letter: the fold is put before it, so that the text can be decoded. */
export async function withWholeLetters(bytes: Buffer, pace: Pace): Promise<Buffer> {
  let mended = bytes;
  for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1)) {
    if (pace.isDue) await pace.makeWay();
    const isFold = bytes[at + 1] === SPACE || bytes[at + 1] === TAB;
    if (!isFold || !isInsideLetter(bytes[at + 2])) continue;
    const end = bytes[at - 1] === CARRIAGE_RETURN ? at - 1 : at;
    let start = end;
    while (end - start < 3 && isInsideLetter(bytes[start - 1])) start--;
    if (start === 0 || bytes[start - 1]! < FIRST_OF_SEVERAL) continue;
    if (mended === bytes) mended = Buffer.from(bytes);
    const letter = bytes.subarray(start - 1, end);
    bytes.copy(mended, start - 1, end, at + 2);
    letter.copy(mended, at + 2 - letter.length);
  }
  return mended;
}

/** Of several bytes that are one letter in UTF-8, one that is not the first. */
function isInsideLetter(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0b1100_0000) === 0b1000_0000;
}

function indexOrEnd(bytes: Buffer, byte: number, from: number): number {
  const at = bytes.indexOf(byte, from);
  return at === -1 ? bytes.length : at;
}

function dropSoftBreak(pieces: Buffer[]): void {
  const last = pieces.at(-1)!;
  if (last.at(-1) === EQUALS) pieces[pieces.length - 1] = last.subarray(0, -1);
}

function propertyIn(written: Buffer, line: number): VcardProperty {
  const text = written.subarray(0, MAX_LINE_BYTES).toString('utf8');
  // Of blanks alone, the expression would try each.
  const [head, group, name, after = ''] = text.trim() === '' ? [] : (PROPERTY.exec(text) ?? []);
  if (head === undefined || name === undefined) {
    return { line, group: undefined, name: '', parameters: [], value: text.trim() };
  }
  const parameters = (after.match(/;(?:"[^"]*"|[^";])*/g) ?? []).map((each) =>
    each.slice(1).replaceAll('"', '').trim(),
  );
  const value = text.slice(head.length);
  return { line, group, name: name.toUpperCase(), parameters, value: decoded(value, parameters) };
}

function decoded(value: string, parameters: readonly string[]): string {
  if (!parameters.some((each) => /^(?:ENCODING=)?(?:QUOTED-PRINTABLE|Q)$/i.test(each))) return value;
  const charset = parameters.map((each) => /^CHARSET=(.+)$/i.exec(each)?.[1]).find(Boolean) ?? 'utf-8';
  const bytes = Buffer.from(
    // Each character that is not ASCII is written as its bytes, so that they are not mistaken for others.
    Buffer.from(value.replace(/=\s*$/, ''), 'utf8')
      .toString('latin1')
      .replace(/=([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))),
    'latin1',
  );
  return iconv.encodingExists(charset) ? iconv.decode(bytes, charset) : bytes.toString('utf8');
}

/** The parts of a value between separators that are not escaped. */
export function partsOf(value: string, separator: ',' | ';'): string[] {
  const parts: string[] = [''];
  for (let at = 0; at < value.length; at++) {
    const character = value[at]!;
    if (character === '\\' && at + 1 < value.length) parts[parts.length - 1] += character + value[++at]!;
    else if (character === separator) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts.map(unescaped);
}

/** Text as people see it. */
export function unescaped(value: string): string {
  return value.replace(/\\(.)/gs, (_, character: string) => (/n/i.test(character) ? '\n' : character)).trim();
}
