import { beforeAll } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fixedPorts } from './fixed-ports.js';
import { databasesOn } from './mariadb.js';
import type { Databases } from './mariadb.js';
import { ServerProcess } from './mariadb-server.js';
import { onceARun } from './once-a-run.js';

/**
 * The server that the suites of a run share, with databases of this suite's own. Starts with the first suite that needs it.
 * Nothing may be changed that others would notice: no `SET GLOBAL`, no users but those of `createUser`.
 */
export function withMariaDb(): Databases {
  return whenReady(async () => databasesOn(await sharedPort()));
}

/** Databases that are made before the suite's first test. */
export function whenReady(make: () => Promise<Databases>): Databases {
  let databases: Databases | undefined;
  beforeAll(async () => {
    databases = await make();
  });
  const ready = (): Databases => {
    if (databases === undefined) throw new Error('the database is there from the first beforeAll on');
    return databases;
  };
  return {
    get port() {
      return ready().port;
    },
    get url() {
      return ready().url;
    },
    createDatabase: () => ready().createDatabase(),
    createUser: (rights, url) => ready().createUser(rights, url),
    sql: (text, url) => ready().sql(text, url),
  };
}

async function sharedPort(): Promise<number> {
  const folder = await onceARun('mariadb', async (path) => {
    const [port] = (await fixedPorts(1)) as [number];
    const server = new ServerProcess(path, port);
    await server.install();
    await server.startForRun();
    await writeFile(join(path, 'port'), String(port));
  });
  return Number(await readFile(join(folder, 'port'), 'utf8'));
}
