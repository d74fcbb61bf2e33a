import { Socket } from 'node:net';
import type Pg from 'pg';
import type { PoolClient, PoolConfig } from 'pg';
import { within } from '../plugin-api/index.js';
import { postgres } from './drivers.js';
import { cutConnection, KEEP_ALIVE_MS, KeptConnections, PING_LIMIT_MS } from './kept-connections.js';
import type { ServerConnection, SessionSettings } from './kept-connections.js';

/**
 * Types whose values are no text: boolean, binary, numbers without a loss, JSON, lists of texts and numbers. All others are
 * as PostgreSQL writes them; `pg` would read dates in the time zone of this machine.
 */
const PARSED = new Set([16, 17, 21, 23, 700, 701, 114, 3802, 1005, 1007, 1009, 1015]);
const asText = (text: string): string => text;

const SESSION = `SET TIME ZONE 'UTC'; SET datestyle = 'ISO, YMD'; SET bytea_output = 'hex'; SET standard_conforming_strings = on`;
const READ_ONLY = 'SET default_transaction_read_only = on';
/**
 * Ends a query soon after we cut its connection: by itself, a server notices only when it has an answer to send. Unknown before
 * version 14, and not settable everywhere.
 */
const NOTICE_CUT = `SELECT set_config(name, '1s', false) FROM pg_settings WHERE name = 'client_connection_check_interval'`;

/** Statements are written with question marks, as the other drivers take them, and have no others. */
function numbered(sql: string): string {
  let count = 0;
  return sql.replaceAll('?', () => `$${++count}`);
}

type Query = (sql: unknown, values?: unknown, callback?: unknown) => unknown;

/** A client that takes question marks, and can be cut off. */
function clientClass(): typeof Pg.Client {
  const { Client } = postgres();
  class CuttableClient extends Client implements ServerConnection {
    get stream(): Socket {
      return (this as unknown as { connection: { stream: Socket } }).connection.stream;
    }

    destroy(): void {
      this.stream.destroy();
    }
  }
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the client below
  const query = Client.prototype.query as Query;
  CuttableClient.prototype.query = function (
    this: Pg.Client,
    sql: unknown,
    values?: unknown,
    callback?: unknown,
  ) {
    const isBound = typeof sql === 'string' && Array.isArray(values) && values.length > 0;
    return query.call(this, isBound ? numbered(sql) : sql, values, callback);
  } as typeof Client.prototype.query;
  return CuttableClient;
}

/** The connections to one PostgreSQL server. */
export class PostgresPool extends KeptConnections {
  constructor(private readonly sessions: SessionSettings) {
    super();
  }

  /** What TypeORM takes for the package `pg`. */
  get driver(): unknown {
    const { Pool } = postgres();
    const prepare = (pool: Pg.Pool): void => this.#keep(pool);
    return {
      Pool: class extends Pool {
        constructor(options: PoolConfig) {
          super(options);
          prepare(this);
        }
      },
    };
  }

  /** What `pg` takes, and TypeORM has no option for. */
  get extra(): PoolConfig {
    const { types } = postgres();
    return {
      Client: clientClass(),
      stream: () => this.#socket(),
      onConnect: (client: PoolClient) => this.#prepare(client),
      types: {
        getTypeParser: (oid: number, format?: never) =>
          PARSED.has(oid) ? (types.getTypeParser(oid, format) as typeof asText) : asText,
      },
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      // Those that are idle are tested, and not closed.
      idleTimeoutMillis: 0,
    } as unknown as PoolConfig;
  }

  #keep(pool: Pg.Pool): void {
    this.use({ idle: () => pool.idleCount, try: () => this.#try(pool) });
  }

  #socket(): Socket {
    const socket = new Socket();
    // The pool may open one for a request that still waits in its queue.
    if (this.isClosed) socket.connect = () => socket.destroy(new Error('Connection terminated'));
    return this.add(socket);
  }

  async #try(pool: Pg.Pool): Promise<boolean> {
    const client = await pool.connect().catch(() => undefined);
    if (client === undefined) return false;
    // A lost connection is reported here, too, while nobody else has it.
    const ignore = (): void => undefined;
    client.on('error', ignore);
    const isWell = await within(
      PING_LIMIT_MS,
      client.query('SELECT 1').then(
        () => true,
        () => false,
      ),
      false,
    );
    if (!isWell) cutConnection(client as unknown as ServerConnection);
    client.release(!isWell);
    client.removeListener('error', ignore);
    return isWell;
  }

  async #prepare(client: PoolClient): Promise<void> {
    const session = this.sessions.readOnly ? `${SESSION}; ${READ_ONLY}` : SESSION;
    // By now the driver's own limit for connecting is over.
    const timer = setTimeout(() => cutConnection(client as unknown as ServerConnection), PING_LIMIT_MS);
    try {
      await client.query(session);
      await client.query(NOTICE_CUT).catch(() => undefined);
    } finally {
      clearTimeout(timer);
    }
  }
}
