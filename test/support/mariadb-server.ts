import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { eventually } from './eventually.js';
import { onceARun } from './once-a-run.js';

const STOPPED_MS = 50;
const OUTPUT_LENGTH = 4_000;
const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/usr/local/sbin:/usr/libexec` };
const run = promisify(execFile);

/** Small files, and no wait for the disk: a test kills processes and never cuts the power. */
const STORAGE = [
  '--innodb-log-file-size=16M',
  '--innodb-buffer-pool-size=32M',
  '--innodb-flush-log-at-trx-commit=2',
  '--innodb-doublewrite=0',
  '--loose-innodb-flush-method=nosync',
  '--loose-debug-no-sync',
  '--innodb-buffer-pool-load-at-startup=0',
  '--innodb-buffer-pool-dump-at-shutdown=0',
];

/** The data of a server that has never been used. */
function template(): Promise<string> {
  return onceARun('mariadb-template', async (folder) => {
    await run(
      'mariadb-install-db',
      [
        '--no-defaults',
        `--datadir=${join(folder, 'data')}`,
        `--user=${userInfo().username}`,
        ...STORAGE,
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
        '--skip-name-resolve',
      ],
      // A server that starts clears other servers' temporary tables out of a folder that they share.
      { env: { ...env, TMPDIR: folder } },
    );
  });
}

/** A `mariadbd` on 127.0.0.1 with its data in a folder. */
export class ServerProcess {
  #child: ChildProcess | undefined;
  /** A test run that dies must not leave a server behind. */
  readonly #onExit = (): void => this.signal('SIGKILL');

  constructor(
    private readonly folder: string,
    private readonly port: number,
    private readonly more: readonly string[] = [],
    private readonly user = userInfo().username,
    private readonly programs = this.folder,
  ) {}

  /** Gives it the data of a new server. */
  async install(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    await cp(join(await template(), 'data'), join(this.folder, 'data'), { recursive: true });
  }

  /** @param more options for this time only @returns once it answers */
  async start(more: readonly string[] = []): Promise<void> {
    this.#run(false, more);
    process.once('exit', this.#onExit);
    await this.#untilUp();
  }

  /** Starts one that outlives this process, and ends with the run. */
  async startForRun(): Promise<void> {
    this.#run(true, []);
    await this.#untilUp();
  }

  #run(forRun: boolean, more: readonly string[]): void {
    const output = openSync(join(this.folder, 'output'), 'w');
    const child = spawn(
      'mariadbd',
      [
        '--no-defaults',
        `--user=${this.user}`,
        `--datadir=${join(this.folder, 'data')}`,
        `--tmpdir=${this.folder}`,
        `--socket=${join(this.folder, 'socket')}`,
        `--pid-file=${join(this.folder, 'mariadbd.pid')}`,
        '--bind-address=127.0.0.1',
        `--port=${this.port}`,
        '--skip-name-resolve',
        ...STORAGE,
        ...this.more,
        ...more,
      ],
      {
        env: { ...env, PATH: `${env.PATH}:${this.programs}` },
        detached: forRun,
        stdio: ['ignore', 'ignore', output],
      },
    );
    closeSync(output);
    child.once('error', () => undefined);
    // For whoever cleans up after the run: what the server writes itself comes late.
    if (child.pid !== undefined) writeFileSync(join(this.folder, 'pid'), String(child.pid));
    if (forRun) child.unref();
    this.#child = child;
  }

  async #untilUp(): Promise<void> {
    const isUp = await eventually(
      async () => (await this.#answers()) || (isRunning(this.#child) ? false : 'ended'),
    );
    if (isUp !== 'ended') return;
    const output = await readFile(join(this.folder, 'output'), 'utf8');
    throw new Error(`mariadbd did not start:\n${output.slice(-OUTPUT_LENGTH)}`);
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
    process.removeListener('exit', this.#onExit);
    if (!isRunning(child)) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  async end(): Promise<void> {
    await this.kill();
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

function isRunning(child: ChildProcess | undefined): child is ChildProcess {
  return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
}
