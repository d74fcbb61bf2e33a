import { nearName, RECORD_FIELDS } from '../../plugin-api/index.js';
import type { RecordField } from '../../plugin-api/index.js';
import { MAX_NAMES } from './entry-limits.js';
import type { LineProblems } from './line-problems.js';

/** What a column of a CSV list holds; `undefined` for a column without a name. */
export type Column = { readonly field: RecordField } | { readonly attribute: string } | undefined;

const FIELD_OF = new Map<string, RecordField>(RECORD_FIELDS.map((field) => [field.toLowerCase(), field]));
const REQUIRED: readonly RecordField[] = ['number', 'tier'];

/** Tells the header of a list by its cells. */
export function isListHeader(cells: readonly string[]): boolean {
  const names = new Set(cells.map((cell) => cell.trim().toLowerCase()));
  return REQUIRED.every((field) => names.has(field.toLowerCase()));
}

/**
 * Reads the header: names of fields in any order and case, any other name is an attribute.
 * @returns `undefined` when the list cannot be read with it; the reasons are in `problems` then
 */
export function readHeader(
  cells: readonly string[],
  line: number,
  problems: LineProblems,
  warnings: LineProblems,
): Column[] | undefined {
  const before = problems.total;
  // Spreadsheets save up to 16,384 columns, most of them empty.
  const written = cells.slice(0, cells.findLastIndex((cell) => cell.trim() !== '') + 1);
  if (written.filter((cell) => cell.trim() !== '').length > MAX_NAMES) {
    problems.add(
      line,
      '',
      `the header has more than ${MAX_NAMES} named columns; leave out those that no route or template needs`,
    );
    return undefined;
  }
  const columns = written.map((cell): Column => {
    const name = cell.trim();
    const field = FIELD_OF.get(name.toLowerCase());
    if (field !== undefined) return { field };
    return name === '' ? undefined : { attribute: name };
  });
  const named = new Set<string>();
  columns.forEach((column, at) => {
    if (column === undefined) return;
    const name = 'field' in column ? column.field : column.attribute;
    if (named.has(name)) {
      problems.add(line, '', `column ${at + 1} has the name of an earlier one; give each its own name`);
    }
    named.add(name);
  });
  for (const field of REQUIRED) {
    if (!named.has(field)) {
      problems.add(
        line,
        field,
        'the header has no such column; the first line names the columns, for example number,tier,name',
      );
    }
  }
  const missing = RECORD_FIELDS.filter((field) => !named.has(field));
  for (const column of columns) {
    if (column === undefined || 'field' in column) continue;
    const meant = nearName(column.attribute, missing);
    if (meant !== undefined) {
      warnings.add(line, column.attribute, `is read as an attribute; did you mean the column ${meant}?`);
    }
  }
  return problems.total === before ? columns : undefined;
}
