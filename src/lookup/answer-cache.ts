import { LRUCache } from 'lru-cache';
import type { CacheConfig } from '../config/app-config.js';
import type { VipRecord } from './port/vip-record.js';

/** The records of one number, best first; empty = known not to be a VIP. */
export type Answer = readonly VipRecord[];

/**
 * Answers of one provider, by number. Ages are measured on the monotonic clock, so a clock that jumps ages nothing.
 * An answer is fresh for `ttl` (`negativeTtl` when empty), and usable for `staleIfError` longer when the provider fails.
 */
export class AnswerCache {
  readonly #entries: LRUCache<string, { answer: Answer; storedMs: number }>;

  constructor(private readonly config: CacheConfig) {
    this.#entries = new LRUCache({ max: config.maxEntries });
  }

  fresh(key: string): Answer | undefined {
    return this.#within(key, 0);
  }

  stale(key: string): Answer | undefined {
    return this.#within(key, this.config.staleIfErrorMs);
  }

  store(key: string, answer: Answer): void {
    this.#entries.set(key, { answer, storedMs: performance.now() });
  }

  #within(key: string, graceMs: number): Answer | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const ttlMs = entry.answer.length > 0 ? this.config.ttlMs : this.config.negativeTtlMs;
    return performance.now() - entry.storedMs < ttlMs + graceMs ? entry.answer : undefined;
  }
}
