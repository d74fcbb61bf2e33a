import { numberKeys } from '../../../plugin-api/index.js';
import type { Caller, VipRecord } from '../../../plugin-api/index.js';

/** Numbers as keys (E.164, ranges, or text), and their common record, without a number. */
export type ContactDocument = readonly [numbers: readonly string[], record: Omit<VipRecord, 'number'>];

/**
 * The contacts of a copy, found by number. A contact is kept as its stored JSON text, and becomes a record when
 * somebody calls: a hundred thousand objects would take several times the memory.
 */
export class CopyIndex {
  /** Id -> `ContactDocument` as JSON. */
  readonly #documents = new Map<string, string>();
  /** Number key -> one id or several. */
  readonly #ids = new Map<string, string | readonly string[]>();
  #ranges = 0;

  get size(): number {
    return this.#documents.size;
  }

  /** Id and `ContactDocument` as JSON of each; contacts may be put and removed meanwhile. */
  get contacts(): Iterable<readonly [id: string, document: string]> {
    return this.#documents;
  }

  has(id: string): boolean {
    return this.#documents.has(id);
  }

  /** @param document replaces the index's entry for this contact */
  put(id: string, document: string): void {
    this.remove(id);
    this.#documents.set(id, document);
    for (const key of numbersOf(document)) {
      const others = this.#ids.get(key);
      this.#ids.set(key, others === undefined ? id : [...[others].flat(), id]);
      if (key.endsWith('*')) this.#ranges++;
    }
  }

  remove(id: string): void {
    const document = this.#documents.get(id);
    if (document === undefined) return;
    this.#documents.delete(id);
    for (const key of numbersOf(document)) {
      const others = [this.#ids.get(key)!].flat().filter((other) => other !== id);
      if (others.length === 0) this.#ids.delete(key);
      else this.#ids.set(key, others.length === 1 ? others[0]! : others);
      if (key.endsWith('*')) this.#ranges--;
    }
  }

  #records(key: string, number: string): VipRecord[] {
    const ids = this.#ids.get(key);
    if (ids === undefined) return [];
    return [ids].flat().map((id) => {
      const [, record] = JSON.parse(this.#documents.get(id)!) as ContactDocument;
      return { number, ...record };
    });
  }

  /** The records of a caller's number and of ranges that cover it, best first: the exact number, then longer ranges. */
  find(caller: Caller): VipRecord[] {
    const own = this.#records(caller.key, caller.key);
    // Accepted, as in a live answer, if it was not read as a number of the CRM's own country.
    const digits = caller.key.startsWith('+') ? this.#records(caller.key.slice(1), caller.key) : [];
    const ranges = this.#ranges === 0 ? [] : numberKeys(caller.key).filter((key) => key !== caller.key);
    return [...own, ...digits, ...ranges.flatMap((range) => this.#records(range, range))];
  }
}

function numbersOf(document: string): readonly string[] {
  return (JSON.parse(document) as ContactDocument)[0];
}
