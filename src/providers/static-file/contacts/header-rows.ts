import type { Table, TableRow } from '../table-rows.js';
import { roleOf } from './column-role.js';

export const SECOND_HEADER =
  'seems to be a second row of the header; write one row that names each column, for example Work Phone';

/** The row above the header, if it names groups of columns: `;Contact;;Assistant;` above `Name;Phone;Mobile;Name;Phone`. */
export function groupsAbove({ above }: Table, header: TableRow): readonly string[] {
  const row = above.at(-1);
  if (row === undefined || header.line - row.line > 2) return [];
  // A title stands in the first cell, and alone.
  return filled(row.cells).some((_, at) => at > 0) || row.cells[0]?.trim() === '' ? row.cells : [];
}

/** Whether a row below a header is another one: words that name columns, and no value. */
export function isSecondHeader(cells: readonly string[]): boolean {
  const words = filled(cells);
  if (words.length < 2 || words.some((word) => /[\p{Nd}@]/u.test(word))) return false;
  const known = words.filter((word) => isKnown(word, true)).length;
  return known > 1 && known * 2 >= words.length;
}

/**
 * The names of columns that have a group above them, which may be that of several.
 * @param isByGroup whether a group tells more than whose columns they are: `Phone` above `Work`
 */
export function groupedNames(
  groups: readonly string[],
  names: readonly string[],
  isByGroup: boolean,
): readonly string[] {
  let group = '';
  return Array.from({ length: Math.max(groups.length, names.length) }, (_, at) => {
    const above = groups[at]?.trim() ?? '';
    if (above !== '') group = above;
    const name = names[at]?.trim() ?? '';
    if (name === '' || group === '') return name === '' ? above : name;
    const joined = `${group} ${name}`;
    const isOfSeveral = above === '' || (groups[at + 1]?.trim() ?? '') === '';
    const isNumber = roleOf(name, true).kind === 'number';
    if (isAnothers(group) && (isNumber || isOfSeveral)) return joined;
    return isByGroup && !isKnown(name, false) ? joined : name;
  });
}

/** Whether numbers in such a group are not those of the contact. */
export function isAnothers(group: string): boolean {
  return roleOf(`${group} phone`).kind === 'notTheirs';
}

function isKnown(name: string, isBesideMobile: boolean): boolean {
  const { kind } = roleOf(name, isBesideMobile);
  return kind !== 'other' && kind !== 'unclear';
}

function filled(cells: readonly string[]): readonly string[] {
  return cells.map((cell) => cell.trim()).filter((cell) => cell !== '');
}
