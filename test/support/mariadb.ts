import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { freePort } from './ports.js';

/** A MariaDB server of the test's own: a free port on 127.0.0.1, its data in a temporary folder. */
export interface MariaDb {
  /** The empty database `smartrouting`, for a user who may do anything. */
  readonly url: string;
  readonly port: number;
  /** `url` of another database on the same server, made on the spot. */
  createDatabase(): Promise<string>;
  /** Runs statements as the user who may do anything. @returns the rows of the last statement */
  sql(text: string, url?: string): Promise<Record<string, unknown>[]>;
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

const START_MS = 60_000;
const STOPPED_MS = 50;
const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/usr/local/sbin:/usr/libexec` };

export async function startMariaDb(): Promise<MariaDb> {
  const folder = await mkdtemp(join(tmpdir(), 'smartrouting-mariadb-'));
  const port = await freePort();
  const server = new ServerProcess(folder, port);
  const urlOf = (database: string): string => `mysql://root@127.0.0.1:${port}/${database}`;
  const url = urlOf('smartrouting');
  let databases = 0;

  const sql = async (text: string, on = url): Promise<Record<string, unknown>[]> => {
    const connection = await createConnection({ uri: on, multipleStatements: true });
    try {
      const [results] = await connection.query<never>(text);
      const list: unknown[] = Array.isArray(results) ? results : [];
      return (Array.isArray(list.at(-1)) ? list.at(-1) : list) as Record<string, unknown>[];
    } finally {
      await connection.end();
    }
  };
  try {
    await server.install();
    await server.start();
    await sql('CREATE DATABASE smartrouting', urlOf('mysql'));
  } catch (error) {
    await server.end();
    throw error;
  }
  return {
    url,
    port,
    sql,
    createDatabase: async () => {
      const name = `database_${++databases}`;
      await sql(`CREATE DATABASE ${name}`);
      return urlOf(name);
    },
    kill: () => server.kill(),
    restart: async () => {
      await server.kill();
      await server.start();
    },
    freeze: () => server.freeze(),
    thaw: () => server.signal('SIGCONT'),
    stop: () => server.end(),
  };
}

/** A `mariadbd` with its data in a folder. */
export class ServerProcess {
  #child: ChildProcess | undefined;
  #output = '';
  /** A test run that dies must not leave a server behind. */
  readonly #onExit = (): void => this.signal('SIGKILL');

  constructor(
    private readonly folder: string,
    private readonly port: number,
    private readonly more: readonly string[] = [],
    private readonly user = userInfo().username,
  ) {
    process.once('exit', this.#onExit);
  }

  async install(): Promise<void> {
    await promisify(execFile)(
      'mariadb-install-db',
      [
        '--no-defaults',
        `--datadir=${join(this.folder, 'data')}`,
        `--user=${this.user}`,
        ...this.more.filter((option) => option.startsWith('--innodb-')),
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
        '--skip-name-resolve',
      ],
      // A server that starts clears other servers' temporary tables out of a folder that they share.
      { env: { ...env, TMPDIR: this.folder } },
    );
  }

  async start(): Promise<void> {
    this.#output = '';
    const child = spawn(
      'mariadbd',
      [
        '--no-defaults',
        `--user=${this.user}`,
        `--datadir=${join(this.folder, 'data')}`,
        `--tmpdir=${this.folder}`,
        `--socket=${join(this.folder, 'socket')}`,
        `--pid-file=${join(this.folder, 'pid')}`,
        '--bind-address=127.0.0.1',
        `--port=${this.port}`,
        '--skip-name-resolve',
        '--innodb-buffer-pool-size=32M',
        '--innodb-flush-log-at-trx-commit=2',
        '--innodb-doublewrite=0',
        ...this.more,
      ],
      { env, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#child = child;
    child.stderr.on(
      'data',
      (chunk: Buffer) => (this.#output = (this.#output + chunk.toString()).slice(-4_000)),
    );
    const deadline = Date.now() + START_MS;
    while (!(await this.#answers())) {
      if (child.exitCode !== null || Date.now() > deadline)
        throw new Error(`mariadbd did not start:\n${this.#output}`);
      await sleep(30);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  freeze(): void {
    this.signal('SIGSTOP');
    // Its threads stop one after the other; one that is still running could answer.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STOPPED_MS);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  async end(): Promise<void> {
    await this.kill();
    process.removeListener('exit', this.#onExit);
    await rm(this.folder, { recursive: true, force: true });
  }

  async #answers(): Promise<boolean> {
    try {
      const connection = await createConnection({ host: '127.0.0.1', port: this.port, user: 'root' });
      await connection.end();
      return true;
    } catch (error) {
      if (/^(?:ECONN|PROTOCOL_)/.test((error as { code?: string }).code ?? '')) return false;
      throw error;
    }
  }
}
