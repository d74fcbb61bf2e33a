import type { ChildProcess } from 'node:child_process';
import { VipLookupError } from '../../plugin-api/index.js';
import type { Json } from '../../plugin-api/index.js';
import { forkEvaluator } from './crm-http.evaluator.fork.js';
import { stopped } from './crm-http.failures.js';
import { isNothing } from './crm-http.expressions.js';
import type { CrmHttpOptions } from './crm-http.options.js';
import { SYNC_DEFAULTS } from './sync/sync.options.js';

/** What the process is told first: option -> text. */
export interface Expressions {
  readonly expressions: Readonly<Record<string, string>>;
}

/** What is asked of it: to read an answer as JSON, and evaluate expressions on it in this order. */
export interface Question {
  readonly body: Uint8Array;
  readonly options: readonly string[];
  readonly bindings: Readonly<Record<string, unknown>>;
  /** Longest JSON text that an expression may yield. */
  readonly maxCharacters: number;
}

/** What it says: for each expression that yields something its JSON text, or why there is none. */
export type Evaluated =
  | { readonly isJson: false }
  | { readonly isJson: true; readonly problem: string }
  | {
      readonly isJson: true;
      readonly values: Readonly<Record<string, string>>;
      readonly content: Content;
      readonly problem?: undefined;
    };

/** What tells one answer from another. */
export interface Content {
  /** SHA-256, base64url. */
  readonly digest: string;
  /** Whether no list in it holds anything. */
  readonly isEmpty: boolean;
}

/** How much one answer may take. */
export interface EvaluationLimits {
  /** In ticks of 100 ms, since a process that stood still is not what took long. */
  readonly maxTicks: number;
  /** Longest JSON text that an expression may yield. */
  readonly maxCharacters: number;
}

/** For one page of a copy, whatever size of answer is configured. */
export const PAGE_EVALUATION: EvaluationLimits = { maxTicks: 120, maxCharacters: Infinity };
/** For the answer to one lookup. An expression's own time limit comes first, where it can be interrupted. */
export const LOOKUP_LIMITS: EvaluationLimits = { maxTicks: 10, maxCharacters: 256 * 1_024 };

const TICK_MS = 100;
const MAX_STARTS = 3;
/**
 * MB of memory for objects: far more than an answer needs. In a thread of this process, running out of it would end the process
 * itself where one allocation is large.
 */
const HEAP = ['--max-old-space-size=64', '--max-semi-space-size=4'];

/** An answer of the CRM is no JSON. */
export class NotJsonError extends VipLookupError {}

/** An expression makes nothing of an answer, or tells that the answer is an error: asking again is of no use. */
export class MappingError extends VipLookupError {}

/** Where expressions stand in the options of a provider. */
type ExpressionOptions = Pick<CrmHttpOptions, 'record' | 'errorPath' | 'limitReached' | 'sync'>;

interface Job {
  readonly question: Question;
  readonly limits: EvaluationLimits;
  readonly resolve: (evaluated: Evaluated) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Reads a CRM's answers and evaluates a provider's expressions on them, in a process of its own: whatever the CRM sends, and
 * whatever an expression makes of it, no call waits for it. One answer at a time. A process that takes too long or too much memory
 * is ended, which fails that lookup only, and another begins. See docs/adr/0032-answers-are-read-in-another-process.md.
 */
export class Evaluator {
  readonly #waiting: Job[] = [];
  #current: Job | undefined;
  #child: ChildProcess | undefined;
  #isReady = false;
  /** In a row. */
  #failedStarts = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  readonly #expressions: Readonly<Record<string, string>>;

  /** @param options whose expressions are evaluated; `errorPath`, where it yields something, is a failure */
  constructor({ record, errorPath, limitReached, sync }: ExpressionOptions) {
    const all = {
      record,
      errorPath,
      limitReached,
      ...(sync != null && {
        'sync.records': sync.records,
        'sync.next': sync.next,
        'sync.deleted': sync.deleted,
        'sync.cursor': sync.cursor ?? SYNC_DEFAULTS.cursor,
      }),
    };
    this.#expressions = Object.fromEntries(Object.entries(all).filter(([, text]) => text != null)) as Record<
      string,
      string
    >;
  }

