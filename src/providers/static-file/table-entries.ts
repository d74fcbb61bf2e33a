import { readWrittenNumbers } from '../../plugin-api/index.js';
import type { JsonObject, RecordField } from '../../plugin-api/index.js';
import { groupedNames, groupsAbove, isSecondHeader, SECOND_HEADER } from './contacts/header-rows.js';
import { withoutApostrophe } from './csv-apostrophe.js';
import { isBlank } from './csv-rows.js';
import type { Remarks } from './line-problems.js';
import { readHeader } from './list-header.js';
import type { Column } from './list-header.js';
import { MAX_NOTES, NoteFinder } from './list-notes.js';
import type { RawEntry } from './raw-entry.js';
import { TableError } from './table-rows.js';
import type { Table, TableRow } from './table-rows.js';

const OTHERS_NUMBERS =
  "says that a column number is not the VIP's own; give that column another name, and take the row away";

/**
 * Reads the entries of a table whose header names the fields of a record; what cannot be read is added to `problems`.
 * @param table as `isListHeader` finds its header
 */
export async function* tableEntries(
  table: Table,
  remarks: Remarks,
  country: string | undefined,
): AsyncGenerator<RawEntry | undefined> {
  tellEntriesAbove(table, remarks, country);
  let reader: RowReader | undefined;
  try {
    for await (const rows of table.rows) {
      for (const row of rows) {
        if (reader !== undefined) {
          for (const entry of reader.read(row)) yield entry;
          continue;
        }
        if (row.limit !== undefined) return remarks.problems.add(row.line, '', row.limit);
        const columns = readHeader(row.cells, row.line, remarks);
        if (columns === undefined || hasOthersNumbers(table, row, columns, remarks)) return;
        reader = new RowReader(columns, remarks, country, row.line);
      }
      yield undefined;
    }
  } catch (error) {
    if (!(error instanceof TableError)) throw error;
    if (reader !== undefined) yield* reader.readHeld();
    remarks.problems.add(error.line, '', error.message);
    return;
  }
  if (reader === undefined) {
    remarks.problems.add(
      1,
      '',
      'the file is empty; the first line names the columns, for example number,tier,name',
    );
  }
  reader?.leaveOutHeld();
}

/** Whether the row above the header says of a column of numbers whose they are; that is told. */
function hasOthersNumbers(
  table: Table,
  header: TableRow,
  columns: readonly Column[],
  { problems }: Remarks,
): boolean {
  const names = groupedNames(groupsAbove(table, header), header.cells, false);
  const isOthers = columns.some(
    (column, at) => isOfField(column) && column.field === 'number' && names[at] !== header.cells[at]?.trim(),
  );
  if (isOthers) problems.add(table.above.at(-1)!.line, '', OTHERS_NUMBERS);
  return isOthers;
}

/** Tells rows above the header that seem to be entries. */
export function tellEntriesAbove(table: Table, remarks: Remarks, country: string | undefined): void {
  for (const { line, cells } of table.above) {
    if (!looksLikeEntry(cells, country)) continue;
    remarks.leftOut.add(line, '', 'is above the header and has a number; move it below if it is an entry');
  }
}

/** A row above the header that is no title: a number among other cells. */
function looksLikeEntry(cells: readonly string[], country: string | undefined): boolean {
  const written = cells.filter((cell) => cell.trim() !== '');
  if (written.length < 2) return false;
  return written.some((cell) => readWrittenNumbers(cell, country).keys.some((key) => key.startsWith('+')));
}

class RowReader {
  readonly #notes: NoteFinder;
  /** Rows that are notes if nothing but such follows. */
  readonly #held: TableRow[] = [];
  #isFirst = true;
  readonly #numbersAt: readonly number[];
  readonly #tiersAt: readonly number[];
  /** Fields in which version 0.1.0 took anything. */
  readonly #looseFields: readonly RecordField[];

