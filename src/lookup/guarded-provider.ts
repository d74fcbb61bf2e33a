import type { CircuitBreakerPolicy } from 'cockatiel';
import { BrokenCircuitError, circuitBreaker, CircuitState, ConsecutiveBreaker, handleAll } from 'cockatiel';
import type { ProviderConfig } from '../config/app-config.js';
import type { Logger } from '../observability/logger.js';
import type { BreakerState, MetricsService } from '../observability/metrics.service.js';
import { AnswerCache } from './answer-cache.js';
import type { Answer } from './answer-cache.js';
import type { AnswerSource, ProviderOutcome, Unknown } from './outcome.js';
import type { Caller } from './port/caller.js';
import type { ProviderStatus, VipAnswer, VipLookupProvider } from './port/vip-lookup-provider.js';

/** Consecutive failures after which a provider is left alone, and for how long. */
const BREAKER_FAILURES = 5;
const BREAKER_OPEN_MS = 2_000;
/** How long a health check's result is shared, so that polling `/health` is no load on a backend. */
const CHECK_SHARED_MS = 2_000;
/** Monitors wait for `/health`, so a check gets less time than a slow provider's lookups may take. */
const MAX_CHECK_MS = 2_000;

/** What `/health` says of a provider. */
export interface ProviderHealth extends ProviderStatus {
  /** Since when it is degraded, ISO 8601. */
  readonly since?: string;
  readonly breaker: BreakerState;
}

/**
 * A configured provider with what protects a call from it: timeout, circuit breaker, cache, and one shared request per
 * number. Its answers never reject: a fault is an outcome, and is never mixed up with "known not to be a VIP".
 */
export class GuardedProvider {
  readonly name: string;
  /** Set when the service stops: what fails from then on is no fault of the provider. */
  closing = false;
  readonly #cache: AnswerCache | undefined;
  readonly #breaker: CircuitBreakerPolicy;
  readonly #inFlight = new Map<string, Promise<ProviderOutcome>>();
  #health: { at: number; result: Promise<ProviderHealth> } | undefined;
  #degradedSince: string | undefined;

