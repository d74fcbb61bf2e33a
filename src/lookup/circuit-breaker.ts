import type { BreakerState } from '../observability/metrics.service.js';

/**
 * After five failures in a row, the provider gets no lookups for a second, then one at a time as a trial. So an
 * outage costs one lookup a second, and its end is noticed within a second plus the time of one lookup.
 */
export const BREAKER = { failures: 5, openMs: 1_000 };

/** Permission to ask the provider, which is returned to the breaker with the result. */
export type Permit = number;

/**
 * Keeps calls away from a provider that keeps failing. Closed: all lookups may ask. Open: none, for a while. Then
 * half open: one lookup at a time is the trial, and all others are turned away at once, because a caller cannot wait
 * for another call's trial. Its success closes the breaker, its failure opens it again.
 */
export class CircuitBreaker {
  #state: BreakerState = 'closed';
  /** Lookups that began in an earlier state do not count: fifty old timeouts do not open it again. */
  #period: Permit = 0;
  #failuresInARow = 0;
  /** Those of them that count immediately. */
  #countedInARow = 0;
  #failingSinceMs = 0;
  #isTrying = false;
  /** A health check has closed it, and no lookup has succeeded since. */
  #isClosedByCheck = false;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param patienceMs how long it bears with failures that do not count
   * @param onChange called at each change of state; `cause` is the failure that opened it
   */
  constructor(
    private readonly patienceMs: number,
    private readonly onChange: (state: BreakerState, before: BreakerState, cause?: unknown) => void,
  ) {}

  get state(): BreakerState {
    return this.#state;
  }

  get period(): Permit {
    return this.#period;
  }

  get admits(): boolean {
    return this.#state === 'closed' || (this.#state === 'half-open' && !this.#isTrying);
  }

  /** Call it only if `admits` is true. Its result is returned with the outcome. */
  enter(): Permit {
    this.#isTrying = this.#state === 'half-open';
    return this.#period;
  }

  succeeded(permit: Permit): void {
    if (permit !== this.#period) return;
    this.#forgetFailures();
    this.#isClosedByCheck = false;
    if (this.#state === 'half-open') this.#change('closed');
  }

  /**
   * A health check succeeded, which serves as the trial if no lookup is one. It may test less than a lookup does: if
   * lookups open the breaker again after that, only a lookup closes it.
   * @param period when the check began
   */
  checkSucceeded(period: Permit): void {
    if (period !== this.#period || this.#state !== 'half-open') return;
    if (this.#isTrying || this.#isClosedByCheck) return;
    this.#isClosedByCheck = true;
    this.#change('closed');
  }

  /**
   * @param counts false if the failure says little, because the provider had only a part of the time. It still fails
   *   a trial. If such failures continue for `patienceMs` without a success, waiting is not their cause, and the
   *   breaker opens
   */
  failed(permit: Permit, cause: unknown, counts = true): void {
    if (permit !== this.#period) return;
    const { failures } = BREAKER;
    const nowMs = performance.now();
    if (this.#failuresInARow++ === 0) this.#failingSinceMs = nowMs;
    if (counts) this.#countedInARow++;
    const goesOn = this.#failuresInARow >= failures && nowMs - this.#failingSinceMs >= this.patienceMs;
    if (this.#state === 'half-open' || this.#countedInARow >= failures || goesOn) this.#open(cause);
  }

  /** The provider was not asked after all, so there is no result; if this was the trial, the next lookup becomes it. */
  withdrew(permit: Permit): void {
    if (permit === this.#period) this.#isTrying = false;
  }

  /** Clears the timer that would start the next trial. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #open(cause: unknown): void {
    this.#change('open', cause);
    this.#timer = setTimeout(() => this.#change('half-open'), BREAKER.openMs).unref();
  }

  #change(state: BreakerState, cause?: unknown): void {
    const before = this.#state;
    this.#state = state;
    this.#period++;
    this.#forgetFailures();
    this.#isTrying = false;
    this.onChange(state, before, cause);
  }

  #forgetFailures(): void {
    this.#failuresInARow = 0;
    this.#countedInARow = 0;
  }
}
