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

/** Also with an offset of hours only, as PostgreSQL writes it, or one digit of the hour, as spreadsheets do. */
const ISO =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?:\s?(Z|UTC|[+-]\d{2}(?::?\d{2})?))?)?$/;
const TIME = String.raw`(?:,?\s+(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,]0{1,9})?)?(?:\s?([ap])\.?m\.?)?)?`;
/** Day, month, year, as most of Europe writes it; hours, minutes and seconds behind a colon or a dot. */
const DOTTED = new RegExp(String.raw`^(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})${TIME}$`, 'i');
/** 12/31/2026 in one country is 31/12/2026 in another. */
const SLASHED = new RegExp(String.raw`^(\d{1,2})[/-](\d{1,2})[/-](\d{4})${TIME}$`, 'i');

const NO_DATE = 'is not an ISO 8601 date; write 2026-12-31 or 2026-12-31T18:00:00Z';
const NO_ORDER =
  'does not say whether day or month comes first; write 2026-12-31, or for a file set dateOrder to dmy or mdy (import: --date-order)';

/** A date and a time as written, both as ISO 8601 has them. */
interface Written {
  readonly date: string;
  /** `undefined` for a date alone, and for midnight without an offset, which is how programs write one. */
  readonly time: string | undefined;
  /** `''` if there is none. */
  readonly offset: string;
}

/**
 * Reads a date or an instant as people and programs write it.
 * @param end which end of the day a date stands for that has no time, or midnight without an offset
 * @returns milliseconds since the epoch, or what is wrong with the text
 */
export function readInstant(text: string, end: 'start' | 'end', options: DateOptions = {}): number | string {
  const { timezone = 'UTC', dateOrder } = options;
  if (SLASHED.test(text) && dateOrder === undefined) return NO_ORDER;
  const { date, time, offset } = readIso(text) ?? readLocal(text, dateOrder) ?? {};
  if (date === undefined) return NO_DATE;
  const dayMs = Date.parse(date);
  const ms = time === undefined ? dayMs : Date.parse(`${date}T${time}${offset || 'Z'}`);
  // JavaScript takes February 30 for March 2.
  if (Number.isNaN(ms) || !new Date(dayMs).toISOString().startsWith(date)) {
    return SLASHED.test(text)
      ? `is not a date in the order ${dateOrder} (dateOrder); write 2026-12-31`
      : NO_DATE;
  }
  if (offset) return ms;
  return WallClock.in(timezone).instantOf(time === undefined && end === 'end' ? ms + DAY_MS : ms);
}

/** True for what databases and SAP write where there is no date: `0000-00-00 00:00:00`, `00.00.0000`. */
export function isZeroDate(text: string): boolean {
  return /^(?:0{4}-?00-?00|00([./-])00\1 ?0{4})(?:[T ][0:.]+)?Z?$/.test(text);
}

function readIso(text: string): Written | undefined {
  const [, date, hour, minute, second = '00', fraction = '0', zone = ''] = ISO.exec(text) ?? [];
  if (date === undefined) return undefined;
  const offset = zone === 'UTC' ? 'Z' : /^.\d\d$/.test(zone) ? `${zone}:00` : zone;
  return written(
    date,
    hour === undefined ? undefined : `${twoDigits(hour)}:${minute}:${second}.${fraction}`,
    offset,
  );
}

/** A date in the manner of a country. */
function readLocal(text: string, order: DateOrder | undefined): Written | undefined {
  const dotted = DOTTED.exec(text);
  const [, first, second, year, hour, minute, seconds = '00', half] = dotted ?? SLASHED.exec(text) ?? [];
  if (year === undefined) return undefined;
  const [day, month] = dotted !== null || order === 'dmy' ? [first, second] : [second, first];
  const date = [year, twoDigits(month!), twoDigits(day!)].join('-');
  if (hour === undefined) return written(date, undefined, '');
  const hours = half === undefined ? Number(hour) : hourOf(Number(hour), half);
  return written(date, `${twoDigits(String(hours))}:${minute}:${seconds}`, '');
}

function written(date: string, time: string | undefined, offset: string): Written {
  const isMidnight = time !== undefined && offset === '' && /^[0:.]+$/.test(time);
  return { date, time: isMidnight ? undefined : time, offset };
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
