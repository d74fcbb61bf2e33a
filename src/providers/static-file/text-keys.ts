import { KEY_LIMIT } from './number-key.js';

/** A map that grows is copied as a whole; one of this many shards is copied within a millisecond. */
const SHARDS = 64;

/** Keys, for the table of entries, of texts that are no E.164 numbers: integers above all of those numbers; negative for those that no call can find. */
export class TextKeys {
  readonly #shards = Array.from({ length: SHARDS }, () => new Map<string, number>());
  #size = 0;

  /** Undefined when the text was never added. */
  get(text: string): number | undefined {
    return this.#shardOf(text).get(text);
  }

  /** The key that the text has, or a new one. @param isFound whether a call can find it */
  add(text: string, isFound: boolean): number {
    const shard = this.#shardOf(text);
    const known = shard.get(text);
    if (known !== undefined) return known;
    const key = (KEY_LIMIT + this.#size++) * (isFound ? 1 : -1);
    shard.set(text, key);
    return key;
  }

  #shardOf(text: string): Map<string, number> {
    let hash = 0;
    for (let at = 0; at < text.length; at++) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
    return this.#shards[hash & (SHARDS - 1)]!;
  }
}
