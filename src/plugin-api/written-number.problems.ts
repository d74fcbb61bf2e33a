import { possibleLength } from './phone-number.js';
import { digitCount, URI } from './written-number.patterns.js';

/**
 * The content of a cell or field that should contain a telephone number.
 * @since 0.2.0
 */
export interface WrittenNumbers {
  /**
   * How the numbers are compared: E.164, a range (`+3589123*`), or the trimmed text of what is not a telephone number.
   * Several if it contains several whole numbers; none if it is empty, or if there is a `problem`.
   */
  readonly keys: readonly string[];
  /** Why this is not clearly a number, and how to write it: a predicate, never with the value. */
  readonly problem?: string;
  /** A warning about a value that is used: a predicate, never with the value. */
  readonly warning?: string;
  /** The number is followed by an extension, so that `keys` has the text. */
  readonly hasExtension?: true;
}

/** Messages about values that are not clearly a number: predicates, never with the value. */
const WRITE_IN_FULL = 'write each number in full, one entry for each';
const ENTER_AGAIN = 'give the column the format Text and enter the number again';
const PROBLEMS = {
  exponent: `was shortened by a spreadsheet (as in 3.58E+11), so its last digits are lost; ${ENTER_AGAIN}`,
  decimal: `is a decimal fraction, so it is not clear where the number ends; ${ENTER_AGAIN}`,
  date: `is a date; ${ENTER_AGAIN}`,
  range:
    'looks like a range of numbers; write the beginning that all of them have and one *, for example +46701*',
  bareRange:
    'may begin with a country code or be national; write + and the country code (+46701*), or the first 0 of a national number (0701*)',
  shortened: `gives a number and only the end of another one, or of something else; ${WRITE_IN_FULL}`,
  more: 'is a whole number with more digits behind it; take them away, or write the number without spaces if they belong to it',
  none: 'is a logical value, a time, or only the end of a number; write the whole number',
  vanity: 'has letters of a keypad in place of digits; write the digits (HELP is 4357)',
  several: `has several values, and not each is clearly a whole number; ${WRITE_IN_FULL}`,
  unused: 'is said to be a fax or pager, or no longer in use; remove it, or remove the remark',
  signs: 'has signs that look like digits (², ①) in it; write plain digits',
} as const;
type Problem = keyof typeof PROBLEMS;
export const WARNINGS = {
  extension:
    'has an extension, so it is compared as text; calls from behind a switchboard show the number without it: write that',
  length: 'has too many or too few digits for its country code; check it',
  unknown: 'is not a number of its numbering plan; check it',
  plus: 'begins with + but is not an E.164 number, so it is compared as text; check it',
  other: 'is said to be something else than a telephone number, so it is compared as text; check it',
  address: 'looks like an IP address, so it is compared as text; check it',
} as const;

/** What is odd about a key; `undefined` when nothing is. */
export function whyOdd(key: string, country: string | undefined): string | undefined {
  if (/^\+[1-9]\d{2,14}$/.test(key)) return possibleLength(key) ? undefined : WARNINGS.length;
  if (URI.test(key)) return undefined;
  if (key.startsWith('+')) return WARNINGS.plus;
  if (digitCount(key) < 7) return undefined;
  return country === undefined
    ? 'is written nationally but no country is configured, so it is compared as text; set country, or write + and the country code'
    : `is not a telephone number of ${country}, so it is compared as text; check it, or write + and the country code`;
}

export function problem(kind: Problem): WrittenNumbers {
  return { keys: [], problem: PROBLEMS[kind] };
}

export function notARange(country: string | undefined): string {
  const cure = country === undefined ? ' (no country is configured, so it must begin with + or 00)' : '';
  return `is not a range; write the beginning of a number and one * at the end, for example +46701*${cure}`;
}
