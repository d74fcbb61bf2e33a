import { readWrittenNumbers } from '../../plugin-api/index.js';

/** Rows at the end of a list that may be held back until it is clear whether they are the end. */
export const MAX_NOTES = 50;

const DATES =
  /(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}([./])\d{1,2}\1\d{4})(?:[T ,]+\d{1,2}[:.]\d{2}(?:[:.]\d{2})?Z?)?|(?:19|20)\d{2}\s*[-–]\s*(?:19|20)\d{2}/g;
/** `20`, `3 200`, `1.234,5`, `100 %`: what a total is, and no telephone number. */
const COUNT = /^\d{1,3}(?:[\s.,']?\d{3}){0,2}(?:[.,]\d{1,2})?\s?%?$/;
const ADDRESS = /@|^(?:sips?|tel|callto):/i;
/** Fewer digits are no telephone number that somebody damaged. */
const MIN_DIGITS = 5;
/** Of a SIP user with its domain; what is longer is no word. */
const MAX_WORD_LENGTH = 320;

/**
 * Tells a note or a total that stands below a list from an entry that lacks something. Both name no tier; a note has no number
 * either, nor anything else by which the rows above name a caller. docs/providers/static-file.md says so to users.
 */
export class NoteFinder {
  #entries = 0;
  #hasCountsAsTiers = false;
  #hasWordsAsNumbers = false;
  constructor(private readonly country: string | undefined) {}

  /** Of an entry of the list, with what it shows of how the list is written. */
  addEntry(number: string, tier: string): void {
    this.#entries++;
    this.#hasCountsAsTiers ||= tier !== '' && COUNT.test(tier);
    this.#hasWordsAsNumbers ||= isWord(number);
  }

  /**
   * Whether such a row, if it is among the last, is a note.
   * @param hasMore whether it has more cells than the header: a sentence in which there are separators
   */
  isNote(number: string, tier: string, hasMore: boolean): boolean {
    const mayBeTier = tier !== '' && (this.#hasCountsAsTiers || !COUNT.test(tier));
    if (mayBeTier && !hasMore) return false;
    const text = number.replace(DATES, '').trim();
    if (!/\p{L}/u.test(text)) {
      const digits = text.replace(/\D/g, '');
      return digits === '' || (tier === '' && digits === String(this.#entries));
    }
    if (ADDRESS.test(text)) return false;
    if (isWord(text)) return !this.#hasWordsAsNumbers;
    if (!/[\s:=]/.test(text)) return false;
    const { keys, problem } = readWrittenNumbers(text, this.country);
    const isNumber = keys.some((key) => key.startsWith('+'));
    const isDamaged = problem !== undefined && text.replace(/\D/g, '').length >= MIN_DIGITS;
    return !isNumber && !isDamaged;
  }
}

/** Such as `aino`: the name of a SIP user, or `Total`. */
function isWord(text: string): boolean {
  return text.length <= MAX_WORD_LENGTH && !/[\s\d:=@]/.test(text) && /\p{L}/u.test(text);
}
