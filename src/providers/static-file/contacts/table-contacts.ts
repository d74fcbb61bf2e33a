import type { Remarks } from '../line-problems.js';
import { tooManyColumns } from '../list-header.js';
import { MAX_NOTES, NoteFinder } from '../list-notes.js';
import { TableError } from '../table-rows.js';
import type { Table, TableRow } from '../table-rows.js';
import type { ColumnUses } from './column-uses.js';
import type { Contact } from './contact.js';
import { groupedNames, groupsAbove, isSecondHeader, SECOND_HEADER } from './header-rows.js';

const TOTAL = 'is a note or a total below the contacts, so it is left out: it has no telephone number';

/**
 * The contacts of a table; what cannot be read is told. Yields `undefined` where other work may be done.
 * @param hasHeader whether the first row names the columns; else they are called by their positions, from 1
 */
export async function* tableContacts(
  table: Table,
  columns: ColumnUses,
  hasHeader: boolean,
  { problems, leftOut }: Remarks,
): AsyncGenerator<Contact | undefined> {
  let names: readonly string[] | undefined = hasHeader ? undefined : [];
  /** Held back until the row below it is known. */
  let header: TableRow | undefined;
  let isBelowSecond = false;
  const totals = new Totals(columns);
  const areUsable = (line: number): boolean => {
    const tooMany = tooManyColumns(names!);
    const wrong = tooMany === undefined ? columns.problemsOf(names!) : [tooMany];
    for (const problem of wrong) problems.add(line, '', problem);
    return wrong.length === 0;
  };
  try {
    for await (const rows of table.rows) {
      for (const row of rows) {
        if (row.limit !== undefined && header === undefined && names === undefined) {
          return problems.add(row.line, '', row.limit);
        }
        if (header === undefined && names === undefined) {
          header = row;
          continue;
        }
        const isFirst = header !== undefined && names === undefined;
        if ((isFirst || isBelowSecond) && isSecondHeader(row.cells)) {
          if (isBelowSecond || !columns.isAuto) return problems.add(row.line, '', SECOND_HEADER);
          isBelowSecond = true;
          names = groupedNames(header!.cells, row.cells, true);
          if (!areUsable(row.line)) return;
          continue;
        }
        isBelowSecond = false;
        if (isFirst) {
          names = groupedNames(groupsAbove(table, header!), header!.cells, columns.isAuto);
          if (!areUsable(header!.line)) return;
        }
        if (row.limit === undefined) yield* totals.add(contactOf(row, names!));
        else {
          yield* totals.held.splice(0);
          leftOut.add(row.line, '', row.limit);
        }
      }
      yield undefined;
    }
  } catch (error) {
    if (!(error instanceof TableError)) throw error;
    yield* totals.held.splice(0);
    problems.add(error.line, '', error.message);
    return;
  }
  for (const { line } of totals.held) leftOut.add(line, '', TOTAL);
  if (names !== undefined) return;
  if (header === undefined) return problems.add(1, '', 'the file is empty');
  names = groupedNames(groupsAbove(table, header), header.cells, columns.isAuto);
  areUsable(header.line);
}

/** Holds back what may be a total, `Yhteensä;2`, until another contact follows. */
class Totals {
  readonly held: Contact[] = [];
  readonly #notes = new NoteFinder(undefined);

  constructor(private readonly columns: ColumnUses) {}

  /** The contacts that are certain now. */
  add(contact: Contact): Contact[] {
    if (this.#isTotal(contact)) {
      this.held.push(contact);
      return this.held.length > MAX_NOTES ? this.held.splice(0) : [];
    }
    this.#notes.addEntry('', '');
    return [...this.held.splice(0), contact];
  }

  #isTotal({ cells }: Contact): boolean {
    const numbers: string[] = [];
    let tier = '';
    for (const { column, text, at } of cells) {
      const use = this.columns.of(column, at)[0]?.use;
      if (use === 'number' && /\d/.test(text)) numbers.push(text);
      if (use === 'tier') tier = text;
    }
    return (
      numbers.length > 0 &&
      numbers.every((text) => !/\p{L}/u.test(text) && this.#notes.isNote(text, tier, false))
    );
  }
}

function contactOf({ line, cells, shortened: all }: TableRow, header: readonly string[]): Contact {
  const filled = cells.map((text, at) => {
    const shortened = all?.get(at);
    const column = header[at]?.trim() || String(at + 1);
    return { column, text, at, ...(shortened !== undefined && { shortened }) };
  });
  return { line, cells: filled.filter(({ text }) => text !== '') };
}
