import { msUntil, secondsSince } from '../common/elapsed.js';
import type { ProviderEntry } from './providers.config.js';
import type { Logger } from '../observability/logger.js';
import type { BreakerState, MetricsService } from '../observability/metrics.service.js';
import { isPromise, readAnswer, recall } from './answer.js';
import type { Answer } from './answer.js';
import { AnswerCache } from './answer-cache.js';
import { Bulkhead } from './bulkhead.js';
import { CircuitBreaker } from './circuit-breaker.js';
import type { Askable } from './decision-clock.js';
import { describeFailure, isAboutEntry, isBusy, LookupTimeoutError, tangible } from './describe-failure.js';
import { isKnown, known, NO_TIME, turnedAway } from './outcome.js';
import type { Found, ProviderOutcome, Unknown } from './outcome.js';
import { LookupTime } from './lookup-time.js';
import type { Caller } from '../plugin-api/caller.js';
import type { VipAnswer, VipLookupProvider } from '../plugin-api/vip-lookup-provider.js';
import { ProviderHealthCheck } from './provider-health.js';
import type { ProviderHealth } from './provider-health.js';
import { SharedLookup } from './shared-lookup.js';
import type { Waiting } from './shared-lookup.js';
import { UnseenAborts } from './unseen-aborts.js';

/** A lookup that blocks the thread for this long makes all other calls wait as long. */
const HELD_TOO_LONG_MS = 50;

const TOO_LATE = 'its turn came with less time left than lookups usually take';
const CLOSED: Unknown = { kind: 'rejected', reason: 'the provider is closed' };

interface Attempt {
  readonly key: string;
  readonly permit: ReturnType<CircuitBreaker['enter']>;
  readonly startedMs: number;
}

/**
 * A configured provider with everything that protects calls from it, and it from calls: timeout, circuit breaker,
 * bulkhead, cache, and one shared request per number. It never rejects: a failure is an outcome, and is never
 * confused with "known not to be a VIP".
 */
export class GuardedProvider implements Askable {
  readonly name: string;
  readonly #cache: AnswerCache | undefined;
  readonly #breaker: CircuitBreaker;
  readonly #bulkhead: Bulkhead;
  readonly troubles: ProviderHealthCheck;
  readonly #underWay = new Map<string, SharedLookup>();
  readonly #aborts = new UnseenAborts();
  readonly #time: LookupTime;
  /** Failures after this are not held against the provider. */
  #isClosing = false;
  #closed: Promise<void> | undefined;

