import type { ProviderHealth } from './provider-health.js';

const HEALTH_REASON = 'it has entries that can never match';

/** The part of a provider's entries that no call can come to, as health shows it. */
export interface NeverMatch {
  /** Because of mistakes, in the list or in the routes. */
  readonly faults: readonly string[];
  /** Expired, and the like. */
  readonly notes: readonly string[];
  /** Since when there are such mistakes, ISO 8601. */
  readonly since: string | undefined;
}

/** Adds it to what else is known of the provider; another reason to be degraded comes first. */
export function withNeverMatch(health: ProviderHealth, found: NeverMatch | undefined): ProviderHealth {
  if (found === undefined) return health;
  const { faults, notes, since } = found;
  const neverMatch = [...faults, ...notes];
  if (neverMatch.length === 0) return health;
  if (faults.length === 0 || health.status !== 'up') return { ...health, neverMatch };
  const reason = `${HEALTH_REASON}: ${faults.join('; ')}`;
  return { ...health, status: 'degraded', reason, since, neverMatch };
}
