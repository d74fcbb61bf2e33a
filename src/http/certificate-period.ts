import type { CertificatePeriod } from '../config/config-status.js';

/** How long before its end a certificate causes a warning: a Let's Encrypt certificate is renewed 30 days before. */
const WARN_DAYS = 14;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Beginnings of the reasons in `/health`. */
const HEALTH_REASONS = {
  notYet: 'the certificate is not valid before',
  ended: 'the certificate ended',
  ending: 'the certificate ends',
};

/**
 * What is to be said in public of a certificate's time: not yet, no longer, or not for long.
 * @returns since when it is so, milliseconds since 1970; in the past
 */
export function certificateTrouble(
  { validFromMs, validUntilMs, inUseSinceMs = 0 }: CertificatePeriod,
  nowMs: number,
): { readonly reason: string; readonly sinceMs: number } | undefined {
  const end = new Date(validUntilMs).toISOString();
  const since = (startMs: number): number => Math.max(startMs, inUseSinceMs);
  if (nowMs < validFromMs) {
    const start = new Date(validFromMs).toISOString();
    const reason = `${HEALTH_REASONS.notYet} ${start}: clients refuse it. Check it, and this machine's clock.`;
    return { reason, sinceMs: since(0) };
  }
  if (nowMs >= validUntilMs) {
    const reason = `${HEALTH_REASONS.ended} ${end}: clients refuse it. Replace the files; they are read again.`;
    return { reason, sinceMs: since(validUntilMs) };
  }
  const warnFromMs = validUntilMs - WARN_DAYS * DAY_MS;
  if (nowMs < warnFromMs) return undefined;
  const reason = `${HEALTH_REASONS.ending} ${end}, within ${WARN_DAYS} days. Replace the files; they are read again.`;
  return { reason, sinceMs: since(warnFromMs) };
}
