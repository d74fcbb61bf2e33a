import type { Pace } from './pace.js';

/** Entries of a bucket on average, at most. */
const BUCKET_SIZE = 4;
const CHUNK_ENTRIES = 65_536;
/** Entries between two looks at the clock. */
const STEP_MASK = 1_023;
/** Up to here, comparing each with each is quicker than grouping. */
const SMALL_BUCKET = 32;

type References = Uint8Array | Uint16Array | Uint32Array;

/**
 * Entries by key, sorted by the bucket that the key's hash names: a lookup reads where its bucket begins and the keys in
 * it, which lie side by side. Takes 10 to 14 bytes an entry, nothing of it on the heap. See docs/adr/0012-compact-lists.md.
 */
export class EntryTable {
  /** Where each bucket begins; behind the last one, where it ends. */
  readonly #starts: Uint32Array;
  readonly #keys: Float64Array;
  readonly #references: References;
  readonly #mask: number;

  constructor(starts: Uint32Array, keys: Float64Array, references: References) {
    this.#starts = starts;
    this.#keys = keys;
    this.#references = references;
    this.#mask = starts.length - 2;
  }

  get size(): number {
    return this.#keys.length;
  }

  /**
   * The place of the key's next entry in the order of the list.
   * @param after the place of the one before; -1 for the first
   * @returns -1 when there is none
   */
  next(key: number, after: number): number {
    const bucket = hash(key) & this.#mask;
    const end = this.#starts[bucket + 1]!;
    for (let place = after < 0 ? this.#starts[bucket]! : after + 1; place < end; place++) {
      if (this.#keys[place] === key) return place;
    }
    return -1;
  }

  /** What was stored with the entry at this place. */
  referenceAt(place: number): number {
    return this.#references[place]!;
  }

  /** The places of the entries of each key that has several, in the order of the list. */
  async *repeated(pace: Pace): AsyncGenerator<readonly number[]> {
    for (let bucket = 0; bucket < this.#starts.length - 1; bucket++) {
      if ((bucket & STEP_MASK) === 0 && pace.isDue) await pace.makeWay();
      const start = this.#starts[bucket]!;
      const end = this.#starts[bucket + 1]!;
      if (end - start <= SMALL_BUCKET && !this.#hasRepeated(start, end)) continue;
      const places = new Map<number, number[]>();
      for (let place = start; place < end; place++) {
        if ((place & STEP_MASK) === 0 && pace.isDue) await pace.makeWay();
        const key = this.#keys[place]!;
        const same = places.get(key);
        if (same === undefined) places.set(key, [place]);
        else same.push(place);
      }
      for (const group of places.values()) if (group.length > 1) yield group;
    }
  }

  #hasRepeated(start: number, end: number): boolean {
    for (let place = start + 1; place < end; place++) {
      for (let earlier = start; earlier < place; earlier++) {
        if (this.#keys[earlier] === this.#keys[place]) return true;
      }
    }
    return false;
  }
}

interface Chunk {
  readonly keys: Float64Array;
  readonly references: Uint32Array;
  readonly lines: Uint32Array;
}

/** Collects the entries of a list, however many, and then makes their table. */
export class EntryTableBuilder {
  readonly #chunks: Chunk[] = [];
  #size = 0;

  /**
   * @param key an integer that a double holds exactly
   * @param reference from 0 to 2^32 - 1
   * @param line on which the entry begins
   */
  add(key: number, reference: number, line: number): void {
    const at = this.#size++ % CHUNK_ENTRIES;
    if (at === 0) {
      this.#chunks.push({
        keys: new Float64Array(CHUNK_ENTRIES),
        references: new Uint32Array(CHUNK_ENTRIES),
        lines: new Uint32Array(CHUNK_ENTRIES),
      });
    }
    const { keys, references, lines } = this.#chunks.at(-1)!;
    keys[at] = key;
    references[at] = reference;
    lines[at] = line;
  }

  /**
   * Moves everything into a table; the builder is empty then.
   * @param referenceLimit all references are below it
   * @returns the table and, for reports, the line of the entry at each of its places
   */
  async build(referenceLimit: number, pace: Pace): Promise<{ table: EntryTable; lines: Uint32Array }> {
    const buckets = 2 ** Math.max(0, Math.ceil(Math.log2(this.#size / BUCKET_SIZE)));
    const starts = await this.#countBuckets(buckets, pace);
    const keys = new Float64Array(this.#size);
    const references = referencesFor(referenceLimit, this.#size);
    const lines = new Uint32Array(this.#size);
    // From the last to the first, each to the end of what its bucket has left: the order of the list is kept.
    while (this.#size > 0) {
      if ((this.#size & STEP_MASK) === 0 && pace.isDue) await pace.makeWay();
      const at = --this.#size % CHUNK_ENTRIES;
      const chunk = this.#chunks.at(-1)!;
      const key = chunk.keys[at]!;
      const place = --starts[hash(key) & (buckets - 1)]!;
      keys[place] = key;
      references[place] = chunk.references[at]!;
      lines[place] = chunk.lines[at]!;
      if (at === 0) this.#chunks.pop();
    }
    return { table: new EntryTable(starts, keys, references), lines };
  }

  /** Where each bucket ends. */
  async #countBuckets(buckets: number, pace: Pace): Promise<Uint32Array> {
    const ends = new Uint32Array(buckets + 1);
    for (let index = 0; index < this.#size; index++) {
      if ((index & STEP_MASK) === 0 && pace.isDue) await pace.makeWay();
      const key = this.#chunks[Math.floor(index / CHUNK_ENTRIES)]!.keys[index % CHUNK_ENTRIES]!;
      ends[hash(key) & (buckets - 1)]!++;
    }
    let end = 0;
    for (let bucket = 0; bucket <= buckets; bucket++) {
      if ((bucket & STEP_MASK) === 0 && pace.isDue) await pace.makeWay();
      end += ends[bucket]!;
      ends[bucket] = end;
    }
    return ends;
  }
}

/** The narrowest array that can hold the references. */
function referencesFor(limit: number, size: number): References {
  if (limit <= 2 ** 8) return new Uint8Array(size);
  return limit <= 2 ** 16 ? new Uint16Array(size) : new Uint32Array(size);
}

/** Spreads neighbouring keys over all buckets (the finalizer of MurmurHash3, over both halves of the key). */
function hash(key: number): number {
  let mixed = key ^ Math.imul(Math.floor(key / 2 ** 32), 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
