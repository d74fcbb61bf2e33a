import { Problem } from '../http/problem.js';
import type { MetricsService } from '../observability/metrics.service.js';
import type { CallerCredential } from './credential-store.js';

/**
 * Refuses a credential that is limited to other targets; one without `targets` may ask for all.
 * @param targetName name of the target that decides; `default` for a call that falls to the default target or to none
 * @throws Problem 403, with the same text whether the target exists or not
 */
export function assertMayAsk(
  credential: CallerCredential,
  targetName: string,
  metrics: Pick<MetricsService, 'authFailure'>,
): void {
  if (credential.targets === undefined || credential.targets.includes(targetName)) return;
  metrics.authFailure('target');
  throw new Problem(
    403,
    'This credential is limited to other targets. Send one of its targets as targetid, or another credential.',
  );
}
