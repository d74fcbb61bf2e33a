import { isBlank, rowsOf, syntaxProblem } from './csv-rows.js';
import { LineFinder } from './line-finder.js';
import type { Pace } from './pace.js';

/** A row of a table, from whatever file; cells may have blanks around them. */
export interface TableRow {
  /** Line of the file on which the row begins, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** A table as people have it in a file: perhaps a title, perhaps a header, and rows. */
export interface Table {
  /** The rows above the header that are not blank, such as a title. */
  readonly above: readonly TableRow[];
  /** Whether the first of `rows` is the header; else none of the first rows is one, and `above` is empty. */
  readonly hasHeader: boolean;
  /**
   * All others that are not blank, in batches; between two of them other work may be done.
   * Throws a TableError, behind the rows before it, where the table cannot be read further.
   */
  readonly rows: AsyncIterable<readonly TableRow[]>;
}

/** Why a table cannot be read further than it was, and how to mend it. */
export class TableError extends Error {
  override readonly name = 'TableError';
  constructor(
    /** Line on which the row that cannot be read begins, from 1. */
    readonly line: number,
    message: string,
  ) {
    super(message);
  }
}

/** How many rows, blank ones apart, may stand above a header. */
export const MAX_ROWS_ABOVE = 50;
/** A header begins and ends in so many bytes, or is only found in the first row. */
const HEAD_BYTES = 65_536;
const DELIMITERS = [',', ';', '\t', '|'] as const;

/**
 * A table in a text file (RFC 4180). What parts the cells is what a line `sep=;` at the top says, or what makes a header.
 * @param bytes UTF-8 without byte order mark
 * @param isHeader tells a header by its cells; the first row that is one counts
 */
export async function textTable(
  bytes: Buffer,
  isHeader: (cells: readonly string[]) => boolean,
  pace: Pace,
): Promise<Table> {
  const lines = new LineFinder(bytes);
  const { delimiter: named, end: top } = separatorLine(bytes);
  const delimiters = named === undefined ? DELIMITERS : [named, ...DELIMITERS];
  let header: Header | undefined;
  for (const delimiter of delimiters) {
    const found = await findHeader(bytes, top, delimiter, isHeader, pace);
    if (found !== undefined && (header === undefined || comesBefore(found, header))) header = found;
  }
  const above = (header?.above ?? []).map(({ start, cells }) => ({ line: lines.lineAt(start), cells }));
  const delimiter = header?.delimiter ?? named ?? mostFrequentDelimiter(bytes.subarray(top));
  return {
    above,
    hasHeader: header !== undefined,
    rows: rowsFrom(bytes, header?.start ?? top, delimiter, lines),
  };
}

async function* rowsFrom(
  bytes: Buffer,
  from: number,
  delimiter: string,
  lines: LineFinder,
): AsyncGenerator<readonly TableRow[]> {
  // The parser's own count takes CRLF inside a quoted cell for two lines; its byte offsets are right.
  let start = from;
  try {
    for await (const rows of rowsOf(bytes.subarray(from), { delimiter })) {
      const batch: TableRow[] = [];
      for (const { cells, end } of rows) {
        const line = lines.lineAt(start);
        start = from + end;
        if (!isBlank(cells)) batch.push({ line, cells });
      }
      yield batch;
    }
  } catch (error) {
    const problem = syntaxProblem(error);
    if (problem === undefined) throw error;
    throw new TableError(lines.lineAt(start), `${problem}; what follows was not read`);
  }
}

interface PlacedRow {
  /** Offset of its first byte. */
  readonly start: number;
  readonly cells: readonly string[];
}

interface Header extends PlacedRow {
  readonly delimiter: string;
  readonly above: readonly PlacedRow[];
}

function comesBefore(one: Header, other: Header): boolean {
  return one.start < other.start || (one.start === other.start && one.cells.length > other.cells.length);
}

async function findHeader(
  bytes: Buffer,
  top: number,
  delimiter: string,
  isHeader: (cells: readonly string[]) => boolean,
  pace: Pace,
): Promise<Header | undefined> {
  const head = bytes.subarray(top, top + HEAD_BYTES);
  const isWhole = top + head.length === bytes.length;
  const above: PlacedRow[] = [];
  let start = top;
  try {
    for await (const rows of rowsOf(head, { delimiter, relaxQuotes: true })) {
      if (pace.isDue) await pace.makeWay();
      for (const { cells, end } of rows) {
        const row = { start, cells };
        start = top + end;
        if (isBlank(cells)) continue;
        const isCut = end === head.length && !isWhole;
        if (!isCut && isHeader(cells)) return { ...row, delimiter, above };
        if (above.push(row) > MAX_ROWS_ABOVE) return undefined;
      }
    }
  } catch (error) {
    if (syntaxProblem(error) === undefined) throw error;
  }
  return undefined;
}

/** Spreadsheets take a first line `sep=;` for what parts the cells, and write it if they are told to. */
function separatorLine(bytes: Buffer): { delimiter?: string; end: number } {
  const [line, delimiter] =
    /^"?sep=([^\p{L}\p{N}"\r\n])"?[,;\t| ]*(?:\r\n?|\n)/iu.exec(bytes.toString('utf8', 0, 256)) ?? [];
  return line === undefined ? { end: 0 } : { delimiter: delimiter!, end: Buffer.byteLength(line) };
}

/** What parts the cells of the first row, the likeliest header. */
function mostFrequentDelimiter(bytes: Buffer): string {
  const text = bytes.toString('utf8', 0, HEAD_BYTES).replace(/^\s+/, '');
  const row = /^(?:"(?:[^"]|"")*"|[^"\r\n])*/.exec(text)?.[0].replace(/"(?:[^"]|"")*"/g, '') ?? '';
  const count = (delimiter: string) => row.split(delimiter).length;
  return DELIMITERS.reduce<string>(
    (best, delimiter) => (count(delimiter) > count(best) ? delimiter : best),
    ',',
  );
}
