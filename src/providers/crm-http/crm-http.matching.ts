import {
  bySpecificity,
  sameTier,
  isNothing,
  numberKeys,
  readRange,
  readWrittenNumbers,
} from '../../plugin-api/index.js';
import type { Caller, Json, VipRecord } from '../../plugin-api/index.js';

/**
 * Decides whether an entry of an answer is the caller's contact. A search may be fuzzy, or compare only the last
 * digits, and a number without country code is a different one in each country. So every number is read as the CRM's
 * country writes it, and compared as a whole.
 */
export class CallerMatch {
  /** The caller's number and the ranges that cover it, best first. */
  readonly #keys: readonly string[];

  /** @param country ISO 3166-1 alpha-2: how the CRM's numbers are read */
  constructor(
    private readonly caller: Caller,
    private readonly country: string | undefined,
  ) {
    this.#keys = numberKeys(caller.key);
  }

  /**
   * The best key under which one of the numbers is the caller's; `undefined` if none is.
   * @param written the contact's numbers, in any spelling
   */
  ownNumber(written: readonly (string | number)[]): string | undefined {
    const places = written
      .flatMap((number) => this.#keysOf(String(number).trim()))
      .map((key) => this.#keys.indexOf(key))
      .filter((place) => place >= 0);
    return places.length === 0 ? undefined : this.#keys[Math.min(...places)];
  }

  /** A field may hold several numbers. */
  #keysOf(text: string): readonly string[] {
    // Parsing texts that cannot be numbers is slow, and an answer may be full of them.
    if (text.length > MAX_DIGITS && text !== this.caller.text && LONG_DIGITS.test(text)) return [];
    if (text.includes('*') && this.caller.key !== text) return [contactRange(text, this.country) ?? ''];
    // All digits of E.164 without a plus sign: accepted if they are not a number of the CRM's own country.
    const digits = this.caller.spell('digits');
    return contactNumbers(text, this.country).map((key) =>
      !key.startsWith('+') && bare(key) === digits ? this.caller.key : key,
    );
  }
}

/** E.164 has 15 at most, plus prefixes and extensions. */
const MAX_DIGITS = 24;
const LONG_DIGITS = new RegExp(`(?:\\d[ .-]?){${MAX_DIGITS + 1}}`);

/** Fewer digits and a star mean a country or an operator, not a switchboard: a mistake in the CRM. */
const MIN_RANGE_DIGITS = 6;

/** The numbers of a contact's field without a star. A sign that only looks like one makes a range all the same. */
export function contactNumbers(text: string, country: string | undefined): readonly string[] {
  const { keys } = readWrittenNumbers(text, country);
  return keys.filter((key) => !key.endsWith('*') || contactRange(key, country) !== undefined);
}

/** The range that a contact's number with a star means; `undefined` if it is not a range. */
export function contactRange(text: string, country: string | undefined): string | undefined {
  const range = readRange(text, country);
  return range !== undefined && range.length >= MIN_RANGE_DIGITS + '+*'.length ? range : undefined;
}

/** True if a tier is empty, which is how a CRM lists contacts who are not VIPs. */
export function isWithoutTier(tier: Json | undefined): boolean {
  return tier == null || (typeof tier === 'string' && (tier.trim() === '' || isNothing(tier.trim())));
}

interface WrittenByCrm {
  readonly texts: readonly (string | number)[];
  /** Whether there is also something that is no text, such as an object. */
  readonly hasOthers: boolean;
}

/** The numbers of an entry, without empty ones. */
export function writtenNumbers(value: Json | undefined): WrittenByCrm {
  const numbers = flatten(value ?? []).filter(
    (number) => number !== null && number !== false && !(typeof number === 'string' && number.trim() === ''),
  );
  const isText = (number: Json): number is string | number =>
    typeof number === 'string' || typeof number === 'number';
  const texts = numbers.filter(isText);
  return { texts, hasOthers: texts.length < numbers.length };
}

/** The items of a list, including nested lists; anything else is treated as a list of one. */
export function flatten(value: Json): Json[] {
  return ([value] as unknown[]).flat(Infinity) as Json[];
}

/**
 * Sorts a caller's records: exact number before ranges, then by tier, then in the CRM's order.
 * @param tierOrder the highest first; other tiers come last
 */
export function bestFirst(records: readonly VipRecord[], tierOrder: readonly string[]): VipRecord[] {
  const order = tierOrder.map(sameTier);
  const rank = ({ tier }: VipRecord): number => {
    const place = order.indexOf(sameTier(tier));
    return place < 0 ? tierOrder.length : place;
  };
  return [...records].sort((a, b) => bySpecificity(a, b) || rank(a) - rank(b));
}

/** Whether no other contact can take precedence. */
export function isBest({ number, tier }: VipRecord, [highest]: readonly string[]): boolean {
  return !number.endsWith('*') && highest !== undefined && sameTier(tier) === sameTier(highest);
}

/** Searches by two spellings may find the same contact. */
export function withoutRepeats(records: readonly VipRecord[]): VipRecord[] {
  return [...new Map(records.map((record) => [JSON.stringify(record), record])).values()];
}

/** The number without the characters that people put between digits. */
export function bare(number: string): string {
  return number.replace(/[\s\-./()\u00a0]/g, '');
}
