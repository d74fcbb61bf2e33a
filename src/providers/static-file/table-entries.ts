import type { JsonObject } from '../../plugin-api/index.js';
import { readHeader } from './list-header.js';
import type { Column } from './list-header.js';
import type { LineProblems } from './line-problems.js';
import type { RawEntry } from './raw-entry.js';
import { TableError } from './table-rows.js';
import type { Table } from './table-rows.js';

/**
 * Reads the entries of a table whose header names the fields of a record; what cannot be read is added to `problems`.
 * @param table as `isListHeader` finds its header
 */
export async function* tableEntries(
  table: Table,
  problems: LineProblems,
  warnings: LineProblems,
): AsyncGenerator<RawEntry | undefined> {
  let columns: Column[] | undefined;
  try {
    for await (const rows of table.rows) {
      for (const { line, cells } of rows) {
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
    if (!(error instanceof TableError)) throw error;
    problems.add(error.line, '', error.message);
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
    const text = cells[at]!.trim();
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
