import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import type { Connection } from 'mysql2/promise';
import type { MariaDb } from '../support/mariadb.js';
import { DATABASE_ROWS, nameOf, numberOf } from './callers.js';

const READER = 'vip_reader';
const PASSWORD = 'reads-only';
const FEW_CONNECTIONS = 12;
const ENOUGH_CONNECTIONS = 151;
const MEGABYTE = 1_000_000;
/** The first file to grow beyond it is the table that is being filled, once the redo log is made as small as it may be. */
const SMALL_LOG = 16_777_216;

/** The customers' own MariaDB server with a table of VIPs, and what can go wrong with it. */
export class CustomersDatabase {
  #holder: Connection | undefined;
  #others: Connection[] = [];
  /** Something could not be written since the disk was filled. */
  isFull = false;
  #writer: Promise<void> | undefined;
  #pid = '';

  private constructor(
    readonly server: MariaDb,
    private readonly programs: string,
  ) {}

  static async start(): Promise<CustomersDatabase> {
    const programs = await mkdtemp(join(tmpdir(), 'smartrouting-faults-bin-'));
    // On a disk that is full a write fails; at a limit on file sizes it does so only where the signal is ignored.
    await writeFile(
      join(programs, 'mariadbd'),
      `#!/bin/sh\ntrap '' XFSZ\nPATH=\${PATH#*:}\nexec mariadbd "$@"\n`,
    );
    await chmod(join(programs, 'mariadbd'), 0o755);
    const path = process.env['PATH'] ?? '';
    process.env['PATH'] = `${programs}:${path}`;
    // The module reads PATH when it is loaded.
    const { startMariaDb } = await import('../support/mariadb.js');
    process.env['PATH'] = path;
    const database = new CustomersDatabase(await startMariaDb(), programs);
    await database.#fill();
    return database;
  }

  get url(): string {
    return `mysql://${READER}:${PASSWORD}@127.0.0.1:${this.server.port}/smartrouting`;
  }

  async #fill(): Promise<void> {
    const last = DATABASE_ROWS - 1;
    const digits = (text: string): string => `CONCAT('${text.slice(0, -7)}', LPAD(seq, 7, '0'))`;
    await this.server.sql(
      `CREATE TABLE customers (phone VARCHAR(20) PRIMARY KEY, tier VARCHAR(10) NOT NULL, full_name VARCHAR(40) NOT NULL);
       INSERT INTO customers SELECT ${digits(numberOf('database', 0))}, 'gold', ${digits(nameOf('database', 0))} FROM seq_0_to_${last};
       CREATE TABLE orders (data LONGBLOB);
       CREATE USER ${READER} IDENTIFIED BY '${PASSWORD}';
       GRANT SELECT ON smartrouting.* TO ${READER}`,
    );
  }

  async lockTable(): Promise<void> {
    this.#holder = await createConnection(this.server.url);
    await this.#holder.query('LOCK TABLES customers WRITE');
  }

  async unlockTable(): Promise<void> {
    await this.#holder?.end();
    this.#holder = undefined;
  }

  /** Other programs take every connection, and the service's own are cut. */
  async exhaustConnections(): Promise<void> {
    const admin = await createConnection(this.server.url);
    try {
      await admin.query(`SET GLOBAL max_connections = ${FEW_CONNECTIONS}`);
      for (let round = 0; round < 200; round++) {
        while (await this.#takeOne());
        const [mine] = await admin.query<never>(
          `SELECT id FROM information_schema.processlist WHERE user = '${READER}' AND id NOT IN (${this.#others.map(({ threadId }) => threadId).join(', ') || 0})`,
        );
        const ids = (mine as { id: number }[]).map(({ id }) => id);
        if (ids.length === 0) return;
        // One that has gone by itself is gone all the same.
        for (const id of ids) await admin.query(`KILL ${id}`).catch(() => undefined);
      }
      throw new Error('the service kept getting connections');
    } finally {
      await admin.end();
    }
  }

  async freeConnections(): Promise<void> {
    for (const other of this.#others.splice(0)) other.destroy();
    // The service may take what is free before the administrator does.
    for (let tries = 0; ; tries++) {
      try {
        await this.server.sql(`SET GLOBAL max_connections = ${ENOUGH_CONNECTIONS}`);
        return;
      } catch (error) {
        if ((error as { code?: string }).code !== 'ER_CON_COUNT_ERROR' || tries > 200) throw error;
        await sleep(20);
      }
    }
  }

  async #takeOne(): Promise<boolean> {
    try {
      this.#others.push(await createConnection(this.url));
      return true;
    } catch (error) {
      if ((error as { code?: string }).code === 'ER_CON_COUNT_ERROR') return false;
      throw error;
    }
  }

  /**
   * No file can grow any more, and another program keeps writing. MariaDB tries again for a few seconds, in which the writer
   * hangs, and then gives up and ends. The limit is on the size of files, which needs no rights and no file system.
   */
  async fillDisk(): Promise<void> {
    await this.server.sql(`SET GLOBAL innodb_log_file_size = ${SMALL_LOG}`);
    const [where] = await this.server.sql('SELECT @@pid_file AS pid, @@datadir AS folder');
    this.#pid = (await readFile(String(where!['pid']), 'utf8')).trim();
    await this.#limitFiles(await largestFile(String(where!['folder'])));
    this.isFull = false;
    this.#writer = this.#write();
    await sleep(400);
  }

  async emptyDisk(): Promise<void> {
    // It may have ended by itself.
    await this.#limitFiles('unlimited').catch(() => undefined);
    await this.#writer;
    const isAlive = await this.server.sql('DELETE FROM orders').then(
      () => true,
      () => false,
    );
    if (!isAlive) await this.server.restart();
  }

  async #write(): Promise<void> {
    for (let rows = 0; rows < 60; rows++) {
      try {
        await this.server.sql(`INSERT INTO orders VALUES (REPEAT('x', ${MEGABYTE}))`);
      } catch {
        this.isFull = true;
        return;
      }
    }
  }

  async #limitFiles(bytes: number | 'unlimited'): Promise<void> {
    await promisify(execFile)('prlimit', ['--pid', this.#pid, `--fsize=${bytes}:unlimited`]);
  }

  async stop(): Promise<void> {
    this.#holder?.destroy();
    for (const other of this.#others) other.destroy();
    await this.server.stop();
    await rm(this.programs, { recursive: true, force: true });
  }
}

async function largestFile(folder: string): Promise<number> {
  const names = await readdir(folder);
  return Math.max(...(await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size))));
}
