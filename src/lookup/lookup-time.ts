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

/** What takes longer has to be waited for. */
const AT_ONCE_MS = 1;

/** How long that is held against a provider: it may be asked in vain now and then, and is not left out for ever. */
const SHOWN_MS = 1_000;

/** How much time the lookups of one provider need, and what they had. */
export class LookupTime {
  /** How long one takes that succeeds, a moving average; 0 until one has. */
  #usualMs = 0;
  /** When a lookup was last begun that had to be waited for, unless one has been answered at once since. */
  #waitedMs = -Infinity;

  constructor(private readonly timeoutMs: number) {}

  hadToWait(nowMs: number): void {
    this.#waitedMs = nowMs;
  }

  /** Whether a provider has to be waited for, as its latest lookups tell. */
  isSlow(nowMs: number): boolean {
    return nowMs - this.#waitedMs < SHOWN_MS;
  }

  succeededWithin(ms: number): void {
    if (ms <= AT_ONCE_MS) this.#waitedMs = -Infinity;
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
