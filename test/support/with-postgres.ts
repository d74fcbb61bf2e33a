import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fixedPorts } from './fixed-ports.js';
import type { Databases } from './mariadb.js';
import { onceARun } from './once-a-run.js';
import { PostgresProcess } from './postgres-server.js';
import { postgresDatabasesOn } from './postgres.js';
import { whenReady } from './with-mariadb.js';

/** As `withMariaDb`, for PostgreSQL. Nothing may be changed that others would notice. */
export function withPostgres(): Databases {
  return whenReady(async () => postgresDatabasesOn(await sharedPort()));
}

async function sharedPort(): Promise<number> {
  const folder = await onceARun('postgres', async (path) => {
    const [port] = (await fixedPorts(1)) as [number];
    const server = new PostgresProcess(path, port);
    await server.install();
    await server.startForRun();
    await writeFile(join(path, 'port'), String(port));
  });
  return Number(await readFile(join(folder, 'port'), 'utf8'));
}
