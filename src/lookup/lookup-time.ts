/**
 * Part of the timeout after which a time-out counts against the provider. A lookup that has waited for its turn has less
 * than the whole; with three quarters of it a sound backend would have answered, if it ever does in time.
 */
const FAIR_PART = 0.75;

/** Part of the timeout after which a lookup that has waited for its turn is not begun any more: it would be cut off. */
const TOO_LATE = 0.9;

/** How much more time than lookups usually take one must have left to be begun. */
const MARGIN = 1.25;

/** How much the latest success says of how long a lookup takes. */
const LATEST = 1 / 8;

/** How much time the lookups of one provider need, and what they had. */
export class LookupTime {
  /** How long one takes that succeeds, a moving average; 0 until one has. */
  #usualMs = 0;

  constructor(private readonly timeoutMs: number) {}

  succeededWithin(ms: number): void {
    this.#usualMs += (ms - this.#usualMs) * (this.#usualMs === 0 ? 1 : LATEST);
  }

  /**
   * How long a lookup may wait for its turn. Lookups that are begun only to be cut off would keep a sound provider from
   * ever answering a crowd in time.
   */
  get longestWaitMs(): number {
    return Math.min(TOO_LATE * this.timeoutMs, this.timeoutMs - MARGIN * this.#usualMs);
  }

  /** Whether that is so much of the timeout that no answer within it speaks against the provider. */
  isFair(ms: number): boolean {
    return ms >= FAIR_PART * this.timeoutMs;
  }
}
