import iconv from 'iconv-lite';
import { nearName } from '../../plugin-api/index.js';
import { LineFinder } from './line-finder.js';
import { lineOfInvalidText } from './list-bytes.js';
import type { Pace } from './pace.js';

/** Bytes decoded in one go: some milliseconds at most. */
const PIECE_BYTES = 131_072;
/** So many bytes tell whether a text is UTF-16. */
const HEAD_BYTES = 4_096;
const UTF8_MARK = Buffer.from('efbbbf', 'hex');
const UTF16_MARKS = [
  [Buffer.from('fffe', 'hex'), 'utf-16le'],
  [Buffer.from('feff', 'hex'), 'utf-16be'],
] as const;
const WINDOWS = 'windows-1252';
/** What people's programs write, to name in messages. */
const EXAMPLES = [
  WINDOWS,
  'windows-1250',
  'windows-1251',
  'windows-1257',
  'iso-8859-1',
  'iso-8859-15',
  'utf-16le',
  'utf-16be',
  'cp437',
  'cp850',
  'cp852',
  'macintosh',
  'koi8-r',
  'shift_jis',
  'euc-jp',
  'euc-kr',
  'gb18030',
  'big5',
];

/** A list as UTF-8, or why it cannot be read. */
export type DecodedText =
  | {
      /** UTF-8 without byte order mark. */
      readonly text: Buffer;
      /** What it was read as, such as `windows-1252`; `utf-8` when it was that. */
      readonly encoding: string;
    }
  | { readonly problem: string; readonly line: number };

export interface EncodingOptions {
  /** What a text is that has no byte order mark and is not UTF-8; a label that iconv-lite knows. */
  readonly encoding?: string | undefined;
  /** Whether Windows-1252 and UTF-16 need not be named. */
  readonly guessesEncoding?: boolean;
}

/** @returns what is wrong with the label of an encoding, as a predicate with the cure */
export function encodingProblem(label: unknown): string | undefined {
  if (typeof label === 'string' && iconv.encodingExists(label)) return undefined;
  const near = nearName(String(label), EXAMPLES);
  const meant = near === undefined ? '' : ` Did you mean ${near}?`;
  return `is not an encoding that can be read.${meant} For example: ${EXAMPLES.join(', ')}`;
}

/** Reads the text of a list: by its byte order mark, else as UTF-8, else as it is said or clear to be. */
export async function decodeText(bytes: Buffer, options: EncodingOptions, pace: Pace): Promise<DecodedText> {
  const mark = UTF16_MARKS.find(([mark]) => bytes.subarray(0, 2).equals(mark));
  if (mark !== undefined) return transcoded(bytes.subarray(2), mark[1], options, pace);
  const isMarked = bytes.subarray(0, 3).equals(UTF8_MARK);
  const content = isMarked ? bytes.subarray(3) : bytes;
  const wide = isMarked ? undefined : utf16WithoutMark(content);
  const badLine = wide === undefined ? await lineOfInvalidText(content, pace) : 1;
  if (badLine === undefined) return { text: content, encoding: 'utf-8' };
  const label = isMarked ? undefined : await labelOf(content, wide, options, pace);
  if (label !== undefined) return transcoded(content, label, options, pace);
  return unreadable(badLine, 'UTF-8', options, wide);
}

/** What to read text as that is not UTF-8 and has no byte order mark; `undefined` when that is not clear. */
async function labelOf(
  bytes: Buffer,
  wide: string | undefined,
  { encoding, guessesEncoding = false }: EncodingOptions,
  pace: Pace,
): Promise<string | undefined> {
  if (encoding !== undefined && (wide === undefined || isUtf16(encoding))) return encoding;
  if (!guessesEncoding) return undefined;
  return wide ?? ((await hasUtf8Letters(bytes, pace)) ? undefined : WINDOWS);
}

