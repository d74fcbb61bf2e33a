import { readNumber } from './phone-number.js';
import type { ReadNumber } from './phone-number.js';
import { digitCount } from './written-number.patterns.js';

/** Fewer digits are no number that could be complete. */
const MIN_DIGITS = 7;
/** Digits that are written together like this are all that follows an area code. */
const WHOLE_SUBSCRIBER = 6;
/** A last group of one digit is usual only behind groups of two or three, or of one size: `12 34 56 7`. */
const LONG_GROUP = 4;
/** A dot behind that many digits parts groups as a blank does; behind fewer, it may be a date's. */
const BETWEEN_GROUPS = new RegExp(String.raw`\s+|(?<=\d{${WHOLE_SUBSCRIBER}})\.(?=\d)`);
const DAY_OR_TIME = /^(?:\d{1,2}\.\d{1,2}\.?(?:\d{2}|\d{4})?|\d{1,2}:\d{2})$/;

/**
 * Whether a number that is written in groups is complete before its last groups, so that those may be a count, a time or
 * a date: `050 1234567 2`, `08 123456 5.12.`.
 * @param read what all of the digits make
 */
export function hasMoreBehind(text: string, read: ReadNumber, country: string | undefined): boolean {
  const groups = text.trim().split(BETWEEN_GROUPS);
  for (let count = groups.length - 1; count > 0; count--) {
    const head = groups.slice(0, count).join(' ');
    if (digitCount(head) < MIN_DIGITS) return false;
    if (isOdd(groups, count, read) && readNumber(head, country).parsed?.isValid() === true) return true;
  }
  return false;
}

/** Whether the groups from `count` on do not look like a part of the number. */
function isOdd(groups: readonly string[], count: number, read: ReadNumber): boolean {
  const last = digitsAtEnd(groups[count - 1]!);
  const next = groups[count]!;
  if (last >= WHOLE_SUBSCRIBER || (DAY_OR_TIME.test(next) && !groups[count - 1]!.includes('.'))) return true;
  const isLone = count === groups.length - 1 && digitCount(next) === 1 && last >= LONG_GROUP;
  if (isLone && (count === 1 || digitsAtEnd(groups[count - 2]!) !== last)) return true;
  return read.parsed?.isValid() !== true;
}

function digitsAtEnd(group: string): number {
  return /\d*\D*$/.exec(group)![0].replace(/\D/g, '').length;
}
