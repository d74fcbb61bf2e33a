import { untilAborted, within, withTimeLimit } from '../common/time-limit.js';
import type { BreakerState } from '../observability/metrics.service.js';
import { describeFailure, LookupTimeoutError } from './describe-failure.js';
import type { ProviderStatus, VipLookupProvider } from '../plugin-api/vip-lookup-provider.js';

/** How long a check's result is shared, so that polling `/health` puts no load on a backend. */
const CHECK_SHARED_MS = 2_000;
/** Monitors wait for `/health`, so a check gets less time than a slow provider's lookups may take. */
const MAX_CHECK_MS = 2_000;
/** Of that, and at most a tenth of it: a provider that heeds the end of its time may tell what it knows without its backend. */
const LAST_WORD_MS = 100;
/** How long health reports an incident: longer than the interval of monitors. */
const INCIDENT_SHOWN_MS = 30_000;
/** Reasons contain texts of errors, so their number is unlimited. */
const MAX_INCIDENTS = 20;
/** The parts of a plug-in's status that are shown, and their types: the answer is public, and must be JSON. */
const SHOWN: readonly (readonly [key: string, type: string])[] = [
  ['reason', 'string'],
  ['entries', 'number'],
  ['loadedAt', 'string'],
  ['contacts', 'string'],
];

/** Reasons about a provider beside those of its own check; only the beginning if an error's text follows. */
const HEALTH_REASONS = {
  open: 'lookups kept failing, the circuit breaker is open',
  'half-open': 'lookups kept failing, the circuit breaker is half open: the next one tries the provider',
  turnedAway: 'lookups were turned away: too many were under way and waiting (maxConcurrent, maxQueued)',
  heldThread: 'a lookup blocked the event loop, and with it every call; the log says for how long',
  threwLoose: 'an error was not caught',
  opening: 'it is still opening',
  notOpen: 'it could not open',
  neverMatch: 'it has entries that can never match',
};

/** The part of a provider's entries that no call can come to: one sentence for each reason. */
interface NeverMatch {
  /** Because of mistakes, in the list or in the routes. */
  readonly faults: readonly string[];
  /** Expired, and the like. */
  readonly notes: readonly string[];
  /** Since when there are such mistakes, ISO 8601. */
  readonly since: string | undefined;
}

export interface ProviderHealth extends ProviderStatus {
  readonly breaker: BreakerState;
  /** Since when the provider is degraded, ISO 8601. */
  readonly since?: string | undefined;
  /** What of its entries can never match, mistakes first. */
  readonly neverMatch?: readonly string[];
}

/** Something that has happened and may be temporary. */
interface Incident {
  readonly reason: string;
  readonly since: string;
  readonly lastMs: number;
}

/** A provider's own status, combined with the results of its lookups. */
export class ProviderHealthCheck {
  #check: { readonly atMs: number; readonly status: Promise<ProviderStatus> } | undefined;
  /** How many entries the last check told of. */
  entries: number | undefined;
  #degradedSince: string | undefined;
  #brokenSince: string | undefined;
  /** Why it is not open, and since when. */
  #notOpen: { readonly reason: string; readonly since: string } | undefined;
  /** What was found when its entries were last compared with the routes. */
  neverMatch: NeverMatch | undefined;
  /** By reason; the latest is last. */
  readonly #incidents = new Map<string, Incident>();

  constructor(
    private readonly provider: VipLookupProvider,
    private readonly timeoutMs: number,
  ) {}

  breakerChanged(state: BreakerState): void {
    if (state === 'closed') this.#brokenSince = undefined;
    else this.#brokenSince ??= new Date().toISOString();
  }

  /** @returns true if this had not happened for a while */
  turnedAway(): boolean {
    return this.#happened(HEALTH_REASONS.turnedAway);
  }

  /** A lookup blocked the thread. @returns true if this had not happened for a while */
  heldThread(): boolean {
    return this.#happened(HEALTH_REASONS.heldThread);
  }

  threwLoose(error: unknown): void {
    this.#happened(`${HEALTH_REASONS.threwLoose}: ${describeFailure(error)}`);
  }

  /** Tracks the opening, and passes on its failure; until the opening, or a lookup, has succeeded, health reports it. */
  async opening(open: () => Promise<void>): Promise<void> {
    const since = new Date().toISOString();
    this.#notOpen = { reason: HEALTH_REASONS.opening, since };
    try {
      await open();
      this.#notOpen = undefined;
    } catch (error) {
      this.#notOpen = { reason: `${HEALTH_REASONS.notOpen}: ${describeFailure(error)}`, since };
      throw error;
    }
  }

  /** Whether its own check says that it can be asked now. */
  async canBeAsked(): Promise<boolean> {
    try {
      await this.#askProvider();
      return true;
    } catch {
      // Health shows the reason if it cannot.
      return false;
    }
  }

