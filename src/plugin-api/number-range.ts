import { beginsNumber, callingCode, leadingCode, trunkPrefix } from './numbering-plan.js';

export const PUNCTUATION = /[\s\-./()\u00a0\u2010-\u2015\u2060\u200b\u200e\u200f\u202a-\u202e]/g;
/** Signs that look like an asterisk, and may stand for it. */
export const STARS =
  /[\u066d\u2042\u204e\u2051\u2217\u229b\u22c6\u235f\u2605\u2606\u2721-\u274b\u2b50\u2b51\ufe61\uff0a]/g;
/** `+49 (0)`, `(0049) (0)`, `49 (0)`. */
const BRACKETED_TRUNK = /^\(?(?:\+|00)?([1-9]\d{0,2})\)?[\s\-./]*\(\s*0\s*\)/;
/** A shorter range is taken for one abroad only if mobile numbers begin so: `9123*` in Finland is no range in India. */
const MIN_DIGITS_ABROAD = 5;

/**
 * Reads a range, a leading part of a number followed by `*`: `+3589123*`, `003589123*`, or `09123*` with country `FI`.
 * Without a plus sign and a trunk prefix, the numbering plans must show that the digits do not begin with a country code.
 * @returns the beginning in E.164 with its `*` (`+3589123*`); `undefined` if the text is not clearly a range
 * @since 0.1.0
 */
export function readRange(text: string, country?: string): string | undefined {
  const written = text
    .trim()
    .replace(/^tel:/i, '')
    .replace(STARS, '*')
    .replace(BRACKETED_TRUNK, (_, code: string) => `+${code}0`);
  if (hasZeroInside(written)) return undefined;
  const bare = written.replace(PUNCTUATION, '');
  if (!/^\+?\d+\*$/.test(bare)) return undefined;
  const digits = bare.slice(0, -1);
  const international = digits.startsWith('00')
    ? `+${digits.slice(2)}`
    : digits.startsWith('+')
      ? digits
      : inCountry(digits, country);
  if (international === undefined) return undefined;
  const range = withoutTrunk(international);
  return /^\+[1-9]\d{0,14}$/.test(range) ? `${range}*` : undefined;
}

/** `+49 30 (0) 123`: only behind a country code is a zero in brackets a trunk prefix. */
export function hasZeroInside(text: string): boolean {
  const at = text.search(/\(\s*0\s*\)/);
  return at > 0 && /\d/.test(text.slice(0, at));
}

/** A range in digits that are the country's; `undefined` if they may begin with a country code. */
function inCountry(digits: string, country: string | undefined): string | undefined {
  const code = country === undefined ? undefined : callingCode(country);
  if (code === undefined) return undefined;
  const trunk = trunkPrefix(country!);
  if (trunk !== undefined && digits.startsWith(trunk)) return `+${code}${digits.slice(trunk.length)}`;
  if (!beginsNumber(code, digits) || beginsInternational(digits, code)) return undefined;
  // Where people write national numbers without a trunk prefix, its absence means nothing.
  const isUsuallyBare = trunk === undefined || trunk === '1';
  return isUsuallyBare || !beginsAbroad(digits) ? `+${code}${digits}` : undefined;
}

function beginsAbroad(digits: string): boolean {
  const code = leadingCode(digits);
  if (code === undefined || code === digits) return false;
  return digits.length >= MIN_DIGITS_ABROAD
    ? beginsInternational(digits, code)
    : beginsNumber(code, digits.slice(code.length), 'MOBILE');
}

function beginsInternational(digits: string, code: string): boolean {
  if (!digits.startsWith(code)) return false;
  return beginsNumber(code, withoutTrunk(`+${digits}`).slice(1 + code.length));
}

/** Without the 0 after the country code, unless numbers begin with it. */
function withoutTrunk(international: string): string {
  const code = leadingCode(international.slice(1));
  const national = international.slice(1 + (code?.length ?? 0));
  if (code === undefined || !national.startsWith('0') || beginsNumber(code, national)) return international;
  return `+${code}${national.slice(1)}`;
}
