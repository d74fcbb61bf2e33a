import { setImmediate as nextTurn } from 'node:timers/promises';
import { EntryTally, numberKeys, SeenNumbers } from '../../../plugin-api/index.js';
import type { Caller, VipRecord } from '../../../plugin-api/index.js';
import type { CopyState, CopyStore, Part } from './copy-store.js';
import { withTurns } from './with-turns.js';

/** `CopyIndex` finds these by the caller's digits. */
const DIGITS_OF_E164 = /^[1-9]\d{2,14}$/;

/** Numbers as keys (E.164, ranges, or text), and their common record, without a number. */
export type ContactDocument = readonly [numbers: readonly string[], record: Omit<VipRecord, 'number'>];
/** In place of a contact that cannot be read, so that it is told for as long as it is in the copy. */
type UnreadDocument = readonly [numbers: readonly [], why: { readonly problem: string }];

/** @param problem without the contact's values */
export function unreadDocument(problem: string): string {
  return JSON.stringify([[], { problem }] satisfies UnreadDocument);
}

/**
 * The contacts of a copy, found by number. A contact is kept as its stored JSON text, and becomes a record when
 * somebody calls: a hundred thousand objects would take several times the memory.
 */
export class CopyIndex {
  /** Id -> `ContactDocument` as JSON. */
  readonly #documents = new Map<string, string>();
  /** Number key -> one id or several. */
  readonly #ids = new Map<string, string | readonly string[]>();
  /** Id -> why the contact cannot be read. */
  readonly #unread = new Map<string, string>();
  #ranges = 0;

  /** Whether it has the contact, and that can be read. */
  has(id: string): boolean {
    return this.#documents.has(id);
  }

  /** @param document replaces the index's entry for this contact */
  put(id: string, document: string): void {
    this.remove(id);
    const [numbers, details] = JSON.parse(document) as ContactDocument | UnreadDocument;
    if ('problem' in details) return void this.#unread.set(id, details.problem);
    this.#documents.set(id, document);
    for (const key of numbers) {
      const others = this.#ids.get(key);
      this.#ids.set(key, others === undefined ? id : [...[others].flat(), id]);
      if (key.endsWith('*')) this.#ranges++;
    }
  }

  remove(id: string): void {
    this.#unread.delete(id);
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

  /** Counts each number of each contact, and those that cannot be read; contacts may be put and removed meanwhile. */
  async countEntries(signal: AbortSignal): Promise<EntryTally> {
    const tally = new EntryTally('contact');
    const seen = new SeenNumbers();
    for await (const [id, document] of withTurns(this.#documents)) {
      signal.throwIfAborted();
      const [numbers, details] = JSON.parse(document) as ContactDocument;
      for (const written of numbers) {
        const record = { ...details, number: DIGITS_OF_E164.test(written) ? `+${written}` : written };
        tally.add(record, id);
        if (seen.isRepeat(record)) tally.addRepeat(id);
      }
    }
    for await (const [id, problem] of withTurns(this.#unread)) {
      signal.throwIfAborted();
      tally.addUnreadable(id, problem);
    }
    return tally;
  }
}

function numbersOf(document: string): readonly string[] {
  return (JSON.parse(document) as ContactDocument)[0];
}

/** The copy as this instance has it in memory. */
export class LoadedCopy {
  index = new CopyIndex();
  /** Which copy it is; `undefined` before one has been loaded. */
  state: CopyState | undefined;

  constructor(
    private readonly store: CopyStore,
    private readonly changed: () => void,
  ) {}

  /** Counts what can be found, and what cannot be read. */
  async countEntries(signal: AbortSignal): Promise<EntryTally | undefined> {
    if (this.state === undefined) return undefined;
    const { count = 0, first = [] } = this.state.unnamed ?? {};
    const tally = await this.index.countEntries(signal);
    for (let at = 0; at < count; at++) tally.addUnreadable(...(first[at] ?? first[0]!));
    return tally;
  }

  /**
   * Reads the missing parts; until all have been read, lookups use the previous state.
   * @returns false if a part is missing; then nothing was changed
   * @throws VipLookupError when the database cannot be used
   */
  async load(copy: CopyState): Promise<boolean> {
    const { generation, parts = 0, unnamed } = this.state ?? {};
    const isGrown = generation === copy.generation && parts <= copy.parts;
    const index = isGrown ? this.index : new CopyIndex();
    const changes: Part[] = [];
    for (let number = isGrown ? parts : 0; number < copy.parts; number++) {
      const part = await this.store.part(copy, number);
      if (part === undefined) return false;
      // Nobody uses a new copy yet; changes to the one in use are applied after all of them have been read.
      if (isGrown) changes.push(part);
      else await apply(part, index);
    }
    for (const part of changes) await apply(part, index);
    this.index = index;
    this.state = copy;
    if (!isGrown || parts < copy.parts || unnamed?.count !== copy.unnamed?.count) this.changed();
    return true;
  }
}

async function apply(part: Part, index: CopyIndex): Promise<void> {
  await nextTurn();
  for await (const [id, document] of withTurns(part)) {
    if (document === undefined) index.remove(id);
    else index.put(id, document);
  }
}
