import { callingCode, readNumber } from './phone-number.js';
import type { ReadNumber } from './phone-number.js';

/** Ways to write the caller's number; the names used under `spellings:` in the configuration. */
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
export type Spelling = (typeof SPELLINGS)[number];

/**
 * Who is calling: one caller number and the ways it may be written in somebody's data.
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
 */
export class Caller {
  /** How numbers are compared: E.164, or the call's own text when it is no E.164 number (an extension, a SIP address). */
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
   * @param country ISO 3166-1 alpha-2; how a national spelling is to be read
   */
  static read(text: string, country?: string): Caller {
    return new Caller(text.trim(), readNumber(text, country), country);
  }

  /** The same caller, seen by a provider whose data is written in `country`. */
  seenFrom(country: string | undefined): Caller {
    return country === this.#home ? this : new Caller(this.text, this.#read, country);
  }

  /** E.164 with the plus sign; `undefined` when the call gave no E.164 number. */
  get e164(): string | undefined {
    return this.key.startsWith('+') ? this.key : undefined;
  }

  /** ISO 3166-1 alpha-2 code of the caller's country, where the number tells it. */
  get country(): string | undefined {
    return this.#read.parsed?.country;
  }

  /**
   * The number in one spelling; `undefined` when it has none. `national` and `local` exist only for a caller whose
   * country code is that of the provider's country: `0501231234` is one subscriber in Finland and another in Sweden,
   * but Finland and Åland, or the United States and Canada, write each other's numbers nationally.
   */
  spell(spelling: Spelling): string | undefined {
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
    }
  }

  /** The distinct spellings that this caller has, in the order given. */
  spellings(wanted: readonly Spelling[] = SPELLINGS): string[] {
    const written = new Set<string>();
    for (const spelling of wanted) {
      const text = this.spell(spelling);
      if (text !== undefined && text !== '') written.add(text);
    }
    return [...written];
  }

  #local(): string | undefined {
    const parsed = this.#read.parsed;
    if (parsed === undefined || this.#home === undefined) return undefined;
    return parsed.countryCallingCode === callingCode(this.#home) ? parsed.formatNational() : undefined;
  }
}
