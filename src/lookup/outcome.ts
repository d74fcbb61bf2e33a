import type { BreakerState } from '../observability/metrics.service.js';
import type { VipRecord } from '../plugin-api/vip-record.js';

/** The result of one provider for one caller; lookups never reject. */
export type ProviderOutcome = Found | None | Unknown;
export interface Found {
  readonly kind: 'found';
  /** Best first, at least one. */
  readonly records: readonly VipRecord[];
  readonly source: AnswerSource;
  /** With source `stale`: the outcome that it replaces. */
  readonly insteadOf?: Unknown['kind'];
  /** With source `stale`: why the provider failed now. For operators: no secret, no phone number. */
  readonly reason?: string;
}
/** Known not to be a VIP. Never from a provider that failed now, whatever it answered before. */
export interface None {
  readonly kind: 'none';
  readonly source: Exclude<AnswerSource, 'stale'>;
}
/** No answer: it failed, was too slow, or was not asked because too many lookups wait or its circuit breaker is open. */
export interface Unknown {
  readonly kind: 'failed' | 'timeout' | 'rejected';
  /** For operators: no secret, no phone number. */
  readonly reason: string;
}
/** `copy`: the provider's copy of its backend's data. `stale`: an old record, because the provider failed now. */
export type AnswerSource = 'live' | 'copy' | 'cache' | 'stale';

/** @param records best first; empty = known not to be a VIP */
export function known(records: readonly VipRecord[], source: None['source']): Found | None {
  return records.length > 0 ? { kind: 'found', records, source } : { kind: 'none', source };
}

export function isKnown(outcome: ProviderOutcome): outcome is Exclude<ProviderOutcome, Unknown> {
  return outcome.kind === 'found' || outcome.kind === 'none';
}

export interface LookupUnderWay {
  /** Settles within the provider's timeout; never rejects. */
  readonly outcome: Promise<ProviderOutcome>;
  /** What may be used instead when the decision can wait no longer: an old record. */
  standIn(): Found | undefined;
  /** A decision that was made without it calls this once. */
  leave(): void;
}

/** One provider's part in a decision, for the log line and the explanation. */
export interface ProviderReport {
  readonly provider: string;
  /**
   * `not-applicable`: it has records, but none that is valid now and for this target. `unanswered`: the decision was
   * made before it answered. `not-asked`: its turn did not come.
   */
  readonly outcome: ProviderOutcome['kind'] | 'not-applicable' | 'unanswered' | 'not-asked';
  readonly source?: AnswerSource;
  /** How many records it has for this caller, if there are several; the first that applies to the call is used. */
  readonly records?: number;
  readonly reason?: string;
  /** Milliseconds from its start to its answer or to the decision. */
  readonly ms?: number;
}

export interface LookupResult {
  /**
   * `lookup-failed`: nobody found, and at least one provider failed. `timeout`: the same, and lack of time was the
   * only cause.
   */
  readonly reason: 'matched' | 'no-match' | 'lookup-failed' | 'timeout';
  readonly record?: VipRecord;
  readonly provider?: string;
  readonly reports: readonly ProviderReport[];
}

/** The outcome of a lookup that was not started because the decision could wait no longer. */
export const NO_TIME: Unknown = { kind: 'timeout', reason: 'the deadline came before its turn' };

export function turnedAway(state: BreakerState): Unknown {
  return { kind: 'rejected', reason: `circuit breaker is ${state}` };
}
