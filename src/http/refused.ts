import type { Request } from 'express';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { closeGently, endWith } from './gentle-close.js';
import type { AnsweringSocket } from './gentle-close.js';
import type { IsInNetwork } from './networks.js';

/** Answers to a stranger, or to a client that asks for what is not here. */
const REFUSALS: ReadonlySet<number> = new Set([401, 403, 404, 405, 413, 417, 429]);
/** For as long as that a client may come back, with better credentials for example. */
const STAY_S = 1;

const refused = new WeakMap<Socket, { readonly sinceMs: number; readonly forget: () => void }>();

/**
 * Sees to it that who was refused does not stay: its connection is closed a second later, unless a request with
 * right credentials comes meanwhile. The connections of trusted proxies are many clients', and strangers must not be able to close them.
 * To be called before the answer is written.
 */
export function closeIfRefused(response: ServerResponse, status: number): void {
  if (!REFUSALS.has(status) || !response.shouldKeepAlive) return;
  const { socket, app } = response.req as Request;
  const isTrusted = app.get('trust proxy fn') as IsInNetwork;
  if (isTrusted(socket.remoteAddress)) return;
  const nowMs = performance.now();
  const before = refused.get(socket);
  // It says so, where that can still be said.
  if (before !== undefined && nowMs - before.sinceMs >= STAY_S * 1_000) return endWith(response);
  response.setHeader('Keep-Alive', `timeout=${STAY_S}`);
  if (before !== undefined) return;
  // Not the time of an idle connection: each byte begins that anew, line ends between requests too.
  const timer = setTimeout(() => closeRefused(socket), STAY_S * 1_000).unref();
  const forget = (): void => {
    clearTimeout(timer);
    refused.delete(socket);
    socket.off('close', forget);
  };
  socket.on('close', forget);
  refused.set(socket, { sinceMs: nowMs, forget });
}

/** A client that was refused on this connection has come back with right credentials: it stays. */
export function mayStay(socket: Socket): void {
  refused.get(socket)?.forget();
}

function closeRefused(socket: Socket): void {
  const answer = (socket as AnsweringSocket)._httpMessage;
  if (!answer) return closeGently(socket);
  answer.once('close', () => refused.has(socket) && closeRefused(socket));
}
