import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How long a peer may continue to send after its last answer. */
const LINGER_MS = 1_000;

/** A connection of Node's HTTP server, which has no public way to see its state (ADR 21). */
export interface AnsweringSocket extends Socket {
  /** The answer whose turn it is, until it is finished. */
  readonly _httpMessage?: ServerResponse | null;
}

/**
 * Ends a connection after everything written to it has been sent. For a while, input from the peer is read and
 * discarded: a connection that is closed with unread bytes is reset, and the peer may lose the answer.
 */
export function closeGently(socket: Socket): void {
  if (socket.destroyed) return;
  socket.end();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
}

/** Makes Node close the connection gently, if it closes after the answer that is being written. */
export function lingerAtClose(socket: Socket): void {
  socket.destroySoon = () => closeGently(socket);
}

const ending = new WeakSet<Socket>();

/** Makes this answer the last one of its connection, even if others come first. Later requests get no answer. */
export function endWith(response: ServerResponse): void {
  const { socket } = response.req; // its own is unset until its turn has come
  response.shouldKeepAlive = false;
  ending.add(socket);
  lingerAtClose(socket);
}

/** Whether a request that arrives now gets no answer. */
export function isEnding(socket: Socket): boolean {
  return socket.writableEnded || ending.has(socket);
}

/** From now on connections end with the answer to their latest request: of several requests at once, all are answered. */
export function endWithLatest(server: Server): void {
  const latest = new WeakMap<Socket, ServerResponse>();
  server.prependListener('request', ({ socket }, response) => {
    if (isEnding(socket)) return;
    const before = latest.get(socket);
    // The client has already been told.
    if (before?.headersSent) return endWith(before);
    if (before) before.shouldKeepAlive = true;
    response.shouldKeepAlive = false;
    latest.set(socket, response);
  });
}
