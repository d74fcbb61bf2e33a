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

/** What is known about a copy when health is requested. */
export interface CopyCondition {
  readonly head: CopyHead;
  /** The copy that decides calls. */
  readonly loaded: CopyState | undefined;
  /** Why the database, or its content, cannot be used. */
  readonly trouble: string | undefined;
  readonly everyMs: number;
}

/** The state of the copy, for operators. */
export function copyStatus(condition: CopyCondition): ProviderStatus {
  const { loaded } = condition;
  const facts = loaded && { entries: loaded.contacts, loadedAt: loaded.pulledAt };
  const reason = reasonOf(condition);
  return reason === undefined ? { status: 'up', ...facts } : { status: 'degraded', reason, ...facts };
}

function reasonOf({ head, loaded, trouble, everyMs }: CopyCondition): string | undefined {
  const { attempt, copy } = head;
  if (loaded === undefined) {
    if (trouble !== undefined) return `${HEALTH_REASONS.none}: ${trouble}`;
    if (attempt !== undefined) return `${HEALTH_REASONS.none}: the pull failed: ${attempt.problem}`;
    return `${HEALTH_REASONS.none}: it is being ${copy === undefined ? 'pulled' : 'loaded'}`;
  }
  if (attempt !== undefined) {
    return attempt.isRefused ? attempt.problem : `${HEALTH_REASONS.behind}: ${attempt.problem}`;
  }
  const isOld = Date.now() - Date.parse(loaded.pulledAt) > MISSED * everyMs;
  if (!isOld && trouble === undefined) return undefined;
  return `${isOld ? HEALTH_REASONS.old : HEALTH_REASONS.unsure}: ${trouble ?? `${MISSED} pulls were missed`}`;
}
