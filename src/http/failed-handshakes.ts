import type { Server } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { Logger } from '../observability/logger.js';
import { seldom } from '../observability/seldom.js';

/** There are many scanners on the Internet: one line for each kind of failure in this time. */
const QUIET_MS = 60_000;

/**
 * Logs why TLS handshakes fail, counted by kind. A refused client certificate is a warning. A client that offers
 * nothing that this server accepts (old TLS, old ciphers, plain HTTP) gets an `info` line, because strangers cause
 * that, too. Clients that disconnect silently are not logged: balancers probe ports that way.
 * @param now milliseconds of a monotonic clock
 */
export function logFailedHandshakes(server: Pick<Server, 'on'>, logger: Logger, now?: () => number): void {
  const seldomTold = seldom(QUIET_MS, now);
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: TLSSocket) => {
    // Typed as an Error; it is OpenSSL's code.
    const refusal = socket.authorizationError as unknown as string | null | undefined;
    const code = refusal ?? error.code ?? error.name;
    if (code === 'ECONNRESET') return;
    seldomTold(code, (count) => {
      if (refusal) logger.warn({ code, count }, 'client certificate refused, see server.tls.clientCa');
      else logger.info({ code, count }, 'TLS handshake failed');
    });
  });
}
