import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { CertificateFiles } from './certificates.js';
import { fixedPorts } from './fixed-ports.js';
import type { Databases, MariaDb } from './mariadb.js';
import { folderOfRun } from './once-a-run.js';
import { PostgresProcess } from './postgres-server.js';

interface Wanted {
  /** The lines of `pg_hba.conf`, if not those that trust everybody. */
  readonly hba?: string;
  readonly tls?: CertificateFiles;
}

/** For suites that kill or freeze the server, or change how it works; others share one, with-postgres.ts. */
export async function startPostgres({ hba, tls }: Wanted = {}): Promise<MariaDb> {
  const [port] = (await fixedPorts(1)) as [number];
  const server = new PostgresProcess(await folderOfRun('postgres'), port);
  try {
    await server.install(hba, tls);
    await server.start();
    return {
      ...(await postgresDatabasesOn(port, 'smartrouting')),
      kill: () => server.kill(),
      restart: async () => {
        await server.kill();
        await server.start();
      },
      freeze: () => server.freeze(),
      thaw: () => server.thaw(),
      stop: () => server.end(),
    };
  } catch (error) {
    await server.end();
    throw error;
  }
}

const newName = (): string => `test_${randomBytes(6).toString('hex')}`;

/** @param own the name of the suite's own database */
export async function postgresDatabasesOn(port: number, own = newName()): Promise<Databases> {
  const urlOf = (database: string): string => `postgres://root@127.0.0.1:${port}/${database}`;
  const sql = async (text: string, on: string): Promise<Record<string, unknown>[]> => {
    const client = new pg.Client(on);
    await client.connect();
    try {
      const results = (await client.query(text)) as pg.QueryResult | pg.QueryResult[];
      return (Array.isArray(results) ? results.at(-1)! : results).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  };
  const createDatabase = async (name = newName()): Promise<string> => {
    await sql(`CREATE DATABASE ${name}`, urlOf('postgres'));
    return urlOf(name);
  };
  const url = await createDatabase(own);
  return {
    port,
    url,
    createDatabase: () => createDatabase(),
    createUser: async (rights, on = url) => {
      const user = newName();
      await sql(
        `CREATE USER ${user} PASSWORD 'sesame'; GRANT ${rights} ON ALL TABLES IN SCHEMA public TO ${user}`,
        on,
      );
      return on.replace('root@', `${user}:sesame@`);
    },
    sql: (text, on = url) => sql(text, on),
  };
}
