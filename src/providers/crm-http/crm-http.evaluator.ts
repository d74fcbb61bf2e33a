import type { ChildProcess } from 'node:child_process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { VipLookupError } from '../../plugin-api/index.js';
import type { Json } from '../../plugin-api/index.js';
import { forkEvaluator } from './crm-http.evaluator.fork.js';
import { stopped } from './crm-http.failures.js';
import { isNothing } from './crm-http.expressions.js';
import type { Shape } from './sync/page-shape.js';

/** What is asked of the process: to read an answer as JSON, and evaluate expressions on it in this order. */
export interface Question {
  readonly body: Uint8Array;
  readonly options: readonly string[];
  readonly bindings: Readonly<Record<string, unknown>>;
  /** Longest JSON text that an expression may yield. */
  readonly maxCharacters: number;
}

/** The reply: for each expression that yields something its JSON text, for a list in parts; or why there is none. */
export type Evaluated =
  | 'not JSON'
  | { readonly problem: string }
  | {
      readonly values: Readonly<Record<string, string | readonly string[]>>;
      /** For a page of a copy. */
      readonly content: Content | undefined;
    };

/** Results of expressions: option -> value, without those that yield nothing. */
export interface Yield {
  readonly values: Readonly<Record<string, Json>>;
  readonly content: Content | undefined;
}

/** Identifies a page. */
export interface Content {
  /** SHA-256 of the whole answer, base64url. */
  readonly digest: string;
  /** The same of the contacts alone; `undefined` if there are fewer than two. */
  readonly recordsDigest: string | undefined;
  /** Whether all lists in it are empty. */
  readonly isEmpty: boolean;
  readonly shape: Shape;
}

/**
 * For the answer to one lookup, whose own time usually ends first; then JSONata's limit, if it can be interrupted.
 * Time is counted in ticks of 100 ms, since a process that stood still is not what took long.
 */
export const LOOKUP_LIMITS = { maxTicks: 30, maxCharacters: 256 * 1_024 };

const TICK_MS = 100;
const MAX_STARTS = 3;
const MAX_START_TICKS = 100;
/** How long a job that nobody waits for any more may delay others. */
const GIVEN_UP_TICKS = 2;
/**
 * MB of memory for objects, and the addition for each further MiB of answer. In a thread, running out of memory in
 * one large allocation would end the whole process.
 */
const LEAST_HEAP = 64;
const HEAP_PER_MIB = 8;

export class NotJsonError extends VipLookupError {}

/** An expression fails on an answer, or reports that the answer is an error: asking again is useless. */
export class MappingError extends VipLookupError {}

interface Job {
  /** Absent for the first job of a process, to compile the expressions. */
  readonly question?: Question;
  readonly maxTicks: number;
  isWanted: boolean;
  readonly resolve: (reply: Evaluated) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Reads a CRM's answers and evaluates a provider's expressions on them, in a separate process: whatever the CRM
 * sends, and whatever an expression does with it, no call waits. One answer at a time. A process that takes too long
 * or too much memory is ended, which fails only that lookup, and another one starts. See
 * docs/adr/0032-answers-are-read-in-another-process.md.
 */
export class Evaluator {
  readonly #waiting: Job[] = [];
  #current: Job | undefined;
  #child: ChildProcess | undefined;
  /** In a row. */
  #failedStarts = 0;
  #opened = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  readonly #expressions: Readonly<Record<string, string>>;

  /**
   * @param expressions option -> text, if configured; if `errorPath` yields something, the lookup fails
   * @param maxResponseBytes size of the largest answer
   */
  constructor(
    expressions: Readonly<Record<string, string | null | undefined>>,
    readonly maxResponseBytes: number,
  ) {
    const configured = Object.entries(expressions).filter(([, text]) => text != null);
    this.#expressions = Object.fromEntries(configured) as Record<string, string>;
  }

  /** Starts the process, so that it is ready for the first answer. Resolves when it is ready or could not be started. */
  open(): Promise<void> {
    this.#begin();
    return this.#opened;
  }

  #begin(): void {
    if (this.#child !== undefined || this.#isClosed) return;
    const heap = LEAST_HEAP + HEAP_PER_MIB * (Math.ceil(this.maxResponseBytes / 2 ** 20) - 1);
    const child = forkEvaluator({
      execArgv: [`--max-old-space-size=${heap}`, '--max-semi-space-size=4'],
      env: {}, // it needs none of the secrets there
      serialization: 'advanced',
      // Its output on running out of memory is discarded; the failed lookup reports the reason.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    child.on('message', (reply: Evaluated) => {
      if (this.#child !== child) return;
      this.#finish()?.resolve(reply);
      this.#next();
      this.#keepAlive();
    });
    child.on('error', () => this.#lost(child, 'cannot be evaluated'));
    child.on('exit', (_, signal) => {
      const isOutOfMemory = signal === 'SIGABRT';
      this.#lost(child, isOutOfMemory ? 'needs too much memory' : 'ended', isOutOfMemory);
    });
    this.#child = child;
    this.#opened = new Promise((resolve) => {
      const begun = (): void => {
        this.#failedStarts = 0;
        resolve();
      };
      this.#run({ maxTicks: MAX_START_TICKS, isWanted: true, resolve: begun, reject: () => resolve() });
    });
    this.#keepAlive();
  }

