import { LRUCache } from 'lru-cache';
import type { CacheConfig } from './providers.config.js';
import type { Answer } from './answer.js';

/** An answer and how long it is good for what; all in the time of `performance.now()`. */
export interface KeptAnswer {
  readonly answer: Answer;
  /** Until then it is simply the answer. */
  readonly freshUntilMs: number;
  /** Until then it is given at once, while the provider is asked again. */
  readonly refreshUntilMs: number;
  /** Until then it stands in when the provider cannot tell. Never for "not a VIP": that would hide the failure. */
  readonly onErrorUntilMs: number;
}

/**
 * Answers of one provider, by number; the number unused for longest goes first. Ages are measured on the monotonic
 * clock, so a clock that jumps ages nothing.
 */
export class AnswerCache {
  readonly #entries: LRUCache<string, KeptAnswer>;

  constructor(private readonly config: CacheConfig) {
    this.#entries = new LRUCache({ max: config.maxEntries });
  }

  /** The answer kept for a number, if it is still good for anything. */
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
      // Not to be kept; but the record that was known before is history too.
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
