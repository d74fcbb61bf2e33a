import { callingCode, readNumber, trunkPrefix } from './phone-number.js';
import type { ReadNumber } from './phone-number.js';
import { readWrittenNumbers } from './written-number.js';

const E164 = /^\+[1-9]\d{2,14}$/;
/** Nothing in it could separate a number from something else. In RFC 3966 that is said with a semicolon. */
const UNBROKEN = /^\s*(?:\+?\d+|tel:[+\d.()-]+(?:;.*)?)\s*$/is;

/**
 * Ways to write the caller's number; the names used under `spellings:` in the configuration.
 * @since 0.1.0
 */
export const SPELLINGS = [
  'e164',
  'digits',
  'national',
  'significant',
  'idd',
  'international',
  'local',
  'tel',
  'text',
] as const;
/**
 * One of `SPELLINGS`.
 * @since 0.1.0
 */
export type Spelling = (typeof SPELLINGS)[number];

/**
 * A custom spelling: `(###) ###-####`, `+## ## ### ####`. Each `#` is a digit; a digit that is written out must be
 * the caller's own. After a leading `+` or `00` they are the digits of E.164. Otherwise they are those of the
 * national number, with its trunk prefix if the count then matches, else without.
 * @since 0.1.0
 */
export type SpellingPattern = `${string}#${string}`;

/**
 * True for a usable pattern: digits, `#` and the characters that people put between them.
 * @since 0.1.0
 */
export function isSpellingPattern(text: string): text is SpellingPattern {
  return /^\+?[\d# ()./-]{1,40}$/.test(text) && text.includes('#');
}

/**
 * Who is calling: one caller number and the ways in which it may be written in a provider's data.
 *
 * | spelling | example | note |
 * | --- | --- | --- |
 * | `e164` | `+358501231234` | E.164 with the plus sign |
 * | `digits` | `358501231234` | E.164 without the plus sign |
 * | `national` | `0501231234` | as dialled inside the provider's `country`; none for a caller from abroad |
 * | `significant` | `501231234` | national number without trunk prefix and country code |
 * | `idd` | `00358501231234` | with the international prefix `00` |
 * | `international` | `+358 50 1231234` | E.164 in groups |
 * | `local` | `050 1231234` | `national` in groups |
 * | `tel` | `tel:+358501231234` | RFC 3966 |
 * | `text` | `4711` | exactly as the call gave it, trimmed |
 *
 * And any `SpellingPattern`.
 * @since 0.1.0
 */
export class Caller {
  /**
   * The form in which numbers are compared: E.164, or the call's own text if it is not an E.164 number (an extension,
   * a SIP address).
   */
  readonly key: string;
  /** The number as the call gave it, trimmed. */
  readonly text: string;
  readonly #read: ReadNumber;
  readonly #home: string | undefined;

  private constructor(text: string, read: ReadNumber, home: string | undefined) {
    this.text = text;
    this.key = read.key;
    this.#read = read;
    this.#home = home;
  }

  /**
   * @param text the caller number of a call, any spelling, at most 320 characters
   * @param country ISO 3166-1 alpha-2; how a national spelling is read
   */
  static read(text: string, country?: string): Caller {
    return new Caller(text.trim(), readCaller(text, country), country);
  }

  /** The same caller, seen by a provider whose data is written in `country`. */
  seenFrom(country: string | undefined): Caller {
    return country === this.#home ? this : new Caller(this.text, this.#read, country);
  }

  /** E.164 with the plus sign; `undefined` if the call gave no E.164 number. */
  get e164(): string | undefined {
    return E164.test(this.key) ? this.key : undefined;
  }

  /** ISO 3166-1 alpha-2 code of the caller's country, if the number reveals it. */
  get country(): string | undefined {
    return this.#read.parsed?.country;
  }

  /**
   * The number in one spelling; `undefined` if it has none. `national` and `local` exist only for a caller whose
   * country code is that of the provider's country: `0501231234` is one subscriber in Finland and another in Sweden.
   * Countries that share a country code, such as Finland and Åland, or the United States and Canada, write each
   * other's numbers nationally. The same applies to patterns of national numbers. A pattern with another count of
   * digits is not a spelling of this number.
   */
  spell(spelling: Spelling | SpellingPattern): string | undefined {
    if (spelling === 'text') return this.text;
    const e164 = this.e164;
    if (e164 === undefined) return undefined;
    switch (spelling) {
      case 'e164':
        return e164;
      case 'digits':
        return e164.slice(1);
      case 'idd':
        return `00${e164.slice(1)}`;
      case 'tel':
        return `tel:${e164}`;
      case 'significant':
        return this.#read.parsed?.nationalNumber;
      case 'international':
        return this.#read.parsed?.formatInternational();
      case 'national':
        return this.#local()?.replace(/[^0-9]/g, '');
      case 'local':
        return this.#local();
      default:
        return this.#byPattern(spelling, e164.slice(1));
    }
  }

  /** The distinct spellings that this caller has, in the order given. */
  spellings(wanted: readonly (Spelling | SpellingPattern)[] = SPELLINGS): string[] {
    const written = new Set<string>();
    for (const spelling of wanted) {
      const text = this.spell(spelling);
      if (text !== undefined && text !== '') written.add(text);
    }
    return [...written];
  }

  #local(): string | undefined {
    return this.#isFromHome() ? this.#read.parsed!.formatNational() : undefined;
  }

  #isFromHome(): boolean {
    const code = this.#read.parsed?.countryCallingCode;
    return code !== undefined && this.#home !== undefined && code === callingCode(this.#home);
  }

  #byPattern(pattern: SpellingPattern, digits: string): string | undefined {
    if (pattern.startsWith('+')) return fill(pattern, digits);
    if (pattern.startsWith('00')) return fill(pattern, `00${digits}`);
    if (!this.#isFromHome()) return undefined;
    const significant = this.#read.parsed!.nationalNumber;
    const asDialled = this.spell('national')!;
    const withTrunk = `${trunkPrefix(this.#home!) ?? ''}${significant}`;
    for (const national of [asDialled, withTrunk, significant]) {
      const filled = fill(pattern, national);
      if (filled !== undefined) return filled;
    }
    return undefined;
  }
}

/**
 * As `readNumber`, unless the text has more in it than one number, as lists are read: `09 123 4567 / 12` is not the number
 * that all of its digits make.
 */
function readCaller(text: string, country: string | undefined): ReadNumber {
  const read = readNumber(text, country);
  if (UNBROKEN.test(text) || !E164.test(read.key)) return read;
  const { keys } = readWrittenNumbers(text, country);
  if (keys.length === 1 && keys[0] === read.key) return read;
  return keys.length === 1 && E164.test(keys[0]!) ? readNumber(keys[0]!) : { key: text.trim() };
}

/** The pattern filled with the digits; `undefined` if their count differs, or other digits are written out. */
function fill(pattern: string, digits: string): string | undefined {
  let used = 0;
  let fits = true;
  const filled = pattern.replace(/[#\d]/g, (place) => {
    const digit = digits[used++] ?? '';
    fits &&= place === '#' ? digit !== '' : place === digit;
    return digit;
  });
  return fits && used === digits.length ? filled : undefined;
}
