import type { JsonObject } from '../../plugin-api/index.js';
import { withoutApostrophe } from './csv-apostrophe.js';
import { readHeader } from './csv-header.js';
import type { Column } from './csv-header.js';
import { rowsOf } from './csv-rows.js';
import { MAX_ENTRY_BYTES } from './entry-limits.js';
import type { LineProblems } from './line-problems.js';
import { LineFinder } from './raw-entry.js';
import type { RawEntry } from './raw-entry.js';

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
): AsyncGenerator<RawEntry | undefined> {
  const lines = new LineFinder(bytes);
  // The parser's own count takes CRLF inside a quoted cell for two lines; its byte offsets are right.
  let start = 0;
  let columns: Column[] | undefined;
  try {
    for await (const rows of rowsOf(bytes)) {
      for (const { cells, end } of rows) {
        const line = lines.lineAt(start);
        start = end;
        if (cells.every((cell) => cell.trim() === '')) continue;
        if (columns === undefined) {
          columns = readHeader(cells, line, problems, warnings);
          if (columns === undefined) return;
        } else {
          yield readRow(cells, columns, line, problems);
        }
      }
      yield undefined;
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

function readRow(
  cells: readonly string[],
  columns: readonly Column[],
  line: number,
  problems: LineProblems,
): RawEntry | undefined {
  const fields: Record<string, string> = {};
  const attributes: [string, string][] = [];
  for (let at = 0; at < cells.length; at++) {
    const text = withoutApostrophe(cells[at]!.trim());
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
