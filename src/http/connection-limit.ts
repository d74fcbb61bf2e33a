import type { Server } from 'node:http';
import type { LiveConfig } from '../config/live-config.js';
import type { Logger } from '../observability/logger.js';
import type { MetricsService } from '../observability/metrics.service.js';

const LOG_EVERY_MS = 1_000;

/**
 * Drops connections at once, as long as there are `server.maxConnections`; counts them, and logs at most once a second.
 * @param now milliseconds of a clock that never goes back
 */
export function limitConnections(
  server: Server,
  config: LiveConfig,
  metrics: Pick<MetricsService, 'connectionDropped'>,
  logger: Pick<Logger, 'warn'>,
  now: () => number = () => performance.now(),
): void {
  server.maxConnections = config.current.server.maxConnections;
  config.onSwap((next) => (server.maxConnections = next.server.maxConnections));
  let dropped = 0;
  let quietUntilMs = 0;
  server.on('drop', () => {
    metrics.connectionDropped();
    dropped++;
    const nowMs = now();
    if (nowMs < quietUntilMs) return;
    quietUntilMs = nowMs + LOG_EVERY_MS;
    const { maxConnections } = server;
    logger.warn({ dropped, maxConnections }, 'new connections are dropped: server.maxConnections are open');
    dropped = 0;
  });
}