  constructor(
    readonly config: ProviderEntry,
    readonly provider: VipLookupProvider,
    private readonly metrics: MetricsService,
    /** Names the provider in each line. */
    readonly logger: Logger,
  ) {
    this.name = config.name;
    this.#cache = config.cache && new AnswerCache(config.cache);
    this.troubles = new ProviderHealthCheck(provider, config.timeoutMs);
    this.#time = new LookupTime(config.timeoutMs);
    const maxConcurrent = Math.min(config.maxConcurrent, provider.maxConcurrent ?? Infinity);
    this.#bulkhead = new Bulkhead(maxConcurrent, config.maxQueued);
    this.#breaker = new CircuitBreaker(config.timeoutMs, (state, before, cause) =>
      this.#breakerChanged(state, before, cause),
    );
  }

  get breakerState(): BreakerState {
    return this.#breaker.state;
  }

  /**
   * The answer at once if it is cached or the provider has it in memory; otherwise the lookup in progress, which
   * settles within the provider's timeout.
   * @param mayWait false: a provider whose answer takes time is not asked
   */
  ask(caller: Caller, mayWait = true): ProviderOutcome | SharedLookup {
    const nowMs = performance.now();
    const recalled = recall(this.provider, caller, this.config.country);
    if (recalled !== undefined) {
      this.troubles.lookupSucceeded();
      this.metrics.lookup(this.name, recalled.kind, secondsSince(nowMs));
      return recalled;
    }
    const kept = this.#cache?.get(caller.key, nowMs);
    const { state } = this.#breaker;
    if (kept !== undefined && nowMs < kept.refreshUntilMs) {
      const isFresh = nowMs < kept.freshUntilMs;
      // An earlier "not a VIP" of a provider that is failing now must not be taken for an answer.
      if (isFresh || kept.answer.length > 0 || state === 'closed') {
        const mayRefresh = !isFresh && this.#breaker.admits && !this.#underWay.has(caller.key);
        if (mayRefresh) this.#lookUp(caller, true);
        this.metrics.lookup(this.name, 'cached');
        return known(kept.answer, 'cache');
      }
    }
    if (!mayWait && this.#time.isSlow(nowMs)) return this.#oldRecord(caller.key, NO_TIME) ?? NO_TIME;
    // A provider in trouble is tried in the background; a caller who has an old record does not wait for it.
    const isNeeded = state === 'closed' || kept === undefined || nowMs >= kept.onErrorUntilMs;
    const asked = this.#underWay.get(caller.key) ?? this.#lookUp(caller, !isNeeded);
    if (isNeeded) return 'kind' in asked ? asked : asked.join();
    if (!('kind' in asked)) return this.#oldRecord(caller.key, turnedAway(state)) ?? asked.join();
    return isKnown(asked) ? asked : (this.#oldRecord(caller.key, asked) ?? asked);
  }

  health(): Promise<ProviderHealth> {
    const { state, period } = this.#breaker;
    return this.troubles.health(state, () => this.#breaker.checkSucceeded(period));
  }

  /** From now on metrics of this name refer to this instance. */
  inUse(): void {
    this.metrics.breakerState(this.name, this.#breaker.state);
  }

  /** Another instance of this name may be in use; decisions in progress continue with this one. */
  retire(): void {
    this.#isClosing = true;
    this.#breaker.close();
  }

  /** Closes the provider. Lookups in progress may fail. */
  close(): Promise<void> {
    this.retire();
    return (this.#closed ??= Promise.resolve().then(() => this.provider.close?.()));
  }

  #lookUp(caller: Caller, inBackground: boolean): ProviderOutcome | SharedLookup {
    const { admits, state } = this.#breaker;
    if (!admits) return this.#couldNotTell(caller.key, turnedAway(state), !inBackground);
    return this.#bulkhead.hasRoom ? this.#call(caller, inBackground) : this.#queue(caller, inBackground);
  }

  /**
   * Asks the provider. An immediate answer needs no timer and no promise.
   * @param queued the lookup that decisions are already waiting for
   */
  #call(caller: Caller, inBackground: boolean, queued?: SharedLookup): ProviderOutcome | SharedLookup {
    const permit = this.#breaker.enter();
    const attempt: Attempt = { key: caller.key, permit, startedMs: performance.now() };
    const who = queued ?? { isAwaited: !inBackground, isWanted: true };
    const abort = this.#aborts.take();
    let answer: VipAnswer | Promise<VipAnswer>;
    let later: Promise<VipAnswer> | undefined;
    try {
      answer = this.provider.lookup(caller.seenFrom(this.config.country), abort.signal);
      // Our own promise, because a foreign one may throw, or call back before it returns.
      if (isPromise(answer)) later = new Promise((resolve) => resolve(answer));
    } catch (error) {
      this.#returned(attempt, false);
      return this.#failed(attempt, error, who);
    }
    this.#returned(attempt, later !== undefined);
    if (later === undefined) {
      this.#aborts.giveBack(abort, this.provider);
      return this.#answered(attempt, answer as VipAnswer, who);
    }
    const lookup = queued ?? this.#share(caller.key, inBackground, attempt.startedMs);
    this.#bulkhead.enter();
    const end = (outcome: () => ProviderOutcome): void => {
      if (lookup.isSettled) return;
      this.#settle(attempt.key, lookup, outcome());
      this.#bulkhead.leave();
    };
    lookup.onTimeout = () => {
      const error = new LookupTimeoutError(`no answer within ${this.config.timeoutMs} ms`);
      // Before its place is given to the next lookup, so that the provider never works on more than its limit.
      abort.abort(error);
      end(() => this.#failed(attempt, error, lookup));
    };
    later.then(
      (value) => end(() => this.#answered(attempt, value, lookup)),
      (error: unknown) => end(() => this.#failed(attempt, error, lookup)),
    );
    return lookup;
  }

  #returned({ startedMs }: Attempt, hasToBeWaitedFor: boolean): void {
    const nowMs = performance.now();
    const heldMs = nowMs - startedMs;
    const isTooLong = heldMs > HELD_TOO_LONG_MS;
    if (isTooLong && this.troubles.heldThread())
      this.logger.warn({ ms: Math.round(heldMs) }, 'a lookup blocked the event loop, and with it every call');
    if (isTooLong || hasToBeWaitedFor) this.#time.hadToWait(nowMs);
  }

  /**
   * Waits for its turn, which counts towards its time. When the breaker opens, the lookup that opened it ends; then
   * all waiting ones get their turn and are turned away. So no lookup waits while the breaker is half open.
   */
  #queue(caller: Caller, inBackground: boolean): ProviderOutcome | SharedLookup {
    const { key } = caller;
    const { timeoutMs } = this.config;
    const { maxConcurrent, maxQueued } = this.#bulkhead;
    if (this.#bulkhead.isFull) {
      const reason = `maxConcurrent (${maxConcurrent}) lookups are in progress and maxQueued (${maxQueued}) wait`;
      if (this.troubles.turnedAway())
        this.logger.warn({ maxConcurrent, maxQueued }, 'lookups are turned away: too many at once');
      return this.#couldNotTell(key, { kind: 'rejected', reason }, !inBackground);
    }
    const queuedMs = performance.now();
    const lookup = this.#share(key, inBackground, queuedMs);
    const turn = (): void => {
      const waitedMs = performance.now() - queuedMs;
      if (waitedMs >= timeoutMs) return lookup.onTimeout();
      if (waitedMs > this.#time.longestWaitMs) return giveUp(TOO_LATE);
      if (this.#closed) return this.#settle(key, lookup, this.#couldNotTell(key, CLOSED, lookup.isAwaited));
      const outcome = this.#breaker.admits
        ? this.#call(caller, inBackground, lookup)
        : this.#couldNotTell(key, turnedAway(this.#breaker.state), lookup.isAwaited);
      if (outcome !== lookup) this.#settle(key, lookup, outcome as ProviderOutcome);
    };
    const giveUp = (reason: string): void => {
      this.#bulkhead.withdraw(turn);
      this.#settle(key, lookup, this.#couldNotTell(key, { kind: 'timeout', reason }, lookup.isAwaited));
    };
    lookup.onTimeout = () =>
      giveUp(`no turn within ${timeoutMs} ms: maxConcurrent (${maxConcurrent}) lookups are under way`);
    this.#bulkhead.queue(turn);
    return lookup;
  }

  /** @param sinceMs when its time began; the provider may have blocked the thread since then */
  #share(key: string, inBackground: boolean, sinceMs: number): SharedLookup {
    const standIn = (): Found | undefined =>
      this.#oldRecord(key, { kind: 'timeout', reason: 'no answer before the deadline' });
    const lookup = new SharedLookup(msUntil(sinceMs + this.config.timeoutMs), inBackground, standIn);
    this.#underWay.set(key, lookup);
    return lookup;
  }

  #settle(key: string, lookup: SharedLookup, outcome: ProviderOutcome): void {
    this.#underWay.delete(key);
    lookup.settle(outcome);
  }

  #answered(attempt: Attempt, answer: VipAnswer, who: Waiting): ProviderOutcome {
    const { key, permit, startedMs } = attempt;
    let records: Answer;
    try {
      records = readAnswer(answer);
    } catch (error) {
      return this.#failed(attempt, error, who);
    }
    const tookMs = performance.now() - startedMs;
    this.#time.succeededWithin(tookMs);
    this.#breaker.succeeded(permit);
    this.troubles.lookupSucceeded();
    this.#cache?.store(key, records);
    const outcome = known(records, 'live');
    this.metrics.lookup(this.name, who.isWanted ? outcome.kind : 'late', tookMs / 1_000);
    return outcome;
  }

  #failed({ key, permit, startedMs }: Attempt, thrown: unknown, who: Waiting): ProviderOutcome {
    const error = tangible(thrown);
    const isTimeout = error instanceof LookupTimeoutError;
    if (!isTimeout) this.logger.debug({ error }, 'lookup failed');
    const tookMs = performance.now() - startedMs;
    if (isBusy(error)) {
      this.#breaker.withdrew(permit);
      return this.#couldNotTell(key, { kind: 'rejected', reason: describeFailure(error) }, who.isAwaited);
    }
    if (isAboutEntry(error)) this.#breaker.succeeded(permit);
    else this.#breaker.failed(permit, error, !isTimeout || this.#time.isFair(tookMs));
    const unknown: Unknown = { kind: isTimeout ? 'timeout' : 'failed', reason: describeFailure(error) };
    return this.#couldNotTell(key, unknown, who.isAwaited, tookMs / 1_000);
  }

  #couldNotTell(key: string, unknown: Unknown, isAwaited: boolean, seconds?: number): Found | Unknown {
    this.metrics.lookup(this.name, unknown.kind, seconds);
    return (isAwaited ? this.#oldRecord(key, unknown) : undefined) ?? unknown;
  }

  #oldRecord(key: string, { kind, reason }: Unknown): Found | undefined {
    const nowMs = performance.now();
    const kept = this.#cache?.get(key, nowMs);
    if (kept === undefined || nowMs >= kept.onErrorUntilMs) return undefined;
    this.metrics.lookup(this.name, 'stale');
    return { kind: 'found', records: kept.answer, source: 'stale', insteadOf: kind, reason };
  }

  #breakerChanged(state: BreakerState, before: BreakerState, cause: unknown): void {
    this.troubles.breakerChanged(state);
    if (this.#isClosing) return;
    this.inUse();
    if (before === 'closed') {
      const reason = describeFailure(cause);
      this.logger.error({ reason }, 'provider keeps failing, circuit breaker opened');
    } else if (state === 'closed') {
      this.logger.info('provider answers again, circuit breaker closed');
    }
  }
}
