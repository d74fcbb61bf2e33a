import { withTimeLimit } from '../common/time-limit.js';
import { WallClock } from '../common/timezone.js';
import { describeFailure } from '../lookup/describe-failure.js';
import type { GuardedProvider } from '../lookup/guarded-provider.js';
import type { ProviderReport } from '../lookup/outcome.js';
import type { Caller } from '../plugin-api/caller.js';
import type { VipRecord } from '../plugin-api/index.js';
import { sameTier } from '../plugin-api/index.js';
import { recordApplies } from '../plugin-api/vip-record.js';
import type { RouteConfig } from '../routing/targets.config.js';

const LIMIT_MS = 10_000;
const NOT_EXPLAINED = 'it answered that this is not a VIP; its kind gives no reasons';

/** The call, as far as it decides which records apply. */
export interface Asked {
  readonly caller: Caller;
  readonly targetid: string | undefined;
  readonly nowMs: number;
  /** Whose days are told. */
  readonly timezone: string;
}

/**
 * What a provider found that did not count, and why, such as an exact entry that has expired where a range is used;
 * `undefined` where its outcome says all.
 */
export async function whyNot(
  guarded: GuardedProvider,
  { outcome, records = 1 }: ProviderReport,
  asked: Asked,
): Promise<string | undefined> {
  if (outcome === 'none') return explain(guarded, asked.caller);
  if (outcome !== 'not-applicable' && !(outcome === 'found' && records > 1)) return undefined;
  const answer = guarded.ask(asked.caller);
  const settled = 'kind' in answer ? answer : await answer.outcome;
  if (settled.kind !== 'found') return undefined;
  const used = settled.records.findIndex((record) => recordApplies(record, asked.targetid, asked.nowMs));
  const passedOver = used === -1 ? settled.records : settled.records.slice(0, used);
  if (passedOver.length === 0) return undefined;
  return passedOver.map((record) => whyNotApplicable(record, asked)).join('; ');
}

async function explain({ provider }: GuardedProvider, caller: Caller): Promise<string> {
  if (provider.explain === undefined) return NOT_EXPLAINED;
  try {
    return await withTimeLimit(LIMIT_MS, [], (signal) => provider.explain!(caller, signal));
  } catch (error) {
    return `why not could not be found out: ${describeFailure(error)}`;
  }
}

function whyNotApplicable(record: VipRecord, { targetid, nowMs, timezone }: Asked): string {
  const { tier, targets, validFromMs, validUntilMs } = record;
  const reasons: string[] = [];
  if (validUntilMs !== undefined && nowMs >= validUntilMs)
    reasons.push(`expired on ${dayOf(validUntilMs - 1, timezone)}`);
  if (validFromMs !== undefined && nowMs < validFromMs)
    reasons.push(`not valid before ${dayOf(validFromMs, timezone)}`);
  if (targets !== undefined && (targetid === undefined || !targets.includes(targetid))) {
    reasons.push(`limited to targets ${targets.join(', ')}`);
  }
  return `tier ${tier}: ${reasons.join(', ')}`;
}

/** The last day on which something was, or the first on which it will be, valid. */
function dayOf(ms: number, timezone: string): string {
  return new Date(WallClock.in(timezone).at(ms)).toISOString().slice(0, 10);
}

/** Why none of a target's routes fits a record of that tier. */
export function whyNoRoute(tier: string, routes: readonly RouteConfig[]): string {
  const naming = routes.filter(
    ({ tiers }) => tiers === undefined || tiers.map(sameTier).includes(sameTier(tier)),
  );
  if (naming.length > 0) {
    const keys = [...new Set(naming.flatMap(({ when }) => [...when.keys()]))].join(', ');
    return `none: those of ${routes.length} that take tier ${JSON.stringify(tier)} want other extradata (${keys})`;
  }
  const named = [...new Set(routes.flatMap(({ tiers }) => tiers ?? []))].join(', ');
  return `none: tier ${JSON.stringify(tier)}: no route of ${routes.length} names it (they name ${named})`;
}
