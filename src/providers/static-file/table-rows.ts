import { isBlank, rowsOf, syntaxProblem } from './csv-rows.js';
import { LineFinder } from './line-finder.js';
import type { Pace } from './pace.js';

/** A row of a table, from whatever file; cells may have blanks around them. */
export interface TableRow {
  /** Line of the file on which the row begins, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
  /** Cell, from 0 -> how its number is written, if that has probably lost its last digits as a telephone number. */
  readonly shortened?: ReadonlyMap<number, string>;
  /** Why it has no cells: the limit that it passes. */
  readonly limit?: string;
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
  /** Of a spreadsheet, whether it counts days from 1904. */
  readonly isFrom1904?: boolean;
}

/** Tells the header of a table by its cells. */
export type IsHeader = (cells: readonly string[]) => boolean;

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
/** Rows below a header that tell whether it is parted as they are. */
const SAMPLE_ROWS = 20;
const DELIMITERS = ['\t', ';', '|', ','] as const;

/**
 * A table in a text file (RFC 4180). What parts the cells is what a line `sep=;` at the top says, or what makes a header that is
 * as wide as the rows below it; without a header, what makes the first rows as wide as each other.
 * @param bytes UTF-8 without byte order mark
 * @param isHeader the first row that is one counts
 */
export async function textTable(bytes: Buffer, isHeader: IsHeader, pace: Pace): Promise<Table> {
  const lines = new LineFinder(bytes);
  const { delimiter: named, end: top } = separatorLine(bytes);
  const search = new HeaderSearch(bytes, top, pace);
  const header = await search.likeliest(isHeader, named);
  const delimiter = header?.delimiter ?? named ?? (await search.delimiterOfRows());
  return {
    above: (header?.above ?? []).map(({ start, cells }) => ({ line: lines.lineAt(start), cells })),
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
      for (const { cells, end, limit } of rows) {
        const line = lines.lineAt(start);
        start = from + end;
        if (limit !== undefined) batch.push({ line, cells, limit });
        else if (!isBlank(cells)) batch.push({ line, cells });
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
  /** How well the rows below it have its width, from 0 to 2. */
  readonly fit: number;
  /** Delimiters in it that no blank follows, as it would in a text. */
  readonly bareDelimiters: number;
}

class HeaderSearch {
  constructor(
    private readonly bytes: Buffer,
    private readonly top: number,
    private readonly pace: Pace,
  ) {}

  /** The header that one of the delimiters makes: the named one, or that by which the rows fit best. */
  async likeliest(isHeader: IsHeader, named?: string): Promise<Header | undefined> {
    const byName = named === undefined ? undefined : await this.#find(named, isHeader);
    if (byName !== undefined) return byName;
    let best: Header | undefined;
    for (const delimiter of DELIMITERS) {
      const found = await this.#find(delimiter, isHeader);
      if (found !== undefined && (best === undefined || isLikelier(found, best))) best = found;
    }
    return best;
  }

  /** Where no row is a header, the first row that has several cells is as good as one. */
  async delimiterOfRows(): Promise<string> {
    const first = await this.likeliest((cells) => cells.length > 1);
    const rows = this.bytes.subarray(this.top);
    return first?.delimiter ?? DELIMITERS.find((one) => rows.includes(one)) ?? ',';
  }

  async #find(delimiter: string, isHeader: IsHeader): Promise<Header | undefined> {
    const { bytes, top, pace } = this;
    const head = bytes.subarray(top, top + HEAD_BYTES);
    const isWhole = top + head.length === bytes.length;
    const above: PlacedRow[] = [];
    const below: (readonly string[])[] = [];
    let header: (PlacedRow & { end: number }) | undefined;
    let start = top;
    try {
      search: for await (const rows of rowsOf(head, { delimiter, relaxQuotes: true })) {
        if (pace.isDue) await pace.makeWay();
        for (const { cells, end } of rows) {
          const row = { start, cells };
          start = top + end;
          if (isBlank(cells)) continue;
          const isCut = end === head.length && !isWhole;
          if (header !== undefined) {
            if (!isCut) below.push(cells);
            if (below.length === SAMPLE_ROWS) break search;
          } else if (!isCut && isHeader(cells)) header = { ...row, end: start };
          else if (above.push(row) > MAX_ROWS_ABOVE) return undefined;
        }
      }
    } catch (error) {
      if (syntaxProblem(error) === undefined) throw error;
    }
    if (header === undefined) return undefined;
    const parts = bytes
      .toString('utf8', header.start, header.end)
      .replace(/"(?:[^"]|"")*"/g, '')
      .split(delimiter);
    const bareDelimiters = parts.filter((text) => !text.startsWith(' ')).length;
    return { ...header, delimiter, above, fit: fitOf(header.cells, below), bareDelimiters };
  }
}

/** `Namn;Telefon, arbete;Telefon, hem` is a header by either delimiter; the rows below have only one of them. */
function isLikelier(one: Header, other: Header): boolean {
  if (one.fit !== other.fit) return one.fit > other.fit;
  if (one.start !== other.start) return one.start < other.start;
  if (one.bareDelimiters !== other.bareDelimiters) return one.bareDelimiters > other.bareDelimiters;
  return one.cells.length > other.cells.length;
}

/** Of each row 2 where it is as wide as the header, 1 where it only has fewer cells, as some programs write it. */
function fitOf(header: readonly string[], rows: readonly (readonly string[])[]): number {
  const width = filledWidth(header);
  const fits = rows.map((cells): number => {
    const filled = filledWidth(cells);
    if (cells.length === header.length || filled === width) return 2;
    return filled > 1 && filled < width ? 1 : 0;
  });
  return fits.reduce((sum, fit) => sum + fit, 0) / Math.max(1, rows.length);
}

/** Number of cells without the empty ones at the end. */
function filledWidth(cells: readonly string[]): number {
  return cells.findLastIndex((cell) => cell.trim() !== '') + 1;
}

/** Spreadsheets take a first line `sep=;` for what parts the cells, and write it if they are told to. */
function separatorLine(bytes: Buffer): { delimiter?: string; end: number } {
  const [line, delimiter] =
    /^"?sep=([^\p{L}\p{N}"\r\n])"?[,;\t| ]*(?:\r\n?|\n)/iu.exec(bytes.toString('utf8', 0, 256)) ?? [];
  return line === undefined ? { end: 0 } : { delimiter: delimiter!, end: Buffer.byteLength(line) };
}
