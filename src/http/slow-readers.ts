import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Disconnects clients that do not read their answers. All connections are checked at intervals, because a timer on
 * each connection would have to be reset with each call.
 * @param limitMs how long an answer may wait without any part of it being read; a part is what was written at once,
 *   at most 64 KiB of a file
 * @param everyMs how often connections are checked
 */
export function cutOffSlowReaders(server: Server, limitMs: number, everyMs: number): void {
  /** What a client had taken, bytes, when it last took some of a waiting answer. */
  const open = new Map<Socket, { readonly taken: number; readonly sinceMs: number } | undefined>();
  const opened = (socket: Socket): void => {
    open.set(socket, undefined);
    socket.once('close', () => open.delete(socket));
  };
  server.on('connection', opened);
  // With TLS, unsent data waits in the TLS socket that wraps the other one.
  server.on('secureConnection', opened);
  const timer = setInterval(() => {
    const nowMs = performance.now();
    for (const [socket, before] of open) {
      const taken = socket.bytesWritten - socket.writableLength;
      if (socket.writableLength === 0) open.set(socket, undefined);
      else if (before?.taken !== taken) open.set(socket, { taken, sinceMs: nowMs });
      else if (nowMs - before.sinceMs >= limitMs) socket.destroy();
    }
  }, everyMs);
  timer.unref();
  server.once('close', () => clearInterval(timer));
}
