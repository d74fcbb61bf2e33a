/** How a number in a cell is shown, as far as it matters. */
export interface CellFormat {
  readonly isDate: boolean;
  /** Least number of digits, zeros before it: a column of telephone numbers with the format `0000000000`. */
  readonly digits: number;
  /** What stands before it: `+` of the format `+0`, `+46` of `"+46"0`. */
  readonly prefix: string;
}

export const GENERAL: CellFormat = { isDate: false, digits: 0, prefix: '' };
/** Dates and times among the formats that need no code (ECMA-376 part 1, 18.8.30). */
const BUILT_IN_DATES = [14, 22, 27, 36, 45, 47, 50, 58] as const;
/** Of a format's code, what is only text or decoration: `"Tel. "`, `\-`, `[Red]`, `_-`. */
const NOT_CODE = /"[^"]*"|\\.|\[[^\]]*\]|_.|\*./g;
/** What a format shows before its first digit, and the digits. */
const PARTS = /^((?:"[^"]*"|\\.|[+\s()1-9-])*)([#0].*)$/;
/** Days of the last date that spreadsheets know, 9999-12-31. */
const MAX_DAYS = 2_958_465;
const DAY_MS = 86_400_000;
const MAX_EXACT_DIGITS = 15;
/** With an exponent; few real numbers end so, and those can be written without one. */
const LOST_ZEROS = 3;
/** Spreadsheets show numbers of so many digits with an exponent, and no more than six of the digits. */
const SHORTENED_DIGITS = 12;
const SHORTENED_ZEROS = '000000';

export function formatOf(id: number, code = ''): CellFormat {
  const first = code.split(';')[0]!;
  const isBuiltIn = BUILT_IN_DATES.some(
    (from, at) => at % 2 === 0 && id >= from && id <= BUILT_IN_DATES[at + 1]!,
  );
  const isElapsed = /\[(?:h+|m+|s+)\]/i.test(first);
  const bare = first.replace(NOT_CODE, '');
  const isDate = isElapsed || (code === '' ? isBuiltIn : /[dmyhs]/i.test(bare));
  if (isDate) return { ...GENERAL, isDate };
  const [, written = '', digits = ''] = PARTS.exec(first) ?? [];
  const zeros = /^#*(0*)$/.exec(digits.replace(NOT_CODE, '').replace(/[\s(),-]/g, ''))?.[1];
  if (digits === '' || zeros === undefined) return GENERAL;
  const shown = written.replace(/"([^"]*)"|\\(.)/g, '$1$2').trim();
  return { isDate, digits: zeros.length, prefix: /^[+\d][\d\s()-]*$/.test(shown) ? shown : '' };
}

/**
 * The text of a cell with a number.
 * @param written as in the file: `358501234501`, or `3.58501234501E11`, which has all digits
 */
export function numberText(written: string, format: CellFormat, isFrom1904: boolean): string {
  const value = Number(written);
  if (written.trim() === '' || !Number.isFinite(value)) return written;
  if (format.isDate) return dateText(value, isFrom1904) ?? written;
  if (!Number.isInteger(value) || value < 0 || value >= 10 ** MAX_EXACT_DIGITS) return written;
  return `${format.prefix}${String(value).padStart(format.digits, '0')}`;
}

/**
 * A number that has probably lost its last digits before it came into the cell: `3.58501E11`, and `358501000000`, which is what
 * spreadsheets keep of it. With all its digits an exponent loses nothing.
 * @returns with its exponent, which is told where a telephone number is read
 */
export function shortenedText(written: string, { isDate }: CellFormat): string | undefined {
  const isPower = /e/i.test(written);
  const value = isDate || !(isPower || written.endsWith(SHORTENED_ZEROS)) ? Number.NaN : Number(written);
  if (!Number.isSafeInteger(value) || value <= 0) return undefined;
  const digits = String(value);
  const zeros = /0*$/.exec(digits)![0].length;
  const isLost = isPower
    ? zeros >= LOST_ZEROS
    : digits.length >= SHORTENED_DIGITS && zeros >= SHORTENED_ZEROS.length;
  return isLost ? value.toExponential() : undefined;
}

/** `_x000D_` is how Office writes a character that XML does not take, in texts. */
export function withoutEscapes(text: string): string {
  return text.replace(/_x([0-9A-F]{4})_/gi, (_, code: string) => {
    const character = String.fromCharCode(parseInt(code, 16));
    return /[\t\r\n]|[^\p{Cc}\p{Cs}]/u.test(character) ? character : '';
  });
}

/**
 * ISO 8601 of a day as spreadsheets count them: `46387` is 2026-12-31.
 * @returns `undefined` for what is no date
 */
export function dateText(days: number, isFrom1904: boolean): string | undefined {
  // Spreadsheets take 1900 for a leap year.
  const since1900 = isFrom1904 ? days + 1_462 : days < 60 ? days + 1 : days;
  if (!(days >= 1) || since1900 > MAX_DAYS + 1) return undefined;
  const ms = Math.round(((since1900 - 25_569) * DAY_MS) / 1_000) * 1_000;
  const text = new Date(ms).toISOString();
  return ms % DAY_MS === 0 ? text.slice(0, 10) : text.slice(0, 19);
}

/** A day that is only a number, because its cell has no format, where a date belongs. */
export function readDay(written: unknown, isFrom1904: boolean): unknown {
  return typeof written === 'string' && /^\d{5}(?:\.\d+)?$/.test(written)
    ? (dateText(Number(written), isFrom1904) ?? written)
    : written;
}
