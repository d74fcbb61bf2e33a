import { numberKeys } from '../../plugin-api/index.js';
import type { VipRecord } from '../../plugin-api/index.js';

/** Records by number and range, for finding all that fit a caller without looking at the others. */
export class RecordIndex {
  readonly size: number;
  readonly #records = new Map<string, VipRecord | VipRecord[]>();
  /** Lengths of the ranges in the list, their `*` included: only those are looked up. */
  readonly #rangeLengths = new Set<number>();

  constructor(records: readonly VipRecord[]) {
    this.size = records.length;
    for (const record of records) {
      const { number } = record;
      if (number.endsWith('*')) this.#rangeLengths.add(number.length);
      const same = this.#records.get(number);
      if (same === undefined) this.#records.set(number, record);
      else if (Array.isArray(same)) same.push(record);
      else this.#records.set(number, [same, record]);
    }
  }

  /**
   * All records that fit, best first: the exact number, then ranges, longest first; those of one number or range in the
   * order of the list. Validity and targets are for the decision to judge.
   * @param key `Caller.key`
   */
  find(key: string): VipRecord | readonly VipRecord[] | null {
    // A text that only looks like a range of the list is nobody's number.
    if (key.endsWith('*')) return null;
    const found: VipRecord[] = [];
    for (const candidate of this.#rangeLengths.size === 0 ? [key] : numberKeys(key)) {
      if (candidate !== key && !this.#rangeLengths.has(candidate.length)) continue;
      const records = this.#records.get(candidate);
      if (Array.isArray(records)) found.push(...records);
      else if (records !== undefined) found.push(records);
    }
    return found.length > 1 ? found : (found[0] ?? null);
  }
}
