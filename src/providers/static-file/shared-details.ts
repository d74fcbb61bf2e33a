import { isDeepStrictEqual } from 'node:util';
import { LRUCache } from 'lru-cache';
import type { VipRecord } from '../../plugin-api/index.js';

/** What a record says of its number. */
export type Details = Omit<VipRecord, 'number'>;

/** How many characters the values that are remembered, to be recognised again, may have together. */
const MAX_CHARACTERS = 8_000_000;
/** A shorter one counts as this many, so that at most 16,384 are remembered. */
const FEWEST_CHARACTERS = MAX_CHARACTERS / 16_384;
/** No `max`: the cache would make room for as many at once, which costs ten times what a short list takes to be read. */
const REMEMBERED = {
  maxSize: MAX_CHARACTERS,
  sizeCalculation: (_: unknown, text: string) => Math.max(Math.ceil(FEWEST_CHARACTERS), text.length),
};

/**
 * Keeps what records say, once where many say the same: millions of numbers have a few tiers and targets. Of records with
 * something of their own, a name for instance, at least the rest is kept once.
 */
export class SharedDetails {
  readonly all: Details[] = [];
  readonly #references = new LRUCache<string, number>(REMEMBERED);
  readonly #parts = new LRUCache<string, string | object>(REMEMBERED);

  /** Where in `all` that is which this record says. */
  referenceOf({ number: _, ...details }: VipRecord): number {
    const text = JSON.stringify(details);
    const known = this.#references.get(text);
    if (known !== undefined && isSame(this.all[known]!, details)) return known;
    const { tier, targets, instructions } = details;
    const reference = this.all.length;
    this.all.push({
      ...details,
      tier: this.#shared(tier),
      ...(targets && { targets: this.#shared(targets) }),
      ...(instructions && { instructions: this.#shared(instructions) }),
    });
    this.#references.set(text, reference);
    return reference;
  }

  #shared<T extends string | object>(part: T): T {
    const text = JSON.stringify(part);
    const known = this.#parts.get(text);
    if (known !== undefined && isDeepStrictEqual(known, part)) return known as T;
    this.#parts.set(text, part);
    return part;
  }
}

/** Told that both have the same text. */
function isSame(a: Details, b: Details): boolean {
  // YAML has numbers that JSON writes as null.
  return (a.attributes ?? a.instructions) === undefined || isDeepStrictEqual(a, b);
}