  /** Begins the process, so that the first answer finds it ready. */
  open(): void {
    if (this.#child !== undefined || this.#isClosed) return;
    const child = forkEvaluator({
      execArgv: HEAP,
      env: {}, // it needs none of the secrets there
      serialization: 'advanced',
      // What it says when it runs out of memory is said in the failure of the lookup.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    child.on('message', (message: Evaluated | 'ready') => {
      if (this.#child !== child) return;
      if (message === 'ready') this.#begun();
      else this.#finish()?.resolve(message);
      this.#next();
      this.#keepAlive();
    });
    child.on('error', () => this.#lost(child, 'cannot be evaluated'));
    child.on('exit', (_, signal) =>
      this.#lost(child, signal === 'SIGABRT' ? 'needs too much memory' : 'ended'),
    );
    this.#child = child;
    this.#isReady = false;
    child.send({ expressions: this.#expressions } satisfies Expressions);
    this.#keepAlive();
  }

  /**
   * What the expressions of these options yield, those left out that yield nothing or are not configured.
   * @param body the answer as it came
   * @throws NotJsonError; MappingError when an expression fails, or an error is reported; VipLookupError when the signal aborts
   */
  async evaluate(
    body: Uint8Array,
    options: readonly string[],
    bindings: Question['bindings'],
    limits: EvaluationLimits,
    signal: AbortSignal,
  ): Promise<{ values: Record<string, Json>; content: Content }> {
    const configured = options.filter((option) => option in this.#expressions);
    const { maxCharacters } = limits;
    const evaluated = await this.#ask({ body, options: configured, bindings, maxCharacters }, limits, signal);
    if (!evaluated.isJson) throw new NotJsonError('answer is not JSON');
    if (evaluated.problem !== undefined) throw new MappingError(evaluated.problem);
    const read = Object.entries(evaluated.values).map(([option, text]) => [option, JSON.parse(text) as Json]);
    const values = Object.fromEntries(read) as Record<string, Json>;
    if (!isNothing(values['errorPath'])) throw new MappingError('the answer reports an error (errorPath)');
    return { values, content: evaluated.content };
  }

  /** Ends the process; what is under way fails. */
  close(): void {
    this.#isClosed = true;
    for (const job of [this.#finish(), ...this.#waiting.splice(0)]) job?.reject(stopped());
    this.#child?.kill('SIGKILL');
  }

  #ask(question: Question, limits: EvaluationLimits, signal: AbortSignal): Promise<Evaluated> {
    if (signal.aborted || this.#isClosed) return Promise.reject(stopped());
    let giveUp!: () => void;
    const evaluated = new Promise<Evaluated>((resolve, reject) => {
      const job: Job = { question, limits, resolve, reject };
      giveUp = (): void => {
        const place = this.#waiting.indexOf(job);
        if (place >= 0) this.#waiting.splice(place, 1);
        this.#keepAlive();
        reject(stopped());
      };
      this.#waiting.push(job);
    });
    signal.addEventListener('abort', giveUp);
    this.open();
    this.#next();
    this.#keepAlive();
    return evaluated.finally(() => signal.removeEventListener('abort', giveUp));
  }

  #begun(): void {
    this.#isReady = true;
    this.#failedStarts = 0;
  }

  /** This process does not end while an answer is waited for, and is not held by a process that has nothing to do. */
  #keepAlive(): void {
    const child = this.#child;
    const isNeeded = this.#current !== undefined || this.#waiting.length > 0;
    for (const part of [child, child?.channel]) {
      if (isNeeded) part?.ref();
      else part?.unref();
    }
  }

  #next(): void {
    if (this.#current !== undefined || !this.#isReady) return;
    const job = this.#waiting.shift();
    if (job === undefined) return;
    this.#current = job;
    const { question, limits } = job;
    this.#child!.send(question);
    let ticks = 0;
    this.#timer = setInterval(() => {
      // What has come by now, late as this process may be, is read first.
      if (++ticks === limits.maxTicks) setImmediate(() => this.#current === job && this.#end(limits));
    }, TICK_MS);
  }

  /** @returns what was under way */
  #finish(): Job | undefined {
    clearInterval(this.#timer);
    const job = this.#current;
    this.#current = undefined;
    return job;
  }

  #end({ maxTicks }: EvaluationLimits): void {
    const child = this.#child!;
    this.#lost(child, `takes longer than ${(maxTicks * TICK_MS) / 1_000} s`);
    child.kill('SIGKILL');
  }

  #lost(child: ChildProcess, reason: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    this.#isReady = false;
    const job = this.#finish();
    job?.reject(new MappingError(`mapping: ${job.question.options.join(', ')} ${reason} on this answer`));
    // One that cannot even begin is tried a few times more, and then with the next answer.
    if (job !== undefined || (this.#waiting.length > 0 && ++this.#failedStarts < MAX_STARTS))
      return this.open();
    this.#failedStarts = 0;
    for (const waiting of this.#waiting.splice(0))
      waiting.reject(new VipLookupError(`mapping: record ${reason}`));
  }
}