  /**
   * The results of these options' expressions, without those that yield nothing or are not configured.
   * @param body the answer as received
   * @throws NotJsonError; MappingError if an expression fails or reports an error; VipLookupError when the signal aborts
   */
  async evaluate(
    body: Uint8Array,
    options: readonly string[],
    bindings: Question['bindings'],
    limits: typeof LOOKUP_LIMITS,
    signal: AbortSignal,
  ): Promise<Yield> {
    const configured = options.filter((option) => option in this.#expressions);
    const { maxCharacters, maxTicks } = limits;
    const question = { body, options: configured, bindings, maxCharacters };
    const evaluated = await this.#ask(question, maxTicks, signal);
    if (evaluated === 'not JSON') throw new NotJsonError('answer is not JSON');
    if ('problem' in evaluated) throw new MappingError(evaluated.problem);
    const values: Record<string, Json> = {};
    for (const [option, text] of Object.entries(evaluated.values)) values[option] = await readParts(text);
    if (!isNothing(values['errorPath'])) throw new MappingError('the answer reports an error (errorPath)');
    return { values, content: evaluated.content };
  }

  /** Ends the process; jobs in progress fail. */
  close(): void {
    this.#isClosed = true;
    for (const job of [this.#finish(), ...this.#waiting.splice(0)]) job?.reject(stopped());
    this.#child?.kill('SIGKILL');
  }

  #ask(question: Question, maxTicks: number, signal: AbortSignal): Promise<Evaluated> {
    if (signal.aborted || this.#isClosed) return Promise.reject(stopped());
    let giveUp!: () => void;
    const evaluated = new Promise<Evaluated>((resolve, reject) => {
      const job: Job = { question, maxTicks, isWanted: true, resolve, reject };
      giveUp = (): void => {
        job.isWanted = false;
        const place = this.#waiting.indexOf(job);
        if (place >= 0) this.#waiting.splice(place, 1);
        this.#keepAlive();
        reject(stopped());
      };
      this.#waiting.push(job);
    });
    signal.addEventListener('abort', giveUp);
    this.#begin();
    this.#next();
    this.#keepAlive();
    return evaluated.finally(() => signal.removeEventListener('abort', giveUp));
  }

  /** This process stays alive while the other one starts or works on an answer, but an idle one does not keep it alive. */
  #keepAlive(): void {
    const child = this.#child;
    const isNeeded = this.#current !== undefined || this.#waiting.length > 0;
    for (const part of [child, child?.channel]) {
      if (isNeeded) part?.ref();
      else part?.unref();
    }
  }

  #next(): void {
    if (this.#current !== undefined || this.#child === undefined) return;
    const job = this.#waiting.shift();
    if (job !== undefined) this.#run(job);
  }

  #run(job: Job): void {
    this.#current = job;
    const child = this.#child!;
    const { question, maxTicks } = job;
    // If the process could not be started, an error event follows.
    if (child.connected) child.send(question ?? { expressions: this.#expressions });
    const late = question ? `takes longer than ${(maxTicks * TICK_MS) / 1_000} s` : 'cannot be begun';
    let ticks = 0;
    this.#timer = setInterval(() => {
      if (++ticks < (job.isWanted ? maxTicks : GIVEN_UP_TICKS)) return;
      clearInterval(this.#timer);
      // Replies that have already arrived are read first, because this process may be late.
      setImmediate(() => {
        if (this.#current !== job) return;
        this.#lost(child, late, true);
        child.kill('SIGKILL');
      });
    }, TICK_MS).unref();
  }

  /** @returns the job that was in progress */
  #finish(): Job | undefined {
    clearInterval(this.#timer);
    const job = this.#current;
    this.#current = undefined;
    return job;
  }

  /** @param isAnswersFault another attempt would have the same result */
  #lost(child: ChildProcess, reason: string, isAnswersFault = false): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    const job = this.#finish();
    const asked = job?.question?.options;
    const message = `mapping: ${asked?.join(', ')} ${reason} on this answer`;
    job?.reject(isAnswersFault ? new MappingError(message) : new VipLookupError(message));
    // If a process cannot even start, a few more attempts are made, and then again with the next answer.
    if (asked !== undefined || (this.#waiting.length > 0 && ++this.#failedStarts < MAX_STARTS))
      return this.#begin();
    this.#failedStarts = 0;
    for (const waiting of this.#waiting.splice(0))
      waiting.reject(new VipLookupError(`mapping: record ${reason}`));
  }
}

/** Parts of a list are read one per turn of the event loop, so that a long list does not delay calls. */
async function readParts(text: string | readonly string[]): Promise<Json> {
  if (typeof text === 'string') return JSON.parse(text) as Json;
  const list: Json[] = [];
  for (const part of text) {
    for (const one of JSON.parse(part) as Json[]) list.push(one);
    await nextTurn();
  }
  return list;
}
