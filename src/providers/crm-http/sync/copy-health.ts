import type { ProviderStatus } from '../../../plugin-api/index.js';
import type { CopyHead, CopyState } from './copy-store.js';

/** After this many missed pulls, a copy is too old. */
const MISSED = 3;
/** Beginnings of the reasons in `/health`. */
const HEALTH_REASONS = {
  none: 'there is no copy yet',
  behind: 'the copy was not brought up to date: the pull failed',
  old: 'the copy is too old',
  unsure: 'the copy is in use as it is',
};

/**
 * The state of the copy, for operators.
 * @param loaded the copy that calls are decided from
 * @param trouble why the database, or what it holds, cannot be used
 */
export function copyStatus(
  { attempt, copy }: CopyHead,
  loaded: CopyState | undefined,
  trouble: string | undefined,
  everyMs: number,
): ProviderStatus {
  if (loaded === undefined) {
    const isBeing = `it is being ${copy === undefined ? 'pulled' : 'loaded'}`;
    const why = trouble ?? (attempt ? `the pull failed: ${attempt.problem}` : isBeing);
    return { status: 'degraded', reason: `${HEALTH_REASONS.none}: ${why}` };
  }
  const facts = { entries: loaded.contacts, loadedAt: loaded.pulledAt };
  if (attempt !== undefined) {
    const reason = attempt.isRefused ? attempt.problem : `${HEALTH_REASONS.behind}: ${attempt.problem}`;
    return { status: 'degraded', reason, ...facts };
  }
  const isOld = Date.now() - Date.parse(loaded.pulledAt) > MISSED * everyMs;
  if (!isOld && trouble === undefined) return { status: 'up', ...facts };
  const reason = `${isOld ? HEALTH_REASONS.old : HEALTH_REASONS.unsure}: ${trouble ?? `${MISSED} pulls were missed`}`;
  return { status: 'degraded', reason, ...facts };
}
