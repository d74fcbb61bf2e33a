import { randomBytes } from 'node:crypto';
import { createConnection } from 'mysql2/promise';
import { fixedPorts } from './fixed-ports.js';
import { ServerProcess } from './mariadb-server.js';
import { folderOfRun } from './once-a-run.js';

/** Databases on a MariaDB server. */
export interface Databases {
  readonly port: number;
  /** The suite's own database, empty at first, for a user who may do anything. */
  readonly url: string;
  /** `url` of another database on the same server, made on the spot. */
  createDatabase(): Promise<string>;
  /** @returns the URL of the same database for a new user who has these rights on it and no others: `SELECT, INSERT` */
  createUser(rights: string, url?: string): Promise<string>;
  /** Runs statements as the user who may do anything. @returns the rows of the last statement */
  sql(text: string, url?: string): Promise<Record<string, unknown>[]>;
}

/** A MariaDB server of the test's own: a port of 127.0.0.1, its data in a temporary folder. */
export interface MariaDb extends Databases {
  /** Kills the process without warning, as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data. */
  restart(): Promise<void>;
  /** Stops the process in its tracks: connections stay open, nothing answers. */
  freeze(): void;
  thaw(): void;
  /** Ends the server and removes its data. */
  stop(): Promise<void>;
}

/**
 * For suites that kill or freeze the server, or change how it works; others share one, with-mariadb.ts.
 * @param more options of the server
 */
export async function startMariaDb(more: readonly string[] = []): Promise<MariaDb> {
  const [port] = (await fixedPorts(1)) as [number];
  const server = new ServerProcess(await folderOfRun('mariadb'), port, more);
  try {
    await server.install();
    await server.start();
    const databases = await databasesOn(port, 'smartrouting');
    return {
      ...databases,
      kill: () => server.kill(),
      restart: async () => {
        await server.kill();
        await server.start();
      },
      freeze: () => server.freeze(),
      thaw: () => server.signal('SIGCONT'),
      stop: () => server.end(),
    };
  } catch (error) {
    await server.end();
    throw error;
  }
}

const newName = (): string => `test_${randomBytes(6).toString('hex')}`;

/** @param own the name of the suite's own database */
export async function databasesOn(port: number, own = newName()): Promise<Databases> {
  const urlOf = (database: string): string => `mysql://root@127.0.0.1:${port}/${database}`;
  const sql = async (text: string, on: string): Promise<Record<string, unknown>[]> => {
    const connection = await createConnection({ uri: on, multipleStatements: true });
    try {
      const [results] = await connection.query<never>(text);
      const list: unknown[] = Array.isArray(results) ? results : [];
      return (Array.isArray(list.at(-1)) ? list.at(-1) : list) as Record<string, unknown>[];
    } finally {
      await connection.end();
    }
  };
  const createDatabase = async (name = newName()): Promise<string> => {
    await sql(`CREATE DATABASE ${name}`, urlOf('mysql'));
    return urlOf(name);
  };
  const url = await createDatabase(own);
  return {
    port,
    url,
    createDatabase: () => createDatabase(),
    createUser: async (rights, on = url) => {
      const user = newName();
      const database = new URL(on).pathname.slice(1);
      await sql(
        `CREATE USER ${user}@127.0.0.1 IDENTIFIED BY 'sesame'; GRANT ${rights} ON ${database}.* TO ${user}@127.0.0.1`,
        on,
      );
      return on.replace('root@', `${user}:sesame@`);
    },
    sql: (text, on = url) => sql(text, on),
  };
}
