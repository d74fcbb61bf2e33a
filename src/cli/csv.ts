import { RECORD_FIELDS, recordTexts } from '../plugin-api/index.js';
import type { VipRecord } from '../plugin-api/index.js';

export const CSV_HEADER = RECORD_FIELDS.join(',');

/** One line of RFC 4180 CSV in the order of `RECORD_FIELDS`, readable by `import` and the static-file provider. */
export function csvLine(record: VipRecord): string {
  return recordTexts(record).map(csvField).join(',');
}

function csvField(text: string | null): string {
  if (text === null) return '';
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
