import { LRUCache } from 'lru-cache';
import type { CacheConfig } from './providers.config.js';
import type { Answer } from './answer.js';

/** An answer and until when it may be used for what, by `performance.now()`. */
export interface KeptAnswer {
  readonly answer: Answer;
  readonly freshUntilMs: number;
  /** Until then it is returned at once, while the provider is asked again (stale-while-revalidate). */
  readonly refreshUntilMs: number;
  /** Until then it is used if the provider fails (stale-if-error). Never for "not a VIP": that would hide the failure. */
  readonly onErrorUntilMs: number;
}

/**
 * Answers of one provider, by number; the least recently used is evicted first. Ages are measured on the monotonic
 * clock, so a jump of the wall clock does not affect them.
 */
export class AnswerCache {
  readonly #entries: LRUCache<string, KeptAnswer>;

  constructor(private readonly config: CacheConfig) {
    this.#entries = new LRUCache({ max: config.maxEntries });
  }

  /** The stored answer for a number, if it may still be used for anything. */
  get(key: string, nowMs: number): KeptAnswer | undefined {
    const kept = this.#entries.get(key);
    if (kept === undefined || nowMs < kept.refreshUntilMs || nowMs < kept.onErrorUntilMs) return kept;
    this.#entries.delete(key);
    return undefined;
  }

  store(key: string, answer: Answer): void {
    const { ttlMs, negativeTtlMs, staleWhileRevalidateMs, staleIfErrorMs } = this.config;
    const isVip = answer.length > 0;
    const keptMs = isVip ? ttlMs : negativeTtlMs;
    if (keptMs === 0) {
      // Not stored; but the earlier record is no longer valid, either.
      this.#entries.delete(key);
      return;
    }
    const freshUntilMs = performance.now() + keptMs;
    this.#entries.set(key, {
      answer,
      freshUntilMs,
      refreshUntilMs: freshUntilMs + staleWhileRevalidateMs,
      onErrorUntilMs: isVip ? freshUntilMs + staleIfErrorMs : 0,
    });
  }
}
