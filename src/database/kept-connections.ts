import type { Socket } from 'node:net';
import { backoffMs } from '../plugin-api/index.js';

/** Connections that are kept open for calls to come. */
const WARM_CONNECTIONS = 3;
/** Below the shortest time after which servers are set to close a connection, and firewalls to forget it. */
const PING_EVERY_MS = 20_000;
export const PING_LIMIT_MS = 2_000;
/** Pause after a connection was lost; doubles up to the second value while none can be made. */
const FIRST_PAUSE_MS = 500;
const LAST_PAUSE_MS = 4_000;
/** Detects a peer that vanished without closing the connection. */
export const KEEP_ALIVE_MS = 30_000;

/** The part of a driver's connection that ends it at once. */
export interface ServerConnection {
  destroy(): void;
  readonly stream: { destroy(): void };
}

/** Ends a connection whether or not the other side still answers; a driver would wait for its reply. */
export function cutConnection(connection: ServerConnection): void {
  connection.destroy();
  connection.stream.destroy();
}

export interface SessionSettings {
  /** Somebody else's database: the session refuses to write. */
  readonly readOnly?: boolean;
  /**
   * Reads wait until the node has everything that was committed on other nodes of its Galera cluster. No effect
   * elsewhere.
   */
  readonly seesAllCommits?: boolean;
}

/** A driver's pool. */
export interface WarmPool {
  /** How many connections wait for work. */
  idle(): number;
  /** Takes a connection, a new one if none is idle, and returns it if it answers; never rejects. */
  try(): Promise<boolean>;
}

/**
 * The connections to one database server. They are kept warm: idle connections are tested from time to time and dead
 * ones replaced, so that a call does not have to discover each dead one.
 */
export class KeptConnections {
  readonly #sockets = new Set<Socket>();
  #pool: WarmPool | undefined;
  #isClosed = false;
  #warming: Promise<void> | undefined;
  #keepsWarm = false;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #dueMs = Infinity;

  get isClosed(): boolean {
    return this.#isClosed;
  }

  use(pool: WarmPool): void {
    this.#pool = pool;
  }

  /** A driver closes politely and waits for the other side; a frozen server never answers, so we keep the sockets. */
  add(socket: Socket): Socket {
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      if (this.#keepsWarm && this.#sockets.size < WARM_CONNECTIONS) this.#warmIn(this.#pauseMs);
    });
    return socket;
  }

  /** Tests idle connections, opens missing ones, and repeats that from time to time. Never rejects. */
  warm(): Promise<void> {
    this.#keepsWarm = true;
    return (this.#warming ??= this.#warm().finally(() => (this.#warming = undefined)));
  }

  /** Destroys every connection, including those being made; whatever waits for them rejects. No new ones are made. */
  drop(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const socket of this.#sockets) socket.destroy();
  }

  async #warm(): Promise<void> {
    this.#dueMs = Infinity;
    const pool = this.#pool;
    if (this.#isClosed || pool === undefined) return;
    const missing = Math.max(0, WARM_CONNECTIONS - this.#sockets.size);
    const tries = Array.from({ length: pool.idle() + missing }, () => pool.try());
    const areWell = (await Promise.all(tries)).every(Boolean) && this.#sockets.size >= WARM_CONNECTIONS;
    this.#failures = areWell ? 0 : this.#failures + 1;
    this.#warmIn(areWell ? PING_EVERY_MS : this.#pauseMs);
  }

  get #pauseMs(): number {
    return backoffMs(this.#failures, FIRST_PAUSE_MS, LAST_PAUSE_MS);
  }

  #warmIn(ms: number): void {
    const dueMs = performance.now() + ms;
    if (this.#isClosed || dueMs >= this.#dueMs) return;
    this.#dueMs = dueMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      // If a run is in progress, this does not start another one, and must not be confused with the run after that.
      this.#dueMs = Infinity;
      void this.warm();
    }, ms).unref();
  }
}
