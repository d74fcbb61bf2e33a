import type { Request } from 'express';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { closeGently, endWith } from './gentle-close.js';
import type { AnsweringSocket } from './gentle-close.js';
import type { IsInNetwork } from './networks.js';

/** Statuses for strangers, or for clients that request something that does not exist. */
const REFUSALS: ReadonlySet<number> = new Set([401, 403, 404, 405, 413, 417, 429]);
/** For this long a client may try again, for example with other credentials. */
const STAY_S = 1;

const refused = new WeakMap<Socket, { readonly sinceMs: number; readonly forget: () => void }>();

/**
 * Closes a refused client's connection a second later, unless a request with correct credentials arrives in the
 * meantime. Trusted proxies are exempt: their connections serve many clients, and strangers must not be able to close
 * them. Call it before the answer is written.
 */
export function closeIfRefused(response: ServerResponse, status: number): void {
  if (!REFUSALS.has(status) || !response.shouldKeepAlive) return;
  const { socket, app } = response.req as Request;
  const isTrusted = app.get('trust proxy fn') as IsInNetwork;
  if (isTrusted(socket.remoteAddress)) return;
  const nowMs = performance.now();
  const before = refused.get(socket);
  // Tells the client, with the end of the connection or a Keep-Alive time.
  if (before !== undefined && nowMs - before.sinceMs >= STAY_S * 1_000) return endWith(response);
  response.setHeader('Keep-Alive', `timeout=${STAY_S}`);
  if (before !== undefined) return;
  // Not the idle timeout, which restarts with each byte, even with line ends between requests.
  const timer = setTimeout(() => closeRefused(socket), STAY_S * 1_000).unref();
  const forget = (): void => {
    clearTimeout(timer);
    refused.delete(socket);
    socket.off('close', forget);
  };
  socket.on('close', forget);
  refused.set(socket, { sinceMs: nowMs, forget });
}

/** A client that was refused on this connection has sent correct credentials: the connection stays. */
export function mayStay(socket: Socket): void {
  refused.get(socket)?.forget();
}

function closeRefused(socket: Socket): void {
  const answer = (socket as AnsweringSocket)._httpMessage;
  if (!answer) return closeGently(socket);
  answer.once('close', () => refused.has(socket) && closeRefused(socket));
}
