import { connect as connectSocket, Socket } from 'node:net';
import { promisify } from 'node:util';
import type { Pool, PoolConnection, PoolOptions, TypeCastField, TypeCastNext } from 'mysql2';
import { within } from '../plugin-api/index.js';
import { mysql } from './drivers.js';
import { cutConnection, KEEP_ALIVE_MS, KeptConnections, PING_LIMIT_MS } from './kept-connections.js';
import type { ServerConnection, SessionSettings } from './kept-connections.js';

/** Bits as a number; mysql2 would return their bytes, as it does for binary columns. */
function typeCast(field: TypeCastField, next: TypeCastNext): unknown {
  if (field.type !== 'BIT') return next();
  const bits = field.buffer();
  return bits === null ? null : BigInt(`0x0${bits.toString('hex')}`).toString();
}

/** The connections to one MySQL or MariaDB server. */
export class ServerPool extends KeptConnections {
  readonly #idle = new Set<PoolConnection>();

  constructor(private readonly sessions: SessionSettings) {
    super();
  }

  /** The function that TypeORM calls to create its pool. */
  readonly createPool = (options: PoolOptions): Pool => {
    const { host, port } = options;
    const pool = mysql().createPool({ ...options, typeCast, stream: () => this.#connect(host!, port!) });
    pool.on('connection', (connection) => this.#prepare(connection));
    pool.on('acquire', (connection) => this.#idle.delete(connection));
    pool.on('release', (connection) => this.#idle.add(connection));
    this.use({ idle: () => this.#idle.size, try: () => this.#try(pool) });
    return pool;
  };

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
    if (this.isClosed) return new Socket().destroy();
    return this.add(
      connectSocket({
        host,
        port,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: KEEP_ALIVE_MS,
      }),
    );
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
