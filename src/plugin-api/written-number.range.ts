import { readNumber, readRange } from './phone-number.js';
import { digitCount } from './written-number.patterns.js';
import { notARange, problem } from './written-number.problems.js';
import type { WrittenNumbers } from './written-number.problems.js';

/** Reads a text with a star. */
export function readWrittenRange(text: string, country: string | undefined): WrittenNumbers {
  const before = text.replace(/[\s(]+\*+\)?$/, '');
  const isFootnote = before !== text && readNumber(before, country).parsed?.isValid() === true;
  const isTooShort = digitCount(text) < 2 && !text.startsWith('+');
  const range = isFootnote || isTooShort ? undefined : readRange(text, country);
  if (range !== undefined) return { keys: [range] };
  const isBare = country !== undefined && /^[1-9][\d\s./-]*\*$/.test(text) && !isTooShort;
  return isBare ? problem('bareRange') : { keys: [], problem: notARange(country) };
}
