import { parse } from 'csv-parse';
import type { JsonObject } from '../../plugin-api/index.js';
import { detectDelimiter, readHeader } from './csv-header.js';
import type { Column } from './csv-header.js';
import type { LineProblems } from './line-problems.js';
import { LineFinder } from './raw-entry.js';
import type { RawEntry } from './raw-entry.js';

const CHUNK_BYTES = 32_768;
/** Two texts of 16,384 characters (attributes, instructions), four bytes each at most: more is a quote left open. */
const MAX_ENTRY_BYTES = 131_072;

const SYNTAX: Readonly<Record<string, string>> = {
  INVALID_OPENING_QUOTE:
    'has a double quote inside a cell that does not begin with one; put the whole cell in double quotes and double those inside',
  CSV_INVALID_CLOSING_QUOTE:
    'has text after the closing double quote of a cell; double the quotes inside a quoted cell',
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE:
    'has text after the closing double quote of a cell; double the quotes inside a quoted cell',
  CSV_QUOTE_NOT_CLOSED: 'has a double quote that is never closed',
  CSV_MAX_RECORD_SIZE: `is longer than ${MAX_ENTRY_BYTES} bytes; a double quote may be left open`,
};

/** Reads the entries of a CSV list (RFC 4180; UTF-8 without byte order mark); what cannot be read is added to `problems`. */
export async function* csvEntries(
  bytes: Buffer,
  problems: LineProblems,
  warnings: LineProblems,
): AsyncGenerator<RawEntry> {
  const lines = new LineFinder(bytes);
  // The parser's own count takes CRLF inside a quoted cell for two lines; its byte offsets are right.
  let start = 0;
  let columns: Column[] | undefined;
  try {
    for await (const { cells, end } of rowsOf(bytes)) {
      const line = lines.lineAt(start);
      start = end;
      if (cells.every((cell) => cell.trim() === '')) continue;
      if (columns === undefined) {
        columns = readHeader(cells, line, problems, warnings);
        if (columns === undefined) return;
      } else {
        const entry = readRow(cells, columns, line, problems);
        if (entry !== undefined) yield entry;
      }
    }
  } catch (error) {
    const syntax = SYNTAX[(error as { code?: string }).code ?? ''];
    if (syntax === undefined) throw error;
    problems.add(lines.lineAt(start), '', `${syntax}; what follows was not read`);
    return;
  }
  if (columns === undefined) {
    problems.add(1, '', 'the file is empty; the first line names the columns, for example number,tier,name');
  }
}

interface Row {
  readonly cells: readonly string[];
  /** Offset of the first byte behind the row. */
  readonly end: number;
}

/** Rejects at broken quoting, after the rows before it. */
async function* rowsOf(bytes: Buffer): AsyncGenerator<Row> {
  const rows: Row[] = [];
  const parser = parse({
    delimiter: detectDelimiter(bytes),
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    trim: true,
    max_record_size: MAX_ENTRY_BYTES,
    // Collected here because a stream that fails drops the rows that it has not yet handed over.
    on_record: (cells: string[], { bytes: end }) => {
      rows.push({ cells, end });
      return null;
    },
  });
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
  for (let at = 0; at < bytes.length && failure === undefined; at += CHUNK_BYTES) {
    await settled((done) => parser.write(bytes.subarray(at, at + CHUNK_BYTES), done));
    yield* rows.splice(0);
  }
  if (failure === undefined) await settled((done) => parser.end(done));
  yield* rows;
  if (failure !== undefined) throw failure;
}

function readRow(
  cells: readonly string[],
  columns: readonly Column[],
  line: number,
  problems: LineProblems,
): RawEntry | undefined {
  const fields: Record<string, string> = {};
  const attributes: [string, string][] = [];
  for (const [at, cell] of cells.entries()) {
    const text = cell.trim();
    if (text === '') continue;
    const column = columns[at];
    if (column === undefined) {
      problems.add(
        line,
        '',
        `has a cell under no column name (cell ${at + 1}); put a cell that contains the separator in double quotes`,
      );
      return undefined;
    }
    if ('field' in column) fields[column.field] = text;
    else attributes.push([column.attribute, text]);
  }
  return attributes.length === 0
    ? { line, fields }
    : { line, fields, attributes: Object.fromEntries(attributes) satisfies JsonObject };
}
