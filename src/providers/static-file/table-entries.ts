import { readWrittenNumbers } from '../../plugin-api/index.js';
import type { JsonObject, RecordField } from '../../plugin-api/index.js';
import type { LineProblems } from './line-problems.js';
import { readHeader } from './list-header.js';
import type { Column } from './list-header.js';
import { MAX_NOTES, NoteFinder } from './list-notes.js';
import type { RawEntry } from './raw-entry.js';
import { TableError } from './table-rows.js';
import type { Table, TableRow } from './table-rows.js';

/** Where what is said about a list goes. */
export interface Remarks {
  readonly problems: LineProblems;
  readonly leftOut: LineProblems;
  readonly warnings: LineProblems;
}

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
        if (reader === undefined) {
          const columns = readHeader(row.cells, row.line, remarks.problems, remarks.warnings);
          if (columns === undefined) return;
          reader = new RowReader(columns, remarks, country);
        } else {
          yield* reader.read(row);
        }
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
  readonly #numbersAt: readonly number[];
  readonly #tiersAt: readonly number[];
  /** Fields in which version 0.1.0 took anything. */
  readonly #looseFields: readonly RecordField[];

  constructor(
    private readonly columns: readonly Column[],
    private readonly remarks: Remarks,
    country: string | undefined,
  ) {
    this.#notes = new NoteFinder(country);
    this.#numbersAt = this.#placesOf('number');
    this.#tiersAt = this.#placesOf('tier');
    this.#looseFields = columns.flatMap((column) =>
      column !== undefined && 'field' in column && column.isLoose ? [column.field] : [],
    );
  }

  *read(row: TableRow): Generator<RawEntry> {
    const number = firstText(row.cells, this.#numbersAt);
    const tier = firstText(row.cells, this.#tiersAt);
    const hasMore = row.cells.slice(this.columns.length).some((cell) => cell.trim() !== '');
    if (this.#notes.isNote(number, tier, hasMore)) {
      this.#held.push(row);
      if (this.#held.length > MAX_NOTES) yield* this.readHeld();
      return;
    }
    if (this.#held.length > 0) yield* this.readHeld();
    this.#notes.addEntry(number, tier);
    yield* this.#entriesOf(row);
  }

  /** The rows held back are entries like the others, since one follows. */
  *readHeld(): Generator<RawEntry> {
    for (const row of this.#held.splice(0)) yield* this.#entriesOf(row);
  }

  leaveOutHeld(): void {
    for (const { line } of this.#held.splice(0)) {
      this.remarks.leftOut.add(line, '', 'is a note or a total below the list: it has no number and no tier');
    }
  }

  /** One for each column of numbers that has one. */
  *#entriesOf({ line, cells }: TableRow): Generator<RawEntry> {
    const numbers: string[] = [];
    const fields: Partial<Record<RecordField, string>> = {};
    const attributes = new Map<string, string>();
    for (let at = 0; at < cells.length; at++) {
      const text = cells[at]!.trim();
      if (text === '') continue;
      const column = this.columns[at];
      if (column === undefined) {
        this.remarks.problems.add(
          line,
          '',
          `has a cell under no column name (cell ${at + 1}); put a cell that contains the separator in double quotes`,
        );
        return;
      }
      if ('attribute' in column) {
        if (!attributes.has(column.attribute)) attributes.set(column.attribute, text);
      } else if (column.field === 'number') numbers.push(text);
      else if ((fields[column.field] ??= text) !== text) {
        this.remarks.problems.add(
          line,
          column.field,
          'has different values in columns of that name; keep one',
        );
        return;
      }
    }
    const entry = {
      line,
      ...(attributes.size > 0 && { attributes: Object.fromEntries(attributes) satisfies JsonObject }),
      ...(this.#looseFields.length > 0 && { looseFields: this.#looseFields }),
    };
    if (numbers.length === 0) yield { ...entry, fields };
    for (const number of numbers) yield { ...entry, fields: { ...fields, number } };
  }

  #placesOf(field: RecordField): number[] {
    return this.columns.flatMap((column, at) =>
      column !== undefined && 'field' in column && column.field === field ? [at] : [],
    );
  }
}

function firstText(cells: readonly string[], places: readonly number[]): string {
  for (const at of places) {
    const text = cells[at]?.trim() ?? '';
    if (text !== '') return text;
  }
  return '';
}
