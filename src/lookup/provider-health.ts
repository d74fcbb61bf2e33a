import type { BreakerState } from '../observability/metrics.service.js';
import { describeFailure, LookupTimeoutError } from './describe-failure.js';
import type { ProviderStatus, VipLookupProvider } from './port/vip-lookup-provider.js';

/** How long a check's result is shared, so that polling `/health` is no load on a backend. */
const CHECK_SHARED_MS = 2_000;
/** Monitors wait for `/health`, so a check gets less time than a slow provider's lookups may take. */
const MAX_CHECK_MS = 2_000;
/** How long after a lookup was turned away health still says so: longer than monitors pause. */
const TURNED_AWAY_SHOWN_MS = 30_000;

/** What `/health` says of a provider. */
export interface ProviderHealth extends ProviderStatus {
  /** Since when it is degraded, ISO 8601. */
  readonly since?: string;
  readonly breaker: BreakerState;
}

/** A provider's own view of itself, together with what the lookups have seen of it. */
export class ProviderHealthCheck {
  #check: { readonly atMs: number; readonly status: Promise<ProviderStatus> } | undefined;
  #degradedSince: string | undefined;
  #brokenSince: string | undefined;
  #turnedAway: { readonly since: string; readonly lastMs: number } | undefined;

  constructor(
    private readonly provider: VipLookupProvider,
    private readonly timeoutMs: number,
  ) {}

  breakerChanged(state: BreakerState): void {
    if (state === 'closed') this.#brokenSince = undefined;
    else this.#brokenSince ??= new Date().toISOString();
  }

  /** @returns true when that had not happened for a while */
  lookupTurnedAway(): boolean {
    const isNews = this.#recentlyTurnedAway === undefined;
    const since = this.#recentlyTurnedAway?.since ?? new Date().toISOString();
    this.#turnedAway = { since, lastMs: performance.now() };
    return isNews;
  }

  /** Asks the provider for a sign of life, at most every 2 s; never rejects. */
  async health(breaker: BreakerState): Promise<ProviderHealth> {
    const nowMs = performance.now();
    if (this.#check === undefined || nowMs - this.#check.atMs > CHECK_SHARED_MS) {
      this.#check = { atMs: nowMs, status: this.#ask() };
    }
    const status = await this.#check.status;
    if (status.status !== 'up') return { ...status, ...since(this.#degradedSince), breaker };
    const turnedAway = this.#recentlyTurnedAway;
    if (breaker === 'open') {
      const reason = 'lookups kept failing, the circuit breaker is open';
      return { ...status, status: 'degraded', reason, ...since(this.#brokenSince), breaker };
    }
    if (turnedAway !== undefined) {
      const reason =
        'lookups were turned away: too many were under way and waiting (maxConcurrent, maxQueued)';
      return { ...status, status: 'degraded', reason, ...since(turnedAway.since), breaker };
    }
    return { ...status, breaker };
  }

  get #recentlyTurnedAway() {
    const isRecent = performance.now() - (this.#turnedAway?.lastMs ?? -Infinity) < TURNED_AWAY_SHOWN_MS;
    return isRecent ? this.#turnedAway : undefined;
  }

  async #ask(): Promise<ProviderStatus> {
    let status: ProviderStatus;
    try {
      status = await withTimeout(Math.min(this.timeoutMs, MAX_CHECK_MS), (signal) =>
        this.provider.check(signal),
      );
      if (status?.status === undefined) throw new TypeError('check answered no status');
    } catch (error) {
      status = { status: 'degraded', reason: describeFailure(error) };
    }
    if (status.status === 'up') this.#degradedSince = undefined;
    else this.#degradedSince ??= new Date().toISOString();
    return status;
  }
}

/** Nothing when that is over by now. */
function since(time: string | undefined): Pick<ProviderHealth, 'since'> {
  return time === undefined ? {} : { since: time };
}

/** Rejects after `ms` even when `work` ignores its signal; the timer is gone as soon as `work` ends. */
async function withTimeout<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new LookupTimeoutError(`no answer within ${ms} ms`);
      reject(error);
      abort.abort(error);
    }, ms);
  });
  try {
    return await Promise.race([work(abort.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}
