import type { ProviderStatus } from '../../../plugin-api/index.js';
import type { CopyHead, CopyState } from './copy-store.js';

/** A copy that missed so many pulls is too old. */
const MISSED = 3;

/** What is known of a copy when health is asked for. */
export interface CopyCondition {
  readonly head: CopyHead;
  /** The copy that calls are decided from. */
  readonly loaded: CopyState | undefined;
  /** Why the database, or what it holds, cannot be used. */
  readonly trouble: string | undefined;
  readonly everyMs: number;
  readonly nowMs: number;
}

/** How the copy is, for operations. */
export function copyStatus(condition: CopyCondition): ProviderStatus {
  const { loaded } = condition;
  const facts = loaded && { entries: loaded.contacts, loadedAt: loaded.pulledAt };
  const reason = reasonOf(condition);
  return reason === undefined ? { status: 'up', ...facts } : { status: 'degraded', reason, ...facts };
}

function reasonOf({ head, loaded, trouble, everyMs, nowMs }: CopyCondition): string | undefined {
  const { attempt, copy } = head;
  if (loaded === undefined) {
    if (trouble !== undefined) return `there is no copy yet: ${trouble}`;
    if (attempt !== undefined) return `there is no copy yet: the pull failed: ${attempt.problem}`;
    return copy === undefined
      ? 'there is no copy yet: it is being pulled'
      : 'there is no copy yet: it is being loaded';
  }
  if (attempt !== undefined) {
    return attempt.isRefused
      ? attempt.problem
      : `the copy was not brought up to date: the pull failed: ${attempt.problem}`;
  }
  const isOld = nowMs - Date.parse(loaded.pulledAt) > MISSED * everyMs;
  if (!isOld && trouble === undefined) return undefined;
  return `the copy is ${isOld ? 'too old' : 'in use as it is'}: ${trouble ?? `${MISSED} pulls were missed`}`;
}
