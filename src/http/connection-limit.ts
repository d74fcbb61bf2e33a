import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Derived, LiveConfig } from '../config/live-config.js';
import type { Logger } from '../observability/logger.js';
import type { MetricsService } from '../observability/metrics.service.js';
import { seldom } from '../observability/seldom.js';
import { clientGroup, networkMatcher } from './networks.js';
import type { IsInNetwork } from './networks.js';
import type { HttpConfig } from './server.config.js';

const LOG_EVERY_MS = 1_000;

type Metrics = Pick<MetricsService, 'connectionDropped' | 'authFailure'>;

/** Ends connections beyond the limits as soon as they are accepted, without reading or answering anything. */
export class ConnectionLimit {
  readonly #isTrusted: Derived<HttpConfig, IsInNetwork>;
  readonly #isAllowed: Derived<HttpConfig, IsInNetwork | undefined>;

  /** @param now milliseconds of a monotonic clock */
  constructor(
    private readonly config: LiveConfig<HttpConfig>,
    private readonly metrics: Metrics,
    private readonly logger: Pick<Logger, 'warn'>,
    private readonly now?: () => number,
  ) {
    this.#isTrusted = config.derive(({ server }) => server.trustedProxies, networkMatcher);
    this.#isAllowed = config.derive(
      // Otherwise probes and scrapers use this port as well, or clients come through a proxy.
      ({ server, management }) =>
        management && server.trustedProxies.length === 0 ? server.allowedNetworks : undefined,
      (networks) => networks && networkMatcher(networks),
    );
  }

  /**
   * Watches a server from now on.
   * @param forCalls false for the management port, to which `server.allowedNetworks` does not apply
   */
  watch(server: Server, forCalls: boolean): void {
    server.maxConnections = this.config.current.server.maxConnections;
    this.config.onSwap((next) => (server.maxConnections = next.server.maxConnections));
    const seldomTold = seldom(LOG_EVERY_MS, this.now);
    const open = new Map<string, number>();
    server.on('drop', () => {
      this.metrics.connectionDropped();
      const { maxConnections } = server;
      seldomTold('all', (dropped) =>
        this.logger.warn(
          { dropped, maxConnections },
          'new connections are dropped: server.maxConnections are open',
        ),
      );
    });
    // Before Node's own listener, and before anything is allocated for the connection.
    server.prependListener('connection', (socket: Socket) => {
      const address = socket.remoteAddress;
      if (address === undefined || this.#isTrusted.current(address)) return;
      if (forCalls && this.#isAllowed.current?.(address) === false) {
        socket.destroy();
        this.metrics.authFailure('network');
        return seldomTold('outside', (dropped) =>
          this.logger.warn({ dropped, address }, 'connections from outside server.allowedNetworks are ended'),
        );
      }
      const { maxConnectionsPerAddress } = this.config.current.server;
      if (take(open, socket, clientGroup(address), maxConnectionsPerAddress)) return;
      socket.destroy();
      this.metrics.connectionDropped();
      seldomTold('one', (dropped) =>
        this.logger.warn(
          { dropped, address, maxConnectionsPerAddress },
          'new connections are dropped: the address has server.maxConnectionsPerAddress open',
        ),
      );
    });
  }
}

/**
 * Counts a connection for its client until it is closed.
 * @param open how many each client has
 * @returns false if the client has reached its limit
 */
function take(open: Map<string, number>, socket: Socket, client: string, most: number): boolean {
  const before = open.get(client) ?? 0;
  if (before >= most) return false;
  open.set(client, before + 1);
  socket.once('close', () => {
    const left = open.get(client)! - 1;
    if (left === 0) open.delete(client);
    else open.set(client, left);
  });
  return true;
}
