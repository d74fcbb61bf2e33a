import { Parser } from 'csv-parse';
import { MAX_ENTRY_BYTES, TOO_LARGE } from './entry-limits.js';

/** What is parsed in one go: some milliseconds at most, whatever the rows are. */
const CHUNK_BYTES = 8_192;
/** What is looked at in one go of a row that is not read: a millisecond at most. */
const SKIPPED_BYTES = 262_144;
const TOO_LONG = 'CSV_MAX_RECORD_SIZE';

const SYNTAX: Readonly<Record<string, string>> = {
  INVALID_OPENING_QUOTE:
    'has a double quote inside a cell that does not begin with one; put the whole cell in double quotes and double those inside',
  CSV_INVALID_CLOSING_QUOTE:
    'has text after the closing double quote of a cell; double the quotes inside a quoted cell',
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE:
    'has text after the closing double quote of a cell; double the quotes inside a quoted cell',
  CSV_QUOTE_NOT_CLOSED: 'has a double quote that is never closed',
  [TOO_LONG]: `is longer than ${MAX_ENTRY_BYTES} bytes; a double quote may be left open`,
};

export interface Row {
  readonly cells: readonly string[];
  /** Offset of the first byte behind the row. */
  readonly end: number;
  /** Why it has no cells: the limit that it passes. */
  readonly limit?: string;
}

/** How rows are written. */
export interface RowSyntax {
  readonly delimiter: string;
  /** Whether a double quote in the middle of a cell is part of its text; else it is an error. */
  readonly relaxQuotes?: boolean;
}

/**
 * The rows of a CSV file, in batches. Rejects at broken quoting, with the parser's error and after the rows before it. Of a row
 * that is too long only the end is told, where it ends with its line; where a cell goes on behind that, nobody can tell what is one.
 */
export async function* rowsOf(bytes: Buffer, syntax: RowSyntax): AsyncGenerator<readonly Row[]> {
  for (let start = 0; start < bytes.length;) {
    const { end, failure } = yield* rowsBehind(bytes, start, syntax);
    if (failure === undefined) return;
    const isTooLong = (failure as { code?: string }).code === TOO_LONG;
    const behind = isTooLong ? yield* endOfWholeLine(bytes, end) : undefined;
    if (behind === undefined) throw failure;
    yield [{ cells: [], end: behind, limit: TOO_LARGE.text }];
    start = behind;
  }
}

/** @returns where the last row ends, and why the next one cannot be read */
async function* rowsBehind(
  bytes: Buffer,
  start: number,
  syntax: RowSyntax,
): AsyncGenerator<readonly Row[], { end: number; failure?: Error | undefined }> {
  const parser = new RowParser(syntax, start);
  let failure: Error | undefined;
  const failed = (error: Error | null | undefined) => (failure ??= error ?? undefined);
  parser.on('error', failed);
  const settled = (start: (done: (error?: Error | null) => void) => void) =>
    new Promise<void>((resolve) => {
      start((error) => {
        failed(error);
        resolve();
      });
    });
  let isQuoted = false;
  for (let at = start; at < bytes.length && failure === undefined; at += CHUNK_BYTES) {
    const chunk = withoutFormulas(bytes, at, at + CHUNK_BYTES, syntax.delimiter, isQuoted);
    isQuoted = isQuoted !== hasOddQuotes(bytes, at, at + CHUNK_BYTES);
    await settled((done) => parser.write(chunk, done));
    yield parser.rows.splice(0);
  }
  if (failure === undefined) await settled((done) => parser.end(done));
  yield parser.rows;
  return { end: parser.lastEnd, failure };
}

