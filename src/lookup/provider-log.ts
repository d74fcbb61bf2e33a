import type { Logger } from '../observability/logger.js';
import type { BreakerState } from '../observability/metrics.service.js';
import { describeFailure } from './describe-failure.js';

type Log = Pick<Logger, 'info' | 'warn' | 'error'>;

export function tellHeldThread(logger: Log, provider: string, ms: number): void {
  logger.warn({ provider, ms: Math.round(ms) }, 'a lookup blocked the event loop, and with it every call');
}

export function tellTurnedAway(
  logger: Log,
  provider: string,
  limits: { readonly maxConcurrent: number; readonly maxQueued: number },
): void {
  logger.warn({ provider, ...limits }, 'lookups are turned away: too many at once');
}

/** @param cause the failure that opened it, if it is open now */
export function tellBreaker(
  logger: Log,
  provider: string,
  state: BreakerState,
  before: BreakerState,
  cause: unknown,
): void {
  if (before === 'closed') {
    const reason = describeFailure(cause);
    logger.error({ provider, reason }, 'provider keeps failing, circuit breaker opened');
  } else if (state === 'closed') {
    logger.info({ provider }, 'provider answers again, circuit breaker closed');
  }
}
