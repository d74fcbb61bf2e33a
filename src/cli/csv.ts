import { RECORD_FIELDS, recordTexts } from '../plugin-api/index.js';
import type { VipRecord } from '../plugin-api/index.js';
import { withApostrophe } from '../providers/static-file/csv-apostrophe.js';

export const CSV_HEADER = RECORD_FIELDS.join(',');

/**
 * One line of RFC 4180 CSV in the order of `RECORD_FIELDS`, readable by `import` and the static-file provider. No cell of it is a
 * formula to a spreadsheet.
 * @param timezone in which dates are meant where it is read
 */
export function csvLine(record: VipRecord, timezone?: string): string {
  return recordTexts(record, { timezone }).map(csvField).join(',');
}

function csvField(text: string | null): string {
  if (text === null) return '';
  const cell = withApostrophe(text);
  return /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
