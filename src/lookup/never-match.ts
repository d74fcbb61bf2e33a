import type { ProviderStatus } from '../plugin-api/vip-lookup-provider.js';

const HEALTH_REASON = 'it has entries that can never match';

/** The part of a provider's entries that no call can come to. */
export interface NeverMatch {
  /** Because of mistakes, in the list or in the routes. */
  readonly faults: readonly string[];
  /** Expired, and the like. */
  readonly notes: readonly string[];
  /** Since when there are such mistakes, ISO 8601. */
  readonly since: string | undefined;
}

/** What health shows of it. */
export interface NeverMatchShown {
  /** Since when the provider is degraded, ISO 8601. */
  readonly since?: string | undefined;
  /** What of its entries can never match: one sentence for each reason, with count and first places. */
  readonly neverMatch?: readonly string[];
}

/** Adds it to what else is known of the provider; another reason to be degraded comes first. */
export function withNeverMatch<Health extends ProviderStatus>(
  health: Health,
  found: NeverMatch | undefined,
): Health & NeverMatchShown {
  const { faults, notes, since } = found ?? { faults: [], notes: [], since: undefined };
  const neverMatch = [...faults, ...notes];
  if (neverMatch.length === 0) return health;
  if (faults.length === 0 || health.status !== 'up') return { ...health, neverMatch };
  const reason = `${HEALTH_REASON}: ${faults.join('; ')}`;
  return { ...health, status: 'degraded', reason, since, neverMatch };
}
