import type { LineProblems } from '../line-problems.js';
import { TableError } from '../table-rows.js';
import type { Table, TableRow } from '../table-rows.js';
import type { ColumnUses } from './column-uses.js';
import type { Contact } from './contact.js';

/**
 * The contacts of a table; what cannot be read is added to `problems`. Yields `undefined` where other work may be done.
 * @param hasHeader whether the first row names the columns; else they are called by their positions, from 1
 */
export async function* tableContacts(
  table: Table,
  columns: ColumnUses,
  hasHeader: boolean,
  problems: LineProblems,
): AsyncGenerator<Contact | undefined> {
  let header: readonly string[] | undefined = hasHeader ? undefined : [];
  try {
    for await (const rows of table.rows) {
      for (const row of rows) {
        if (header !== undefined) {
          yield contactOf(row, header);
          continue;
        }
        header = row.cells;
        const wrong = columns.problemsOf(header);
        for (const problem of wrong) problems.add(row.line, '', problem);
        if (wrong.length > 0) return;
      }
      yield undefined;
    }
  } catch (error) {
    if (!(error instanceof TableError)) throw error;
    problems.add(error.line, '', error.message);
    return;
  }
  if (header === undefined) problems.add(1, '', 'the file is empty');
}

function contactOf({ line, cells }: TableRow, header: readonly string[]): Contact {
  const filled = cells.map((text, at) => ({ column: header[at]?.trim() || String(at + 1), text, at }));
  return { line, cells: filled.filter(({ text }) => text !== '') };
}
