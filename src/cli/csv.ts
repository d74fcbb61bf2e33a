import { RECORD_FIELDS } from '../plugin-api/index.js';
import type { VipRecord } from '../plugin-api/index.js';

export const CSV_HEADER = RECORD_FIELDS.join(',');

/** One line of RFC 4180 CSV in the order of `RECORD_FIELDS`, readable by `import` and the static-file provider. */
export function csvLine(record: VipRecord): string {
  const { number, tier, name, targets, validFromMs, validUntilMs, attributes, instructions } = record;
  const fields = [
    number,
    tier,
    name,
    targets?.join(';'),
    instant(validFromMs),
    instant(validUntilMs),
    attributes && JSON.stringify(attributes),
    instructions && JSON.stringify(instructions),
  ];
  return fields.map(csvField).join(',');
}

function instant(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

function csvField(text: string | undefined): string {
  if (text === undefined) return '';
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