  /** So it can be asked, even if its opening failed. */
  lookupSucceeded(): void {
    this.#notOpen = undefined;
  }

  /**
   * Checks the provider, at most every 2 s; never rejects.
   * @param breaker its current state, which health shows
   * @param foundUp called if a check that begins now finds the provider up
   */
  async health(breaker: BreakerState, foundUp?: () => void): Promise<ProviderHealth> {
    const health = await this.#health(breaker, foundUp);
    const { faults, notes, since } = this.neverMatch ?? { faults: [], notes: [], since: undefined };
    const neverMatch = [...faults, ...notes];
    if (neverMatch.length === 0) return health;
    // Another reason to be degraded comes first.
    if (faults.length === 0 || health.status !== 'up') return { ...health, neverMatch };
    const reason = `${HEALTH_REASONS.neverMatch}: ${faults.join('; ')}`;
    return { ...health, status: 'degraded', reason, since, neverMatch };
  }

  async #health(breaker: BreakerState, foundUp?: () => void): Promise<ProviderHealth> {
    const nowMs = performance.now();
    const brokenSince = this.#brokenSince;
    if (this.#check === undefined || nowMs - this.#check.atMs > CHECK_SHARED_MS) {
      this.#check = { atMs: nowMs, status: this.#ask(foundUp) };
    }
    const status = await this.#check.status;
    if (status.status !== 'up')
      return { ...status, since: this.#notOpen?.since ?? this.#degradedSince, breaker };
    if (breaker !== 'closed')
      return { ...status, status: 'degraded', reason: HEALTH_REASONS[breaker], since: brokenSince, breaker };
    const incident = this.#notOpen ?? this.#lastIncident();
    return incident === undefined
      ? { ...status, breaker }
      : { ...status, status: 'degraded', reason: incident.reason, since: incident.since, breaker };
  }

  #happened(reason: string): boolean {
    const before = this.#recent(reason);
    this.#incidents.delete(reason);
    const since = before?.since ?? new Date().toISOString();
    this.#incidents.set(reason, { reason, since, lastMs: performance.now() });
    if (this.#incidents.size > MAX_INCIDENTS) this.#incidents.delete(this.#incidents.keys().next().value!);
    return before === undefined;
  }

  #recent(reason: string): Incident | undefined {
    const incident = this.#incidents.get(reason);
    return performance.now() - (incident?.lastMs ?? -Infinity) < INCIDENT_SHOWN_MS ? incident : undefined;
  }

  #lastIncident(): Incident | undefined {
    const last = [...this.#incidents.keys()].at(-1);
    return last === undefined ? undefined : this.#recent(last);
  }

  #askProvider(): Promise<ProviderStatus> {
    const limitMs = Math.min(this.timeoutMs, MAX_CHECK_MS);
    const tooLate = new LookupTimeoutError(`no answer within ${limitMs} ms`);
    const lastWordMs = Math.min(LAST_WORD_MS, limitMs / 10);
    const check = async (signal: AbortSignal): Promise<ProviderStatus> => {
      const status = this.provider.check(signal);
      return untilAborted(status, signal).catch(async (error: unknown) => {
        const late = signal.aborted ? await lastWord(status, lastWordMs) : undefined;
        if (late === undefined) throw error;
        return late;
      });
    };
    return withTimeLimit(limitMs - lastWordMs, [], check, tooLate);
  }

  async #ask(foundUp?: () => void): Promise<ProviderStatus> {
    let status: ProviderStatus;
    try {
      status = readStatus(await this.#askProvider());
    } catch (error) {
      status = { status: 'degraded', reason: describeFailure(error) };
    }
    this.entries = status.entries;
    if (status.status === 'up') {
      // Down before, up now: it has reconnected to its backend by itself.
      if (this.#degradedSince !== undefined) this.#notOpen = undefined;
      this.#degradedSince = undefined;
      foundUp?.();
    } else this.#degradedSince ??= new Date().toISOString();
    return status;
  }
}

/**
 * What a check says that was cut off: that it is degraded, and what it knows all the same. That it is up is too late, since the
 * backend did not answer in time.
 */
async function lastWord(check: Promise<ProviderStatus>, ms: number): Promise<ProviderStatus | undefined> {
  const said = await within(
    ms,
    check.catch(() => undefined),
  );
  return said?.status === 'degraded' ? said : undefined;
}

/** @throws TypeError if it is not a status */
function readStatus(answered: ProviderStatus): ProviderStatus {
  const { status } = answered ?? {};
  if (status !== 'up' && status !== 'degraded') throw new TypeError('check returned no status');
  const all = answered as unknown as Readonly<Record<string, unknown>>;
  const shown = SHOWN.filter(([key, type]) => typeof all[key] === type).map(([key]) => [key, all[key]]);
  return { status, ...(Object.fromEntries(shown) as Partial<ProviderStatus>) };
}
