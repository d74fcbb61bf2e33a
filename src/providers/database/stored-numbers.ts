import { MAX_NUMBER_LENGTH, readNumber, readWrittenNumbers, VipLookupError } from '../../plugin-api/index.js';
import type { Caller, Spelling } from '../../plugin-api/index.js';

const NATIONAL: readonly Spelling[] = ['national', 'local', 'significant'];

/** How numbers are written in a customer's column, and whether a row found there belongs to the caller. */
export class StoredNumbers {
  readonly #national: readonly Spelling[];
  readonly #digits: boolean;

  /**
   * @param spellings the spellings in which the column holds numbers
   * @param country ISO 3166-1 alpha-2; the country of the column's national numbers
   * @param key of the spellings in the configuration, for errors
   * @throws VipLookupError if there is a national spelling but no country
   */
  constructor(
    private readonly spellings: readonly Spelling[],
    private readonly country: string | undefined,
    key = 'spellings',
  ) {
    this.#national = spellings.filter((spelling) => NATIONAL.includes(spelling));
    this.#digits = spellings.includes('digits');
    if (this.#national.length > 0 && country === undefined) {
      throw new VipLookupError(
        `${key}: "${this.#national[0]}" needs a country to belong to; set country at the provider or at the top`,
      );
    }
  }

  /** The values to search for in the column; empty if it cannot contain the caller's number. */
  textsOf(caller: Caller): string[] {
    const wanted = isAtHome(caller)
      ? this.spellings
      : this.spellings.filter((spelling) => !NATIONAL.includes(spelling));
    return caller.spellings(wanted).filter(isStorable);
  }

  /**
   * True if a number found in the column is this caller's. Checked for every row: a lenient collation finds more than
   * was asked for, and the same digits may be one subscriber's national number and another's international one.
   */
  isCaller(stored: string, caller: Caller): boolean {
    // A column of type DECIMAL or REAL adds decimals.
    const text = stored.trim().replace(/^(\d+)[.,]0+$/, '$1');
    const spelled = (spelling: Spelling): boolean => caller.spell(spelling) === text;
    if (caller.e164 === undefined) return this.spellings.includes('text') && spelled('text');
    if (isAtHome(caller) && this.#national.some(spelled)) return true;
    return this.#read(text).includes(caller.key);
  }

  #read(text: string): readonly string[] {
    const { keys } = readWrittenNumbers(text, this.country);
    const isDigits = this.#digits && /^[1-9]\d*$/.test(text);
    const isNational = this.#national.length > 0 && keys[0]?.startsWith('+') === true;
    return isDigits && !isNational ? [readNumber(`+${text}`).key] : keys;
  }
}

/** Whether the caller belongs to the numbering plan of the provider's country, which several countries may share. */
function isAtHome(caller: Caller): boolean {
  return caller.spell('national') !== undefined;
}

/** What no column stores unchanged: a NUL, or half of a surrogate pair. */
export const UNSTORABLE = /[\0\p{Surrogate}]/u;

/** False for a number that no column stores unchanged. */
export function isStorable(text: string): boolean {
  return text.length <= MAX_NUMBER_LENGTH && !UNSTORABLE.test(text);
}