  constructor(
    private readonly columns: readonly Column[],
    private readonly remarks: Remarks,
    country: string | undefined,
    private readonly headerLine: number,
  ) {
    this.#notes = new NoteFinder(country);
    this.#numbersAt = this.#placesOf('number');
    this.#tiersAt = this.#placesOf('tier');
    this.#looseFields = columns.flatMap((column) =>
      isOfField(column) && column.isLoose ? [column.field] : [],
    );
  }

  /** The entries that are certain now: of this row, unless it may be a note, and of those held back before it. */
  read(row: TableRow): readonly (RawEntry | undefined)[] {
    if (row.limit !== undefined) {
      const held = this.readHeld();
      this.remarks.leftOut.add(row.line, '', row.limit);
      return held;
    }
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    if (isFirst && isSecondHeader(row.cells)) {
      this.remarks.leftOut.add(row.line, '', SECOND_HEADER);
      return [];
    }
    const number = firstText(row.cells, this.#numbersAt);
    const tier = firstText(row.cells, this.#tiersAt);
    const hasMore = row.cells.length > this.columns.length && !isBlank(row.cells.slice(this.columns.length));
    if (this.#notes.isNote(number, tier, hasMore)) {
      this.#held.push(row);
      return this.#held.length > MAX_NOTES ? this.readHeld() : [];
    }
    this.#notes.addEntry(number, tier);
    const entries = this.#entriesOf(row);
    return this.#held.length === 0 ? entries : [...this.readHeld(), ...entries];
  }

  /** The rows held back are entries like the others, since one follows. */
  readHeld(): (RawEntry | undefined)[] {
    return this.#held.splice(0).flatMap((row) => this.#entriesOf(row));
  }

  leaveOutHeld(): void {
    for (const { line, cells } of this.#held.splice(0)) {
      const isTwoTexts = firstText(cells, this.#numbersAt) !== '' && firstText(cells, this.#tiersAt) !== '';
      const why = isTwoTexts ? 'its cells are not a number and a tier' : 'it has no number and no tier';
      this.remarks.leftOut.add(line, '', `is a note or a total below the list: ${why}`);
    }
  }

  /** One for each column of numbers that has one. */
  #entriesOf(row: TableRow): (RawEntry | undefined)[] {
    const [first, ...more] = this.#numbersAt;
    if (more.length === 0) return [this.#entryOf(row, first!)];
    const written = this.#numbersAt.filter((at) => (row.cells[at]?.trim() ?? '') !== '');
    const entry = this.#entryOf(row, written[0] ?? first!);
    // What is wrong with the row is told once.
    return entry === undefined ? [] : [entry, ...written.slice(1).map((at) => this.#entryOf(row, at))];
  }

  #entryOf({ line, cells, shortened }: TableRow, numberAt: number): RawEntry | undefined {
    const fields: Partial<Record<RecordField, string>> = {};
    const attributes: [string, string][] = [];
    for (let at = 0; at < cells.length; at++) {
      const text = withoutApostrophe(cells[at]!.trim());
      if (text === '') continue;
      const column = this.columns[at];
      if (column === undefined) {
        const message = `has a cell under no column name (cell ${at + 1}); name the column in line ${this.headerLine}, or put a cell that contains the separator in double quotes`;
        this.remarks.problems.add(line, '', message);
        return undefined;
      }
      if (column === 'ignored') continue;
      if ('attribute' in column) {
        const { attribute, isRepeated } = column;
        if (!isRepeated || attributes.every(([name]) => name !== attribute))
          attributes.push([attribute, text]);
      } else if (column.field === 'number') {
        if (at === numberAt) fields.number = shortened?.get(at) ?? text;
      } else if ((fields[column.field] ??= text) !== text) {
        const message = 'has different values in columns of that name; keep one';
        this.remarks.problems.add(line, column.field, message);
        return undefined;
      }
    }
    const looseFields = this.#looseFields;
    if (attributes.length === 0) return { line, fields, looseFields };
    return { line, fields, looseFields, attributes: Object.fromEntries(attributes) satisfies JsonObject };
  }

  #placesOf(field: RecordField): number[] {
    return this.columns.flatMap((column, at) => (isOfField(column) && column.field === field ? [at] : []));
  }
}

function isOfField(column: Column): column is Extract<Column, { field: RecordField }> {
  return typeof column === 'object' && 'field' in column;
}

function firstText(cells: readonly string[], places: readonly number[]): string {
  for (const at of places) {
    const text = cells[at]?.trim() ?? '';
    if (text !== '') return text;
  }
  return '';
}
