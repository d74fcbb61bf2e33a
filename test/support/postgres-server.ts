import { execFile, execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { appendFile, chmod, cp, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import type { CertificateFiles } from './certificates.js';
import { eventually } from './eventually.js';
import { onceARun } from './once-a-run.js';

const STOPPED_MS = 50;
const OUTPUT_LENGTH = 4_000;
const DEBIAN = '/usr/lib/postgresql';
const run = promisify(execFile);

/** Debian keeps the server's programs of each version in a folder of its own. */
function program(name: string): string {
  const newest = readdirSync(DEBIAN)
    .filter((version) => /^\d+$/.test(version))
    .sort((a, b) => Number(b) - Number(a))[0];
  if (newest === undefined) throw new Error(`no version of PostgreSQL in ${DEBIAN}`);
  return join(DEBIAN, newest, 'bin', name);
}

/** The server refuses to run as root; the package has made a user for it. */
function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

async function giveAway(path: string): Promise<void> {
  const user = serverUser();
  if (user !== undefined) await run('chown', ['-R', `${user.uid}:${user.gid}`, path]);
}

/** Small, and no wait for the disk: a test kills processes and never cuts the power. */
const SETTINGS = ['fsync=off', 'full_page_writes=off', 'shared_buffers=32MB', 'max_wal_size=64MB'];

/** The data of a server that has never been used; its user `root` may do anything, with any password. */
function template(): Promise<string> {
  return onceARun('postgres-template', async (folder) => {
    await giveAway(folder);
    const data = join(folder, 'data');
    await run(
      program('initdb'),
      ['-D', data, '-U', 'root', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'],
      { ...serverUser(), cwd: folder },
    );
  });
}

/** A `postgres` on 127.0.0.1 with its data in a folder. */
export class PostgresProcess {
  #child: ChildProcess | undefined;
  /** A test run that dies must not leave a server behind. */
  readonly #onExit = (): void => this.signal('SIGQUIT');

  constructor(
    private readonly folder: string,
    private readonly port: number,
  ) {}

  /** Gives it the data of a new server. @param hba the lines of `pg_hba.conf`, if not those that trust everybody */
  async install(hba?: string, tls?: CertificateFiles): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    await cp(join(await template(), 'data'), this.#data, { recursive: true });
    if (hba !== undefined) writeFileSync(join(this.#data, 'pg_hba.conf'), hba);
    if (tls !== undefined) {
      await cp(tls.cert, join(this.#data, 'server.crt'));
      await cp(tls.key, join(this.#data, 'server.key'));
      await chmod(join(this.#data, 'server.key'), 0o600);
      await appendFile(join(this.#data, 'postgresql.conf'), 'ssl = on\n');
    }
    await chmod(this.#data, 0o700);
    await giveAway(this.folder);
  }

  get #data(): string {
    return join(this.folder, 'data');
  }

  /** @param settings as `name=value` @returns once it answers */
  async start(settings: readonly string[] = []): Promise<void> {
    this.#run(false, settings);
    process.once('exit', this.#onExit);
    await this.#untilUp();
  }

  /** Starts one that outlives this process, and ends with the run. */
  async startForRun(): Promise<void> {
    this.#run(true, []);
    await this.#untilUp();
  }

  #run(forRun: boolean, settings: readonly string[]): void {
    const output = openSync(join(this.folder, 'output'), 'w');
    const child = spawn(
      program('postgres'),
      [
        ...['-D', this.#data, '-h', '127.0.0.1', '-p', String(this.port), '-k', this.folder],
        ...[...SETTINGS, ...settings].flatMap((setting) => ['-c', setting]),
      ],
      { ...serverUser(), cwd: this.folder, detached: forRun, stdio: ['ignore', 'ignore', output] },
    );
    closeSync(output);
    child.once('error', () => undefined);
    // For whoever cleans up after the run.
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
    throw new Error(`postgres did not start:\n${output.slice(-OUTPUT_LENGTH)}`);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Stops the processes that have connections, and the one that takes new ones. */
  freeze(): void {
    for (const pid of this.#pids()) process.kill(pid, 'SIGSTOP');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STOPPED_MS);
  }

  thaw(): void {
    for (const pid of this.#pids()) process.kill(pid, 'SIGCONT');
  }

  #pids(): number[] {
    const parent = this.#child?.pid;
    if (parent === undefined) return [];
    const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8');
    return [parent, ...children.split(' ').filter(Boolean).map(Number)];
  }

  /** Ends it at once, without the farewell that clients get from an orderly stop. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    process.removeListener('exit', this.#onExit);
    if (!isRunning(child)) return;
    const exited = once(child, 'exit');
    // On SIGKILL its processes would live on, and keep the shared memory.
    child.kill('SIGQUIT');
    await exited;
  }

  async end(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #answers(): Promise<boolean> {
    const client = new pg.Client({ host: '127.0.0.1', port: this.port, user: 'root', database: 'postgres' });
    try {
      await client.connect();
      await client.end();
      return true;
    } catch (error) {
      const { code = '' } = error as { code?: string };
      // 57P03: it is starting; 28: it answers, and does not let this user in.
      if (/^28/.test(code)) return true;
      if (/^ECONN|^57P03$/.test(code) || code === '') return false;
      throw error;
    }
  }
}

function isRunning(child: ChildProcess | undefined): child is ChildProcess {
  return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
}
