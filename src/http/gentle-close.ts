import type { Socket } from 'node:net';

/** How long a peer may go on sending after its last answer. */
const LINGER_MS = 2_000;

/**
 * Ends a connection after what was written to it. What the peer still sends is read and thrown away for a while: a
 * connection that is closed with unread bytes is reset, and the peer may lose the answer.
 */
export function closeGently(socket: Socket): void {
  if (socket.destroyed) return;
  socket.end();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
}

/** Lets Node close the connection gently, if it is to be closed after the answer that is being written. */
export function lingerAtClose(socket: Socket): void {
  socket.destroySoon = () => closeGently(socket);
}
