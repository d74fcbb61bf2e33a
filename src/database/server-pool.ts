import { connect as connectSocket, Socket } from 'node:net';
import { promisify } from 'node:util';
import type { Pool, PoolConnection, PoolOptions, TypeCastField, TypeCastNext } from 'mysql2';
import { mysql } from './drivers.js';
import { backoffMs, within } from '../plugin-api/index.js';

/** Connections that are kept open for calls to come. */
const WARM_CONNECTIONS = 3;
/** Below the shortest time after which servers are set to close a connection, and firewalls to forget it. */
const PING_EVERY_MS = 20_000;
const PING_LIMIT_MS = 2_000;
/** Pause after a connection was lost; doubles up to the second value while none can be made. */
const FIRST_PAUSE_MS = 500;
const LAST_PAUSE_MS = 4_000;
/** Detects a peer that vanished without closing the connection. */
const KEEP_ALIVE_MS = 30_000;

/** The part of a mysql2 connection that ends it at once. */
export interface ServerConnection {
  destroy(): void;
  readonly stream: { destroy(): void };
}

/** Ends a connection whether or not the other side still answers; mysql2 would wait for its reply. */
export function cutConnection(connection: ServerConnection): void {
  connection.destroy();
  connection.stream.destroy();
}

/** Bits as a number; mysql2 would return their bytes, as it does for binary columns. */
function typeCast(field: TypeCastField, next: TypeCastNext): unknown {
  if (field.type !== 'BIT') return next();
  const bits = field.buffer();
  return bits === null ? null : BigInt(`0x0${bits.toString('hex')}`).toString();
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

/**
 * The connections to one database server. They are kept warm: idle connections are tested from time to time and dead
 * ones replaced, so that a call does not have to discover each dead one.
 */
export class ServerPool {
  readonly #sockets = new Set<Socket>();
  readonly #idle = new Set<PoolConnection>();
  #pool: Pool | undefined;
  #isClosed = false;
  #warming: Promise<void> | undefined;
  #keepsWarm = false;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #dueMs = Infinity;

  constructor(private readonly sessions: SessionSettings) {}

  /** The function that TypeORM calls to create its pool. */
  readonly createPool = (options: PoolOptions): Pool => {
    const { host, port } = options;
    // mysql2 closes politely and waits for the other side; a frozen server never answers, so we keep the sockets.
    const pool = mysql().createPool({ ...options, typeCast, stream: () => this.#connect(host!, port!) });
    pool.on('connection', (connection) => this.#prepare(connection));
    pool.on('acquire', (connection) => this.#idle.delete(connection));
    pool.on('release', (connection) => this.#idle.add(connection));
    return (this.#pool = pool);
  };

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
    if (this.#isClosed || this.#pool === undefined) return;
    const missing = Math.max(0, WARM_CONNECTIONS - this.#sockets.size);
    const tries = Array.from({ length: this.#idle.size + missing }, () => this.#try(this.#pool!));
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

  /** Takes a connection, a new one if none is idle, and returns it if it answers. */
  async #try(pool: Pool): Promise<boolean> {
    const connection = await promisify(pool.getConnection.bind(pool))().catch(() => undefined);
    if (connection === undefined) return false;
    const ping = promisify(connection.ping.bind(connection))();
    const isWell = await within(
      PING_LIMIT_MS,
      ping.then(() => true).catch(() => false),
      false,
    );
    if (isWell) connection.release();
    else cutConnection(connection as unknown as ServerConnection);
    return isWell;
  }

  #connect(host: string, port: number): Socket {
    // The pool may open one for a request that still waits in its queue.
    if (this.#isClosed) return new Socket().destroy();
    const socket = connectSocket({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
    });
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      if (this.#keepsWarm && this.#sockets.size < WARM_CONNECTIONS) this.#warmIn(this.#pauseMs);
    });
    return socket;
  }

  #prepare(connection: PoolConnection): void {
    connection.once('end', () => this.#idle.delete(connection));
    connection.once('error', () => this.#idle.delete(connection));
    const statements = [
      // mysql2 escapes values with backslashes, which NO_BACKSLASH_ESCAPES would make unsafe; and TIMESTAMP columns
      // are returned in the session's time zone.
      `SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', time_zone = '+00:00'`,
      ...(this.sessions.readOnly ? ['SET SESSION TRANSACTION READ ONLY'] : []),
      ...(this.sessions.seesAllCommits ? ['SET SESSION wsrep_sync_wait = 1'] : []),
    ];
    for (const statement of statements) {
      // A server without Galera neither has nor needs this variable.
      connection.query(statement, (error) => {
        if (error && error.code !== 'ER_UNKNOWN_SYSTEM_VARIABLE') connection.destroy();
      });
    }
  }
}