  constructor(
    private readonly config: ProviderConfig,
    readonly provider: VipLookupProvider,
    private readonly metrics: MetricsService,
    private readonly logger: Logger,
  ) {
    this.name = config.name;
    this.#cache = config.cache && new AnswerCache(config.cache);
    this.#breaker = circuitBreaker(handleAll, {
      breaker: new ConsecutiveBreaker(BREAKER_FAILURES),
      halfOpenAfter: BREAKER_OPEN_MS,
    });
    this.#breaker.onStateChange(() => this.metrics.breakerState(this.name, this.breakerState));
    this.#breaker.onBreak((cause) => {
      if (this.closing) return;
      const error = 'error' in cause ? cause.error : undefined;
      this.logger.error(
        { provider: this.name, reason: describeFailure(error) },
        'provider keeps failing, circuit breaker opened',
      );
    });
    this.#breaker.onReset(() =>
      this.logger.info({ provider: this.name }, 'provider answers again, circuit breaker closed'),
    );
    this.metrics.breakerState(this.name, 'closed');
  }

  get breakerState(): BreakerState {
    switch (this.#breaker.state) {
      case CircuitState.Closed:
        return 'closed';
      case CircuitState.HalfOpen:
        return 'half-open';
      case CircuitState.Open:
      case CircuitState.Isolated:
        return 'open';
    }
  }

  /** At once from the cache, else from the provider within its timeout. Never rejects. */
  ask(caller: Caller): ProviderOutcome | Promise<ProviderOutcome> {
    const cached = this.#cache?.fresh(caller.key);
    if (cached !== undefined) {
      this.metrics.lookup(this.name, 'cached');
      return toOutcome(cached, 'cache');
    }
    const shared = this.#inFlight.get(caller.key);
    if (shared !== undefined) return shared;
    const outcome = this.#askLive(caller).finally(() => this.#inFlight.delete(caller.key));
    this.#inFlight.set(caller.key, outcome);
    return outcome;
  }

  async #askLive(caller: Caller): Promise<ProviderOutcome> {
    const startedMs = performance.now();
    const seconds = (): number => (performance.now() - startedMs) / 1000;
    try {
      const answer = await this.#breaker.execute(() =>
        withTimeout(this.config.timeoutMs, async (signal) =>
          normalise(await this.provider.lookup(caller.seenFrom(this.config.country), signal)),
        ),
      );
      this.#cache?.store(caller.key, answer);
      this.metrics.lookup(this.name, answer.length > 0 ? 'found' : 'none', seconds());
      return toOutcome(answer, 'live');
    } catch (error) {
      const unknown = this.#unknown(error);
      this.metrics.lookup(this.name, unknown.kind, unknown.kind === 'rejected' ? undefined : seconds());
      const stale = this.#cache?.stale(caller.key);
      if (stale === undefined) return unknown;
      this.metrics.lookup(this.name, 'stale');
      return toOutcome(stale, 'stale');
    }
  }

  #unknown(error: unknown): Unknown {
    if (error instanceof BrokenCircuitError) return { kind: 'rejected', reason: 'circuit breaker is open' };
    if (error instanceof LookupTimeoutError) return { kind: 'timeout', reason: error.message };
    this.logger.debug({ provider: this.name, error }, 'lookup failed');
    return { kind: 'failed', reason: describeFailure(error) };
  }

  /** Asks the provider for a sign of life; never rejects. */
  health(): Promise<ProviderHealth> {
    const now = performance.now();
    if (this.#health === undefined || now - this.#health.at > CHECK_SHARED_MS) {
      this.#health = { at: now, result: this.#check() };
    }
    return this.#health.result;
  }

  async #check(): Promise<ProviderHealth> {
    let status: ProviderStatus;
    try {
      status = await withTimeout(Math.min(this.config.timeoutMs, MAX_CHECK_MS), (signal) =>
        this.provider.check(signal),
      );
      if (status?.status === undefined) throw new TypeError('check answered no status');
    } catch (error) {
      status = { status: 'degraded', reason: describeFailure(error) };
    }
    const breaker = this.breakerState;
    if (status.status === 'up' && breaker === 'open') {
      status = { ...status, status: 'degraded', reason: 'lookups kept failing, the circuit breaker is open' };
    }
    if (status.status === 'up') this.#degradedSince = undefined;
    else this.#degradedSince ??= new Date().toISOString();
    return { ...status, ...(this.#degradedSince !== undefined && { since: this.#degradedSince }), breaker };
  }
}

/** The provider did not answer within its timeout. */
class LookupTimeoutError extends Error {
  override readonly name = 'LookupTimeoutError';
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

function normalise(answer: VipAnswer): Answer {
  if (answer === null) return [];
  const records = Array.isArray(answer) ? (answer as Answer) : [answer as Answer[number]];
  for (const record of records) {
    if (typeof record?.tier !== 'string')
      throw new TypeError('the provider answered something that is no VIP record');
  }
  return records;
}

function toOutcome(answer: Answer, source: AnswerSource): ProviderOutcome {
  return answer.length > 0 ? { kind: 'found', records: answer, source } : { kind: 'none', source };
}

/** What operations may read of a fault: the message of errors made for it, of others only code or name. */
export function describeFailure(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown failure';
  const { name, code, message } = error as { name?: unknown; code?: unknown; message?: unknown };
  if ((name === 'VipLookupError' || name === 'LookupTimeoutError') && typeof message === 'string')
    return message.slice(0, 300);
  if (typeof code === 'string' || typeof code === 'number') return String(code).slice(0, 80);
  return typeof name === 'string' ? name.slice(0, 80) : 'unknown failure';
}
