import type { BreakerState } from '../observability/metrics.service.js';

/**
 * Five failures in a row, and the provider is left alone for a second, then tried by one lookup at a time. So an outage
 * costs one lookup a second, and its end is noticed within a second and the time of one lookup.
 */
export const BREAKER = { failures: 5, openMs: 1_000 };

/** Leave to ask the provider; goes back to the breaker with what came of it. */
export type Permit = number;

/**
 * Keeps calls away from a provider that keeps failing. Closed: everybody may ask. Open: nobody, for a while. Then half
 * open: one lookup at a time tries, all others are turned away at once, since a caller cannot wait for somebody else's
 * trial; its success closes the breaker, its failure opens it again.
 */
export class CircuitBreaker {
  #state: BreakerState = 'closed';
  /** What was begun in an earlier state says nothing about this one: fifty old time-outs do not open it anew. */
  #period: Permit = 0;
  #failuresInARow = 0;
  /** Those among them that count at once. */
  #countedInARow = 0;
  #failingSinceMs = 0;
  #isTrying = false;
  /** A check has closed it, and no lookup has succeeded since. */
  #isClosedByCheck = false;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param patienceMs how long it bears with failures that do not count
   * @param onChange told of each change of state, `cause` being the failure that opened it
   */
  constructor(
    private readonly patienceMs: number,
    private readonly onChange: (state: BreakerState, before: BreakerState, cause?: unknown) => void,
  ) {}

  get state(): BreakerState {
    return this.#state;
  }

  /** For `checkSucceeded`. */
  get period(): Permit {
    return this.#period;
  }

  /** Whether `enter` would give leave to ask now. */
  get admits(): boolean {
    return this.#state === 'closed' || (this.#state === 'half-open' && !this.#isTrying);
  }

  /** To be called when `admits` is true. What it gives goes back with the outcome. */
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
   * A check of the provider's health went well, which is the trial where no lookup tries. It may see less than a lookup does: if
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
   * @param counts false when it says little of the provider, which had but a part of the time; yet as a trial it fails, and
   *   where such failures go on for `patienceMs` without any success it is not the waiting that makes them
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

  /** The provider was not asked after all, so it says nothing; as a trial it leaves the next lookup to try. */
  withdrew(permit: Permit): void {
    if (permit === this.#period) this.#isTrying = false;
  }

  /** Forgets the timer that would let the next lookup try. */
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
