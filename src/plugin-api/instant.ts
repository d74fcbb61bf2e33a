import { WallClock } from '../common/timezone.js';

const DAY_MS = 86_400_000;
const FARTHEST_ZONE_MS = DAY_MS - 60_000;

/**
 * What comes first in a date such as `12/31/2026`: the day or the month.
 * @since 0.2.0
 */
export type DateOrder = 'dmy' | 'mdy';

/** How dates are read. */
export interface DateOptions {
  /** IANA name of the time zone in which a date, or a time without an offset, is meant. Default: UTC. */
  readonly timezone?: string | undefined;
  /** Without it a date such as `12/31/2026` is a problem. */
  readonly dateOrder?: DateOrder | undefined;
}

const ISO = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;
const TIME = String.raw`(?:,?\s+(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?(?:\s?([ap])\.?m\.?)?)?`;
/** Day, month, year, as most of Europe writes it; hours, minutes and seconds behind a colon or a dot. */
const DOTTED = new RegExp(String.raw`^(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})${TIME}$`, 'i');
/** 12/31/2026 in one country is 31/12/2026 in another. */
const SLASHED = new RegExp(String.raw`^(\d{1,2})[/-](\d{1,2})[/-](\d{4})${TIME}$`, 'i');

const NO_DATE = 'is not an ISO 8601 date; write 2026-12-31 or 2026-12-31T18:00:00Z';
const NO_ORDER =
  'does not say whether day or month comes first; write 2026-12-31, or for a file set dateOrder to dmy or mdy (import: --date-order)';

/**
 * Reads a date or an instant as people and programs write it.
 * @param end which end of the day a date without a time stands for
 * @returns milliseconds since the epoch, or what is wrong with the text
 */
export function readInstant(text: string, end: 'start' | 'end', options: DateOptions = {}): number | string {
  const { timezone = 'UTC', dateOrder } = options;
  if (SLASHED.test(text) && dateOrder === undefined) return NO_ORDER;
  const iso = ISO.test(text) ? text : isoOf(text, dateOrder);
  if (iso === undefined) return NO_DATE;
  const day = iso.slice(0, 'YYYY-MM-DD'.length);
  const isDay = iso === day;
  const isZoned = /(?:Z|[+-]\d{2}:?\d{2})$/.test(iso.slice(day.length));
  const dayMs = Date.parse(day);
  const ms = Date.parse(isDay || isZoned ? iso : `${iso}Z`);
  // JavaScript takes February 30 for March 2.
  if (Number.isNaN(ms) || !new Date(dayMs).toISOString().startsWith(day)) {
    return SLASHED.test(text)
      ? `is not a date in the order ${dateOrder} (dateOrder); write 2026-12-31`
      : NO_DATE;
  }
  if (isZoned) return ms;
  return WallClock.in(timezone).instantOf(isDay && end === 'end' ? ms + DAY_MS : ms);
}

/** ISO 8601 of a date in the manner of a country; `undefined` when it is not one. */
function isoOf(text: string, order: DateOrder | undefined): string | undefined {
  const dotted = DOTTED.exec(text);
  const [, first, second, year, hour, minute, seconds = '00', half] = dotted ?? SLASHED.exec(text) ?? [];
  if (year === undefined) return undefined;
  const [day, month] = dotted !== null || order === 'dmy' ? [first, second] : [second, first];
  const date = [year, twoDigits(month!), twoDigits(day!)].join('-');
  if (hour === undefined) return date;
  const hours = half === undefined ? Number(hour) : hourOf(Number(hour), half);
  return `${date}T${twoDigits(String(hours))}:${minute}:${seconds}`;
}

/** @param half `a` before noon, `p` after it */
function hourOf(hour: number, half: string): number {
  if (hour < 1 || hour > 12) return Number.NaN;
  return (hour % 12) + (half.toLowerCase() === 'p' ? 12 : 0);
}

function twoDigits(text: string): string {
  return text.padStart(2, '0');
}

/**
 * ISO 8601 as `readInstant` reads it back with the same time zone: a whole day as its date; in a zone far enough away where the
 * year would not have four digits in UTC.
 * @param end which end of the day a date stands for
 */
export function instantText(ms: number, end: 'start' | 'end', timezone = 'UTC'): string {
  const day = new Date(WallClock.in(timezone).at(end === 'start' ? ms : ms - 1)).toISOString();
  const date = day.slice(0, 'YYYY-MM-DD'.length);
  if (hasPlainYear(day) && readInstant(date, end, { timezone }) === ms) return date;
  const text = new Date(ms).toISOString();
  if (hasPlainYear(text)) return text;
  const [awayMs, zone] = ms < 0 ? [FARTHEST_ZONE_MS, '+23:59'] : [-FARTHEST_ZONE_MS, '-23:59'];
  return new Date(ms + awayMs).toISOString().replace('Z', zone);
}

function hasPlainYear(text: string): boolean {
  return /^\d{4}-/.test(text);
}
