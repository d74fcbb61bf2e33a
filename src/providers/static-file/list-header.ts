import { nearName, RECORD_FIELDS } from '../../plugin-api/index.js';
import type { RecordField } from '../../plugin-api/index.js';
import { roleOf } from './contacts/column-role.js';
import { MAX_NAMES } from './entry-limits.js';
import type { Remarks } from './line-problems.js';

/** What a column of a list holds; `undefined` for a column without a name. */
export type Column =
  | {
      readonly field: RecordField;
      /** Whether its name has other blanks than the field's: to version 0.1.0 it was an attribute, which may hold anything. */
      readonly isLoose: boolean;
    }
  | {
      readonly attribute: string;
      /** Whether several columns have the name. */
      readonly isRepeated: boolean;
    }
  /** One of more than are read. */
  | 'ignored'
  | undefined;

const REQUIRED: readonly RecordField[] = ['number', 'tier'];
const FIELD_OF = new Map<string, RecordField>(RECORD_FIELDS.map((field) => [field.toLowerCase(), field]));

const IS_OF_CONTACTS =
  'the file may be an export of contacts; columns: auto and a tier read it, or import --contacts --tier gold';
const TOO_MANY_COLUMNS = `the header has more than ${MAX_NAMES} named columns; leave out those that no route or template needs`;

/** Tells the header of a list by its cells. */
export function isListHeader(cells: readonly string[]): boolean {
  const names = new Set(cells.map(withoutBlanks));
  return REQUIRED.every((field) => names.has(withoutBlanks(field)));
}

/**
 * Reads the header: names of fields in any order, whatever their case and blanks; any other name is an attribute.
 * @returns `undefined` when the list cannot be read with it; the reasons are in `problems` then
 */
export function readHeader(
  cells: readonly string[],
  line: number,
  { problems, leftOut, warnings }: Remarks,
): Column[] | undefined {
  const before = problems.total;
  // Spreadsheets save up to 16,384 columns, most of them empty.
  const written = cells.slice(0, cells.findLastIndex((cell) => cell.trim() !== '') + 1);
  const columns = columnsOf(written.map((cell) => cell.trim()));
  if (columns.includes('ignored')) leftOut.add(line, '', `${TOO_MANY_COLUMNS}; the last ones are not read`);
  const named = new Set<string>();
  for (const column of columns) {
    if (column === undefined || column === 'ignored') continue;
    const name = 'field' in column ? column.field : column.attribute;
    if (named.has(name) && 'attribute' in column) {
      warnings.add(
        line,
        name,
        'is the name of several columns; of each row the first that has a value is used',
      );
    }
    named.add(name);
  }
  for (const field of REQUIRED) {
    if (!named.has(field)) {
      problems.add(
        line,
        field,
        'the header has no such column; the first line names the columns, for example number,tier,name',
      );
    }
  }
  if (!named.has('number') && written.some((cell) => roleOf(cell).kind === 'number')) {
    problems.add(line, '', IS_OF_CONTACTS);
  }
  const missing = RECORD_FIELDS.filter((field) => !named.has(field));
  for (const column of columns) {
    if (column === undefined || column === 'ignored' || 'field' in column) continue;
    const meant = nearName(column.attribute, missing);
    if (meant !== undefined) {
      warnings.add(line, column.attribute, `is read as an attribute; did you mean the column ${meant}?`);
    }
  }
  return problems.total === before ? columns : undefined;
}

/** What is wrong with a header of more names than any list needs. */
export function tooManyColumns(header: readonly string[]): string | undefined {
  return header.filter((cell) => cell.trim() !== '').length > MAX_NAMES ? TOO_MANY_COLUMNS : undefined;
}

/** A name with other blanks than a field's is the field's only where no column has exactly its name. */
function columnsOf(names: readonly string[]): Column[] {
  const exact = new Set(names.map((name) => FIELD_OF.get(name.toLowerCase())));
  const seen = new Set<string>();
  const repeated = new Set(names.filter((name) => seen.size === seen.add(name).size));
  let named = 0;
  return names.map((name): Column => {
    if (name !== '') named++;
    const field = FIELD_OF.get(withoutBlanks(name));
    const isLoose = !FIELD_OF.has(name.toLowerCase());
    if (field !== undefined && !(isLoose && exact.has(field))) return { field, isLoose };
    if (named > MAX_NAMES) return 'ignored';
    return name === '' ? undefined : { attribute: name, isRepeated: repeated.has(name) };
  });
}

function withoutBlanks(name: string): string {
  return name.replace(/\s+/g, '').toLowerCase();
}