/** The offset behind the line that begins there; `undefined` where a quoted cell goes on in the next one. */
function* endOfWholeLine(bytes: Buffer, start: number): Generator<readonly Row[], number | undefined> {
  let isQuoted = false;
  for (let at = start; at < bytes.length; at += SKIPPED_BYTES) {
    const length = lengthOfLine(bytes.subarray(at, at + SKIPPED_BYTES));
    isQuoted = isQuoted !== hasOddQuotes(bytes, at, at + (length ?? SKIPPED_BYTES));
    if (length !== undefined) return isQuoted ? undefined : at + length + 1;
    yield [];
  }
  return isQuoted ? undefined : bytes.length;
}

/** `undefined` where it has no end. */
function lengthOfLine(bytes: Buffer): number | undefined {
  const ends = [bytes.indexOf('\n'), bytes.indexOf('\r')].filter((end) => end !== -1);
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/** What is wrong with a row at which `rowsOf` rejects; `undefined` when the error is of another kind. */
export function syntaxProblem(error: unknown): string | undefined {
  return SYNTAX[(error as { code?: string }).code ?? ''];
}

export function isBlank(cells: readonly string[]): boolean {
  return cells.every((cell) => cell.trim() === '');
}

const FORMULA = Buffer.from('="');
const [BLANK, QUOTE] = [...Buffer.from(' "')];

/**
 * The bytes from `from` to `to`. `="0501231234"` is how programs make a spreadsheet keep a zero: a quoted cell behind a sign,
 * which becomes a blank.
 * @param isQuoted whether `from` is inside a quoted cell, where such text is only text
 */
function withoutFormulas(
  bytes: Buffer,
  from: number,
  to: number,
  delimiter: string,
  isQuoted: boolean,
): Buffer {
  const written = bytes.subarray(from, to);
  const reach = bytes.subarray(from, to + 1);
  let at = reach.indexOf(FORMULA);
  if (at === -1) return written;
  const chunk = Buffer.from(written);
  let [isInside, seen] = [isQuoted, from];
  for (; at !== -1; at = reach.indexOf(FORMULA, at + 1)) {
    isInside = isInside !== hasOddQuotes(bytes, seen, from + at);
    seen = from + at;
    if (!isInside && isFormula(bytes, seen, delimiter)) chunk[at] = BLANK!;
  }
  return chunk;
}

/** Each quoted cell has two, and two for each one in its text. */
function hasOddQuotes(bytes: Buffer, from: number, to: number): boolean {
  let isOdd = false;
  const end = Math.min(to, bytes.length);
  for (let at = from; at < end; at++) if (bytes[at] === QUOTE) isOdd = !isOdd;
  return isOdd;
}

/** Whether a whole cell begins there, with nothing behind its closing quote. */
function isFormula(bytes: Buffer, at: number, delimiter: string): boolean {
  const close = bytes.indexOf(QUOTE!, at + FORMULA.length) + 1;
  const before = bytes.toString('utf8', Math.max(0, at - delimiter.length), at);
  const behind = bytes.toString('utf8', close, close + delimiter.length);
  const isEnd = (text: string) => text === '' || text === delimiter || /[\r\n]/.test(text);
  return close > 0 && isEnd(before) && isEnd(behind);
}

class RowParser extends Parser {
  readonly rows: Row[] = [];
  /** Offset behind the last row. */
  lastEnd: number;

  constructor(
    { delimiter, relaxQuotes = false }: RowSyntax,
    private readonly start: number,
  ) {
    super({
      delimiter,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      relax_quotes: relaxQuotes,
      trim: true,
      max_record_size: MAX_ENTRY_BYTES,
    });
    this.lastEnd = start;
  }

  /** Collects the rows here: a stream that fails drops those not yet handed over, and `on_record` takes twice the time. */
  override push(cells: readonly string[] | null): boolean {
    if (cells === null) return super.push(null);
    this.lastEnd = this.start + this.info.bytes;
    this.rows.push({ cells, end: this.lastEnd });
    // Else it makes an error of each row that has not as many cells as the first, which takes ten times what the row does.
    (this.info as { records: number }).records = 0;
    return true;
  }
}
