import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const CONNECTIONS = ['TCPSocketWrap', 'PipeWrap'];
const ACCEPTED = 'net.server.socket';

/**
 * The handles that keep this process alive. The backend of a test often runs in the same process. Connections that a
 * server here has accepted are not counted, so a provider's leftovers can be found while its backend still runs.
 */
export class Resources {
  readonly #accepted = new Set<Socket>();

  constructor() {
    subscribe(ACCEPTED, this.#onAccepted);
  }

  end(): void {
    unsubscribe(ACCEPTED, this.#onAccepted);
  }

  /** How many there are of each kind. */
  count(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    const add = (kind: string, count: number) => counts.set(kind, (counts.get(kind) ?? 0) + count);
    for (const kind of process.getActiveResourcesInfo())
      add(CONNECTIONS.includes(kind) ? 'connection' : kind, 1);
    add('connection', -[...this.#accepted].filter(({ destroyed }) => !destroyed).length);
    return counts;
  }

  /** The handles beyond `before`, by name; checked repeatedly until there are none, or the time is over. */
  async left(before: ReadonlyMap<string, number>, limitMs: number): Promise<string[]> {
    for (const endMs = performance.now() + limitMs; ;) {
      const left = [...this.count()]
        .filter(([kind, count]) => count > (before.get(kind) ?? 0))
        .map(([kind, count]) => `${count - (before.get(kind) ?? 0)} × ${kind}`);
      if (left.length === 0 || performance.now() >= endMs) return left;
      await sleep(25);
    }
  }

  readonly #onAccepted = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    this.#accepted.add(socket);
    socket.once('close', () => this.#accepted.delete(socket));
  };
}
