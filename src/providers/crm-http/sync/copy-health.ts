import type { ProviderStatus } from '../../../plugin-api/index.js';
import type { CopyHead, CopyState } from './copy-store.js';

/** A copy that missed so many pulls is too old. */
const MISSED = 3;

/**
 * How the copy is, for operations.
 * @param loaded the copy that calls are decided from
 * @param trouble why the database, or what it holds, cannot be used
 */
export function copyStatus(
  head: CopyHead,
  loaded: CopyState | undefined,
  trouble: string | undefined,
  everyMs: number,
): ProviderStatus {
  const facts = loaded && { entries: loaded.contacts, loadedAt: loaded.pulledAt };
  const reason = reasonOf(head, loaded, trouble, everyMs);
  return reason === undefined ? { status: 'up', ...facts } : { status: 'degraded', reason, ...facts };
}

function reasonOf(
  { attempt, copy }: CopyHead,
  loaded: CopyState | undefined,
  trouble: string | undefined,
  everyMs: number,
): string | undefined {
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
  const isOld = Date.now() - Date.parse(loaded.pulledAt) > MISSED * everyMs;
  if (!isOld && trouble === undefined) return undefined;
  return `the copy is ${isOld ? 'too old' : 'in use as it is'}: ${trouble ?? `${MISSED} pulls were missed`}`;
}
