const [PLUS, ZERO] = [...Buffer.from('+0')] as [number, number];
/** E.164 allows 15 digits. */
const MAX_DIGITS = 15;
/** Fewest digits of an E.164 number, country code included; what has less is text, and in no range. */
export const MIN_DIGITS = 3;
/** Every number of 15 digits is below this. */
export const KEY_LIMIT = 10 ** MAX_DIGITS;
const POWERS_OF_TEN = Array.from({ length: MAX_DIGITS + 1 }, (_, exponent) => 10 ** exponent);

/**
 * `+358501231234` as the number 358501231234. No two texts have the same key: none begins with a zero, and 15 digits are
 * held exactly.
 * @param end where the digits end, for a text with something behind them
 * @returns 0 when the text is anything but a plus sign and 1 to 15 digits
 */
export function numberKey(text: string, end = text.length): number {
  if (end < 2 || end > MAX_DIGITS + 1 || text.charCodeAt(0) !== PLUS) return 0;
  let key = 0;
  for (let at = 1; at < end; at++) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return 0;
    key = key * 10 + digit;
    if (key === 0) return 0;
  }
  return key;
}

/** The key of the first `length` digits of a number that has `digits` of them. */
export function leadingDigits(key: number, digits: number, length: number): number {
  // Exact: the quotient is further from the next integer than the rounding of 15 digits can carry it.
  return Math.floor(key / POWERS_OF_TEN[digits - length]!);
}

/** Whether a call can find what has this key in the table: an E.164 number, a range, or a text that is none by mistake. */
export function isFoundByKey(key: number): boolean {
  return key < 0 ? key > -KEY_LIMIT : key >= POWERS_OF_TEN[MIN_DIGITS - 1]!;
}
