import type { Found, LookupUnderWay, ProviderOutcome } from './outcome.js';

/** One request to a provider about one number, shared by all decisions that need it meanwhile. */
export class SharedLookup implements LookupUnderWay {
  readonly outcome: Promise<ProviderOutcome>;
  isSettled = false;
  onTimeout: () => void = () => undefined;
  #resolve!: (outcome: ProviderOutcome) => void;
  #decisions = 0;
  readonly #timer: NodeJS.Timeout;

  /** @param inBackground a refresh: no decision waits for it, but its answer is wanted */
  constructor(
    timeoutMs: number,
    private readonly inBackground: boolean,
    readonly standIn: () => Found | undefined,
  ) {
    this.outcome = new Promise((resolve) => (this.#resolve = resolve));
    this.#timer = setTimeout(() => this.onTimeout(), timeoutMs);
  }

  get isAwaited(): boolean {
    return this.#decisions > 0;
  }

  /** Whether the answer is still needed for anything but the cache. */
  get isWanted(): boolean {
    return this.inBackground || this.isAwaited;
  }

  /** One more decision is waiting for it. */
  join(): this {
    this.#decisions++;
    return this;
  }

  leave(): void {
    this.#decisions--;
  }

  settle(outcome: ProviderOutcome): void {
    this.isSettled = true;
    clearTimeout(this.#timer);
    this.#resolve(outcome);
  }
}

export type Waiting = Pick<SharedLookup, 'isAwaited' | 'isWanted'>;
