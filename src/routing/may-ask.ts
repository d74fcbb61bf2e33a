import { decidedBy } from './targets.config.js';
import { Problem } from '../http/problem.js';
import type { MetricsService } from '../observability/metrics.service.js';
import type { ClientCredential } from '../auth/credential-store.js';

/**
 * Refuses a credential that is limited to other targets; one without `targets` may ask for all. A credential for
 * `default` may ask for every targetid that has no target of its own.
 * @param targets of the configuration that the credential belongs to
 * @throws Problem 403, with the same text whether the target exists or not
 */
export function assertMayAsk(
  client: ClientCredential,
  targetid: string | undefined,
  targets: ReadonlyMap<string, unknown>,
  metrics: Pick<MetricsService, 'authFailure'>,
): void {
  if (client.targets === undefined) return;
  if (client.targets.includes(decidedBy(targetid, targets))) return;
  metrics.authFailure('target');
  throw new Problem(
    403,
    'This credential is limited to other targets. Send one of its targets as targetid, or another credential.',
  );
}
