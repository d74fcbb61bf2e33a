const RATE = /^(\d{1,6})\/(s|m|h)$/;
/**
 * Several calls may come in the same second; but if all of a minute's requests were sent at once, the following
 * minute would exceed the limit.
 */
const BURST_OF_LONG_PERIODS = 0.1;
const PERIOD_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

export interface Rate {
  readonly perMs: number;
  readonly burst: number;
}

/** @returns `undefined` if the text is not a rate */
export function readRate(text: unknown): Rate | undefined {
  const [, amount, unit] = RATE.exec(String(text).trim()) ?? [];
  const count = Number(amount);
  if (!(count >= 1)) return undefined;
  const burst = unit === 's' ? count : Math.max(1, count * BURST_OF_LONG_PERIODS);
  return { perMs: count / PERIOD_MS[unit!]!, burst };
}

export function rateLimitProblem(text: unknown): string | undefined {
  return readRate(text) === undefined
    ? 'is not a rate. Write how many requests at most in a second, minute or hour, for example 5/s or 100/m.'
    : undefined;
}

/**
 * A token bucket: as many requests as the rate allows; at once those of one second, or a tenth of those of a minute
 * or hour.
 */
export class TokenBucket {
  readonly #rate: Rate;
  #tokens: number;
  #atMs: number;

  constructor(
    rate: string,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#rate = readRate(rate)!;
    this.#tokens = this.#rate.burst;
    this.#atMs = this.now();
  }

  /** @returns milliseconds until there is a token; 0 when one was taken */
  take(): number {
    this.#refill();
    if (this.#tokens < 1) return Math.max(1, Math.ceil((1 - this.#tokens) / this.#rate.perMs));
    this.#tokens--;
    return 0;
  }

  /** Takes a token even if there is none yet, for further requests of a lookup that has begun. */
  owe(): void {
    this.#refill();
    this.#tokens--;
  }

  #refill(): void {
    const nowMs = this.now();
    const { burst, perMs } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + (nowMs - this.#atMs) * perMs);
    this.#atMs = nowMs;
  }
}
