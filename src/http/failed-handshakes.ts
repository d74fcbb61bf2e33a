import type { Server } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { Logger } from '../observability/logger.js';
import { seldom } from '../observability/seldom.js';

/** Scanners of the Internet are many: one line for each kind of failure in this time. */
const QUIET_MS = 60_000;

/**
 * Logs why clients get no TLS connection, counted by kind: a client certificate that is refused is a warning; a client
 * that offers nothing that this server takes (old TLS, old ciphers, plain HTTP) is only told, since strangers do that too.
 * Clients that go away without a word are left out: balancers probe ports like that.
 * @param now milliseconds of a clock that never goes back
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
