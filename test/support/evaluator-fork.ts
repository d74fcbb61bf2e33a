import childProcess from 'node:child_process';
import type { ChildProcess, ForkOptions, Serializable } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { assertBuilt, builtFile } from './built.js';

const ROOM = 'providers/crm-http';
// What the process is made of, with the types that come with it.
assertBuilt(['evaluator', 'evaluator.child', 'expressions', 'xml'].map((part) => `${ROOM}/crm-http.${part}`));

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
  return new LentProcess(
    child ?? childProcess.fork(builtFile(`${ROOM}/crm-http.evaluator.child`), options),
  ) as unknown as ChildProcess;
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
