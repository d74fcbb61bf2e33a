import type { BreakerState } from '../observability/metrics.service.js';
import type { VipRecord } from '../plugin-api/vip-record.js';

/** What one provider said of one caller; lookups never reject. */
export type ProviderOutcome = Found | None | Unknown;
export interface Found {
  readonly kind: 'found';
  /** Best first, at least one. */
  readonly records: readonly VipRecord[];
  readonly source: AnswerSource;
  /** With source `stale`: what it stands in for. */
  readonly insteadOf?: Unknown['kind'];
  /** With source `stale`: why the provider could not tell now. For operations: no secret, no phone number. */
  readonly reason?: string;
}
/** Known not to be a VIP. Never from a provider that could not tell now, whatever it said before. */
export interface None {
  readonly kind: 'none';
  readonly source: Exclude<AnswerSource, 'stale'>;
}
/** Could not tell: it failed, was too slow, or was not asked because too many wait or its circuit breaker is open. */
export interface Unknown {
  readonly kind: 'failed' | 'timeout' | 'rejected';
  /** For operations: no secret, no phone number. */
  readonly reason: string;
}
/** `copy`: what the provider holds of its backend's data. `stale`: an old record, because the provider could not tell now. */
export type AnswerSource = 'live' | 'copy' | 'cache' | 'stale';

/** @param records best first; empty = known not to be a VIP */
export function known(records: readonly VipRecord[], source: None['source']): Found | None {
  return records.length > 0 ? { kind: 'found', records, source } : { kind: 'none', source };
}

export function isKnown(outcome: ProviderOutcome): outcome is Exclude<ProviderOutcome, Unknown> {
  return outcome.kind === 'found' || outcome.kind === 'none';
}

/** A lookup that is still under way. */
export interface LookupUnderWay {
  /** Settles within the provider's timeout; never rejects. */
  readonly outcome: Promise<ProviderOutcome>;
  /** What may be used in its place when the decision can wait no longer: an old record. */
  standIn(): Found | undefined;
  /** To be called once by a decision that was made without it. */
  leave(): void;
}

/** One provider's part in a decision, for the log line and the explanation. */
export interface ProviderReport {
  readonly provider: string;
  /**
   * `not-applicable`: it has records, but none valid now for this target. `unanswered`: the decision fell before it
   * answered. `not-asked`: its turn did not come.
   */
  readonly outcome: ProviderOutcome['kind'] | 'not-applicable' | 'unanswered' | 'not-asked';
  readonly source?: AnswerSource;
  /** How many records it has for this caller, when there are several; the first that applies to the call counts. */
  readonly records?: number;
  readonly reason?: string;
  /** Milliseconds from its start to its answer or to the decision. */
  readonly ms?: number;
}

/** What all providers of a target together came to. */
export interface LookupResult {
  /** `lookup-failed`: nobody found, and at least one could not tell. `timeout`: likewise, and it was all for lack of time. */
  readonly reason: 'matched' | 'no-match' | 'lookup-failed' | 'timeout';
  readonly record?: VipRecord;
  /** Name of the provider that has the record. */
  readonly provider?: string;
  readonly reports: readonly ProviderReport[];
}

/** What a lookup comes to that was not begun, because the decision could wait for it no longer. */
export const NO_TIME: Unknown = { kind: 'timeout', reason: 'the deadline came before its turn' };

/** What a lookup comes to that the circuit breaker does not let through. */
export function turnedAway(state: BreakerState): Unknown {
  return { kind: 'rejected', reason: `circuit breaker is ${state}` };
}
