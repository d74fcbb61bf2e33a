import { backoffMs } from '../../plugin-api/index.js';

/** Pauses if the CRM does not say for how long: the first one, then twice as long each time, up to the last. */
const FIRST_PAUSE_MS = 1_000;
const LAST_PAUSE_MS = 60_000;

/** Longest pause that a server may request. If it requests more, it is asked again after this time. */
const MAX_PAUSE_MS = 15 * 60_000;

/** A time without requests to a CRM, because it reported too many of them. */
export class Pause {
  #begunMs = -Infinity;
  #untilMs = -Infinity;
  #inARow = 0;

  constructor(
    private readonly now: () => number = () => performance.now(),
    private readonly times = { firstMs: FIRST_PAUSE_MS, lastMs: LAST_PAUSE_MS },
  ) {}

  /** Remaining milliseconds; 0 if there is no pause. */
  get leftMs(): number {
    return Math.max(0, this.#untilMs - this.now());
  }

  /** Whether there was no successful answer since the last pause. */
  get isUnsettled(): boolean {
    return this.#inARow > 0;
  }

  /**
   * @param askedMs when the request was sent whose answer asks for it: several concurrent ones count as one
   * @param retryAfterMs for how long, if the CRM says so
   */
  begin(askedMs: number, retryAfterMs: number | undefined): void {
    const nowMs = this.now();
    const isOneMore = askedMs < this.#begunMs;
    if (isOneMore && retryAfterMs === undefined) return;
    if (!isOneMore) {
      this.#inARow++;
      this.#begunMs = nowMs;
    }
    this.#untilMs = Math.max(
      this.#untilMs,
      nowMs + Math.min(retryAfterMs ?? this.#ownPauseMs(), MAX_PAUSE_MS),
    );
  }

  /** @param askedMs when the successfully answered request was sent */
  settled(askedMs: number): void {
    if (askedMs >= this.#begunMs) this.#inARow = 0;
  }

  /** With jitter, so that several instances do not resume at once. */
  #ownPauseMs(): number {
    const jitter = 1 + Math.random() / 4;
    return backoffMs(this.#inARow - 1, this.times.firstMs * jitter, this.times.lastMs);
  }
}

/**
 * Milliseconds that a header `Retry-After` asks to wait: seconds, or an HTTP date (RFC 9110, 10.2.3).
 * @returns at most 15 minutes; `undefined` if it is absent, unreadable, or not in the future
 */
export function readRetryAfter(header: string | undefined, nowMs = Date.now()): number | undefined {
  const text = header?.trim() ?? '';
  // Date.parse alone would interpret "1" as a month.
  const ms = /^\d+(\.\d+)?$/.test(text)
    ? Number(text) * 1_000
    : /[a-z]/i.test(text)
      ? Date.parse(text) - nowMs
      : Number.NaN;
  return ms > 0 ? Math.min(ms, MAX_PAUSE_MS) : undefined;
}