async function transcoded(
  bytes: Buffer,
  label: string,
  options: EncodingOptions,
  pace: Pace,
): Promise<DecodedText> {
  const isWide = isUtf16(label);
  // Single surrogates, or else what has no meaning in the encoding and what nobody means to write.
  const wrong = isWide ? /[\ud800-\udfff]/u : /[\ufffd\u0080-\u009f]/;
  const pieces: Buffer[] = [];
  let length = 0;
  let badOffset = Infinity;
  for (const piece of decoded(bytes, label)) {
    if (pace.isDue) await pace.makeWay();
    const bad = wrong.exec(piece);
    if (bad !== null) badOffset = Math.min(badOffset, length + Buffer.byteLength(piece.slice(0, bad.index)));
    pieces.push(Buffer.from(piece));
    length += pieces.at(-1)!.length;
  }
  const text = await joined(pieces, length, pace);
  if (isWide && bytes.length % 2 === 1) badOffset = Math.min(badOffset, length);
  if (badOffset === Infinity) return { text, encoding: label };
  return unreadable(await lineOf(badOffset, text, pace), label, options);
}

/** In pieces that end with a whole character. */
function* decoded(bytes: Buffer, label: string): Generator<string> {
  const decoder = iconv.getDecoder(label);
  let kept = '';
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    const text = kept + decoder.write(bytes.subarray(at, at + PIECE_BYTES));
    kept = /[\ud800-\udbff]$/.exec(text)?.[0] ?? '';
    yield text.slice(0, text.length - kept.length);
  }
  yield kept + (decoder.end() ?? '');
}

/** As `Buffer.concat`, which would hold the event loop for as long as it takes. */
async function joined(pieces: readonly Buffer[], length: number, pace: Pace): Promise<Buffer> {
  const all = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const piece of pieces) {
    if (pace.isDue) await pace.makeWay();
    at += piece.copy(all, at);
  }
  return all;
}

async function lineOf(offset: number, text: Buffer, pace: Pace): Promise<number> {
  const lines = new LineFinder(text);
  for (let at = 0; at < offset; at += PIECE_BYTES) {
    if (pace.isDue) await pace.makeWay();
    lines.lineAt(at);
  }
  return lines.lineAt(offset);
}

/** What is UTF-16 has a zero in every other byte of its digits, separators and line ends. */
function utf16WithoutMark(bytes: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  const zeros = [0, 0];
  const length = Math.min(bytes.length, HEAD_BYTES);
  if (length < 4) return undefined;
  for (let at = 0; at < length; at++) if (bytes[at] === 0) zeros[at % 2]!++;
  const [even = 0, odd = 0] = zeros;
  if (Math.max(even, odd) < length / 8 || Math.min(even, odd) > Math.max(even, odd) / 4) return undefined;
  return odd > even ? 'utf-16le' : 'utf-16be';
}

function isUtf16(label: string): boolean {
  return /^(?:utf16|ucs2)/.test(label.toLowerCase().replace(/[^a-z\d]/g, ''));
}

/**
 * `Ã¤` and the like: letters of Latin, Greek and Cyrillic in UTF-8, which hardly make sense in Windows-1252, where Ä, Å, Î, Ï, Ð
 * and Ñ may stand before a quotation mark or a dash. Such a text is damaged, or two in one.
 */
const UTF8_LETTERS =
  /\xc3[\x80-\xbf]|[\xc4\xc5\xce-\xd1](?![\x82-\x85\x8b\x91-\x97\x99\x9b\xa0\xab\xae\xb4\xbb])[\x80-\xbf]/;

async function hasUtf8Letters(bytes: Buffer, pace: Pace): Promise<boolean> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    if (pace.isDue) await pace.makeWay();
    if (UTF8_LETTERS.test(bytes.toString('latin1', at, at + PIECE_BYTES))) return true;
  }
  return false;
}

/** @param likely what it may be, for the one who is to say it */
function unreadable(
  line: number,
  expected: string,
  { guessesEncoding = false }: EncodingOptions,
  likely: string = WINDOWS,
): DecodedText {
  const write = (label: string) => (guessesEncoding ? `--encoding ${label}` : `encoding: ${label}`);
  const others = EXAMPLES.filter((label) => label !== likely).join(', ');
  const naming = `say what it is, for example ${write(likely)} (others are ${others})`;
  return {
    line,
    problem: `is not ${expected} text; save the file with the encoding UTF-8 (in Excel: "CSV UTF-8"), or ${naming}`,
  };
}
