import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/**
 * A server that takes connections and questions, and never says a word.
 * @since 0.1.0
 */
export interface HeldServer {
  /** On 127.0.0.1. */
  readonly port: number;
  /** Connections that are open. */
  readonly connections: number;
  /** Breaks the connections and frees the port. */
  stop(): Promise<void>;
}

/**
 * Starts a server that holds every question; for `startHeld` of a harness.
 * @since 0.1.0
 */
export async function startHeldServer(): Promise<HeldServer> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket));
    socket.resume(); // else it would not hear that the other side has gone
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return open.size;
    },
    async stop() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
