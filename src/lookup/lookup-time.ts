/**
 * Part of the timeout from which a timed-out lookup counts against the provider. A lookup that has waited for its
 * turn has less than the whole timeout; in three quarters of it a healthy backend would have answered, if it ever
 * answers in time.
 */
const FAIR_PART = 0.75;

/** Part of the timeout after which a waiting lookup is no longer started, because it would be cut off. */
const TOO_LATE = 0.9;

/** A lookup starts only if its remaining time is at least this many times the usual time of lookups. */
const MARGIN = 1.25;

/** Weight of the latest success in the average. */
const LATEST = 1 / 8;

/** A lookup that takes longer counts as having to wait. */
const AT_ONCE_MS = 1;

/** How long that is held against a provider: it is asked in vain now and then, instead of being left out forever. */
const SHOWN_MS = 1_000;

/** How much time the lookups of one provider need, and how much they had. */
export class LookupTime {
  /** Moving average of the time of successful lookups; 0 before the first. */
  #usualMs = 0;
  /** When the latest lookup that had to wait began, unless one has been answered at once since. */
  #waitedMs = -Infinity;

  constructor(private readonly timeoutMs: number) {}

  hadToWait(nowMs: number): void {
    this.#waitedMs = nowMs;
  }

  /** Whether a provider's answers take time, judging by its latest lookups. */
  isSlow(nowMs: number): boolean {
    return nowMs - this.#waitedMs < SHOWN_MS;
  }

  succeededWithin(ms: number): void {
    if (ms <= AT_ONCE_MS) this.#waitedMs = -Infinity;
    this.#usualMs += (ms - this.#usualMs) * (this.#usualMs === 0 ? 1 : LATEST);
  }

  /**
   * How long a lookup may wait for its turn. If lookups were started only to be cut off, a healthy provider could
   * never answer a crowd in time.
   */
  get longestWaitMs(): number {
    return Math.min(TOO_LATE * this.timeoutMs, this.timeoutMs - MARGIN * this.#usualMs);
  }

  /** Whether this is such a large part of the timeout that no answer within it counts against the provider. */
  isFair(ms: number): boolean {
    return ms >= FAIR_PART * this.timeoutMs;
  }
}
