import { EntryTally, numberProblem } from '../../plugin-api/index.js';
import type { VipRecord } from '../../plugin-api/index.js';
import { findDuplicates } from './duplicates.js';
import { EntryTableBuilder } from './entry-table.js';
import type { EntryTable } from './entry-table.js';
import { leadingDigits, MIN_DIGITS, numberKey } from './number-key.js';
import type { Pace } from './pace.js';
import { SharedDetails } from './shared-details.js';
import type { Details } from './shared-details.js';
import { TextKeys } from './text-keys.js';

/**
 * Records by number and range, for finding all that fit a caller without looking at the others. In the table a number
 * has itself as its key, a range its digits, negative, and a text what `texts` says.
 */
export class RecordIndex {
  constructor(
    private readonly table: EntryTable,
    private readonly details: readonly Details[],
    private readonly texts: TextKeys,
    /** How many digits the ranges of the list have, longest first. */
    private readonly rangeLengths: readonly number[],
  ) {}

  get size(): number {
    return this.table.size;
  }

  /**
   * All records that fit, best first: the exact number, then ranges, longest first; those of one number or range in the
   * order of the list. Validity and targets are for the decision to judge.
   * @param key `Caller.key`
   */
  find(key: string): VipRecord | readonly VipRecord[] | null {
    const number = numberKey(key);
    if (number === 0) {
      const text = this.texts.get(key);
      return text === undefined ? null : this.#withEntries(null, text, key);
    }
    let found = this.#withEntries(null, number, key);
    const digits = key.length - 1;
    if (digits < MIN_DIGITS) return found;
    for (const length of this.rangeLengths) {
      if (length <= digits) found = this.#withEntries(found, -leadingDigits(number, digits, length));
    }
    return found;
  }

  /** @param number what the entries are for, where the key does not say it */
  #withEntries(
    found: VipRecord | VipRecord[] | null,
    key: number,
    number?: string,
  ): VipRecord | VipRecord[] | null {
    for (let place = this.table.next(key, -1); place !== -1; place = this.table.next(key, place)) {
      const details = this.details[this.table.referenceAt(place)]!;
      const record = { number: number ?? `+${-key}*`, ...details };
      if (found === null) found = record;
      else if (Array.isArray(found)) found.push(record);
      else found = [found, record];
    }
    return found;
  }
}

/** Makes the index of a list, entry by entry. */
export class RecordIndexBuilder {
  readonly #table = new EntryTableBuilder();
  readonly #details = new SharedDetails();
  readonly #texts = new TextKeys();
  readonly #rangeLengths = new Set<number>();
  readonly #tally = new EntryTally('line');

  /** @param line on which the entry begins; for reports */
  add(record: VipRecord, line: number): void {
    const problem = numberProblem(record.number);
    this.#tally.add(record, line, problem);
    this.#table.add(
      this.#keyOf(record.number, problem === undefined),
      this.#details.referenceOf(record),
      line,
    );
  }

  #keyOf(number: string, isFound: boolean): number {
    const key = numberKey(number);
    if (key !== 0) return key;
    const range = number.endsWith('*') ? numberKey(number, number.length - 1) : 0;
    if (range !== 0) {
      this.#rangeLengths.add(number.length - 2);
      return -range;
    }
    return this.#texts.add(number, isFound);
  }

  /** The index of what was added; the builder is empty then. */
  async build(pace: Pace): Promise<{ index: RecordIndex; duplicates: readonly string[]; tally: EntryTally }> {
    const details = this.#details.all;
    const { table, lines } = await this.#table.build(details.length, pace);
    const rangeLengths = [...this.#rangeLengths].sort((a, b) => b - a);
    return {
      index: new RecordIndex(table, details, this.#texts, rangeLengths),
      duplicates: await findDuplicates(table, lines, details, pace, this.#tally),
      tally: this.#tally,
    };
  }
}
