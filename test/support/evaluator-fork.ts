import childProcess from 'node:child_process';
import type { ChildProcess, ForkOptions, Serializable } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../', import.meta.url);
const BUILT = fileURLToPath(new URL('dist/providers/crm-http/crm-http.evaluator.child.js', ROOT));
/** What the process is made of, with the types that come with it. */
const PARTS = ['evaluator', 'evaluator.child', 'expressions', 'regex'];

/** So that nobody tests an old build by mistake. @throws when the sources have changed since */
function assertBuilt(): void {
  const builtMs = statSync(new URL('dist/.tsbuildinfo', ROOT), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const newer = PARTS.map((part) => `src/providers/crm-http/crm-http.${part}.ts`).find(
    (file) => statSync(new URL(file, ROOT)).mtimeMs > builtMs,
  );
  if (newer !== undefined) throw new Error(`${newer} is newer than dist; run npm run build first`);
}
assertBuilt();

const IDLE = Symbol.for('smartrouting-vip.idle-evaluators');
/** Processes that nobody asks anything now. Node's own module is the same for all test files of a worker. */
const idle = ((childProcess as { [IDLE]?: ChildProcess[] })[IDLE] ??= []);

/**
 * In place of `crm-http.evaluator.fork.ts` under Jest. Node alone loads no TypeScript, so the process runs what was built; and
 * since to begin one is most of what it costs, one that a test is done with serves the next.
 */
export function forkEvaluator(options: ForkOptions): ChildProcess {
  let child = idle.pop();
  while (child?.connected === false) child = idle.pop();
  return new LentProcess(child ?? childProcess.fork(BUILT, options)) as unknown as ChildProcess;
}

/** A process as long as somebody needs it. */
class LentProcess extends EventEmitter {
  readonly channel: { ref(): void; unref(): void };
  #isReady = false;
  #isAsked = false;

  constructor(private readonly child: ChildProcess) {
    super();
    this.channel = child.channel!;
    child.on('message', this.#heard).on('exit', this.#ended).on('error', this.#failed);
  }

  get connected(): boolean {
    return this.child.connected;
  }

  send(message: Serializable): boolean {
    this.#isAsked = this.#isReady;
    return this.child.send(message);
  }

  ref(): void {
    this.child.ref();
  }

  unref(): void {
    this.child.unref();
  }

  /** One that has nothing to do is used again. */
  kill(signal: NodeJS.Signals): boolean {
    if (this.#isAsked || !this.#isReady || !this.child.connected) return this.child.kill(signal);
    this.child.off('message', this.#heard).off('exit', this.#ended).off('error', this.#failed);
    this.child.unref();
    this.channel.unref();
    this.#isReady = false;
    idle.push(this.child);
    return true;
  }

  readonly #heard = (message: unknown): void => {
    if (message === 'ready') this.#isReady = true;
    else this.#isAsked = false;
    this.emit('message', message);
  };
  readonly #ended = (...args: unknown[]): void => void this.emit('exit', ...args);
  readonly #failed = (error: Error): void => void this.emit('error', error);
}
