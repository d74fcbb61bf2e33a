import type { Request } from 'express';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { endWith } from './gentle-close.js';
import type { trustProxy } from './networks.js';

/** Answers to somebody who is no caller, or asks for what is not here. */
const REFUSALS: ReadonlySet<number> = new Set([401, 403, 404, 405, 413, 417, 429]);
/** For as long as that a client may come back, with better credentials for example. */
const STAY_S = 1;

const firstRefusedMs = new WeakMap<Socket, number>();

/**
 * Sees to it that who was refused does not stay: its connection is closed when it has been idle for a second, or with a later
 * refusal. The connections of trusted proxies are many clients', and strangers must not be able to close them.
 * To be called before the answer is written.
 */
export function closeIfRefused(response: ServerResponse, status: number): void {
  if (!REFUSALS.has(status) || !response.shouldKeepAlive) return;
  const { socket, app } = response.req as Request;
  const isTrusted = app.get('trust proxy fn') as ReturnType<typeof trustProxy>;
  if (isTrusted(socket.remoteAddress)) return;
  const nowMs = performance.now();
  const firstMs = firstRefusedMs.get(socket);
  if (firstMs !== undefined && nowMs - firstMs >= STAY_S * 1_000) return endWith(response);
  if (firstMs === undefined) firstRefusedMs.set(socket, nowMs);
  response.setHeader('Keep-Alive', `timeout=${STAY_S}`);
  // Node's own listener comes first, and gives the connection the time of an idle one, or to the next answer.
  response.once('finish', () => {
    if (!(socket as BusySocket)._httpMessage) socket.setTimeout(STAY_S * 1_000);
  });
}

/** See ADR 21: Node does not say otherwise whether another answer is under way. */
interface BusySocket extends Socket {
  readonly _httpMessage?: ServerResponse | null;
}
