// One process under test: started on a core of its own, its log in a file that is emptied after each round.
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, truncateSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from './ask.mjs';
import { folder, spawnOn } from './children.mjs';

/** Loading a long list holds a process up, and its first calls may be shed; a start is not what is measured. */
const SETTLE_MS = 300;
let count = 0;

export class Subject {
  #child;

  /** @param config `{ name, script, nodeArgs?, env, cores, startMs? }` */
  static async start({ name, script, nodeArgs = [], env, cores, startMs = 30_000 }) {
    const subject = new Subject();
    subject.name = name;
    subject.port = await freePort();
    subject.url = `http://127.0.0.1:${subject.port}`;
    const own = join(folder, `subject-${++count}`);
    mkdirSync(own);
    subject.logFile = join(own, 'log');
    const log = openSync(subject.logFile, 'a');
    subject.#child = spawnOn(cores, process.execPath, [...nodeArgs, script], {
      cwd: own,
      env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env, PORT: String(subject.port) },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    await subject.#ready(startMs);
    return subject;
  }

  async #ready(startMs) {
    const deadline = Date.now() + startMs;
    for (;;) {
      if (this.#child.exitCode !== null || Date.now() > deadline) {
        throw new Error(`${this.name} did not start:\n${this.log.slice(0, 4_000)}`);
      }
      const status = await ask(`${this.url}/health/ready`).then(
        (answer) => answer.status,
        () => 503,
      );
      if (status !== 503) return sleep(SETTLE_MS);
      await sleep(50);
    }
  }

  get pid() {
    return this.#child.pid;
  }

  /** True once it was seen to log decisions; then every decision must be logged. */
  logsDecisions = false;

  get log() {
    return readFileSync(this.logFile, 'utf8');
  }

  clearLog() {
    truncateSync(this.logFile);
  }

  /**
   * Seconds of processor time since the start, of all threads, with that of processes which it has begun. By the
   * scheduler's nanoseconds: the ticks in `stat` go to whoever runs at a tick, which is chance where two processes
   * take turns several times for each call.
   */
  cpuSeconds() {
    const begun = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8').match(/\d+/g) ?? [];
    const nanoseconds = [this.pid, ...begun].flatMap((pid) =>
      readdirSync(`/proc/${pid}/task`).map((thread) =>
        Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
      ),
    );
    return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e9;
  }

  /** Resident set, bytes. */
  residentBytes() {
    return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))[1]);
  }

  signal(signal) {
    this.#child.kill(signal);
  }

  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
