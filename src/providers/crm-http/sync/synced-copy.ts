import { backoffMs, VipFileError, VipLookupError, withAnySignal } from '../../../plugin-api/index.js';
import type {
  Caller,
  ExclusiveRight,
  ProviderContext,
  ProviderStatus,
  SyncOptions,
  SyncReport,
  VipRecord,
} from '../../../plugin-api/index.js';
import { messageOf } from '../crm-http.failures.js';
import { copyStatus } from './copy-health.js';
import { CopyStore } from './copy-store.js';
import { LoadedCopy } from './copy-index.js';
import type { CopyIndex } from './copy-index.js';
import type { CopyState, PullAttempt } from './copy-store.js';
import { Puller, refuseShrink, ShrinkError } from './puller.js';
import type { PullSource } from './puller.js';

export interface CopySettings {
  readonly everyMs: number;
  readonly fullEveryMs: number;
  /** Part of the contacts that may be missing after a pull. */
  readonly maxShrink: number;
  /** How often other instances' pulls are looked for, in ms. */
  readonly pollMs: number;
}

type Context = Pick<ProviderContext, 'name' | 'state' | 'logger'>;

/** After the first failure, and twice as long after each further one, up to `everyMs`. */
const RETRY_MS = 60_000;
/** Several instances must not ask for the right to pull at the same moment. */
const MAX_JITTER_MS = 30_000;

/** A CRM's VIPs, pulled ahead of the calls and shared by all instances. Calls are decided from memory. */
export class SyncedCopy {
  readonly #store: CopyStore;
  readonly #puller: Puller;
  readonly #loaded: LoadedCopy;
  readonly #closing = new AbortController();
  #trouble: string | undefined = 'it is being loaded';
  /** Generation of which a part is gone: only a full pull helps. */
  #lost: string | undefined;
  /** Whether another source, or a lost part, makes a pull due at once: only until the first pull. */
  #mayHurry = true;
  #jitterMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> = Promise.resolve();
  #isOpen = false;

  constructor(
    private readonly context: Context,
    private readonly source: PullSource,
    private readonly settings: CopySettings,
  ) {
    this.#store = new CopyStore(context.state);
    this.#puller = new Puller(source, this.#store);
    this.#loaded = new LoadedCopy(this.#store);
  }

  get isLoaded(): boolean {
    return this.#loaded.state !== undefined;
  }

  /** How long ago the last pull that worked began. */
  get ageSeconds(): number | undefined {
    const { state } = this.#loaded;
    return state && Math.max(0, (Date.now() - Date.parse(state.pulledAt)) / 1_000);
  }

  /** The copy's records of this caller, in no order. */
  find(caller: Caller): VipRecord[] {
    return this.#loaded.index.find(caller);
  }

  status(): ProviderStatus {
    return copyStatus(this.#store.head, this.#loaded.state, this.#trouble, this.settings.everyMs);
  }

  /**
   * Loads what the database has, and pulls from then on. Resolves when it is loaded, or cannot be.
   * @throws VipFileError when a local file keeps it from being loaded
   */
  async open(): Promise<void> {
    this.#isOpen = true;
    const error = await this.#look();
    this.#again(0);
    if (error instanceof VipFileError) throw error;
  }

  /**
   * Pulls now.
   * @returns `undefined` while another instance is at it
   * @throws VipLookupError when the pull fails or is refused; nothing was changed then
   */
  async pull(options: SyncOptions): Promise<SyncReport | undefined> {
    return this.#alone((right, signal) => this.#pull(options, right, signal), options.signal);
  }

  async close(): Promise<void> {
    this.#closing.abort(new VipLookupError('the service is stopping'));
    clearTimeout(this.#timer);
    await this.#turn;
  }

  #again(inMs: number): void {
    if (this.#closing.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#turn = this.#takeTurn();
    }, inMs).unref();
  }

  /** Never rejects. */
  async #takeTurn(): Promise<void> {
    if ((await this.#look()) === undefined && this.#isDue()) await this.#pullWhenDue();
    const { pollMs } = this.settings;
    this.#again(pollMs * (0.75 + Math.random() / 2));
  }

  async #pullWhenDue(): Promise<void> {
    const { everyMs } = this.settings;
    this.#jitterMs = Math.random() * Math.min(everyMs / 10, MAX_JITTER_MS);
    try {
      // Another instance may have pulled between the look and the right to.
      await this.#alone(async (right, signal) => (this.#isDue() ? this.#pull({}, right, signal) : undefined));
    } catch (error) {
      // What failed stands in the head, or in the log when even that cannot be written.
      if (!this.#closing.signal.aborted)
        this.#trouble ??= this.#store.head.attempt === undefined ? messageOf(error) : undefined;
    }
  }

  #alone<T>(
    work: (right: ExclusiveRight, signal: AbortSignal) => Promise<T | undefined>,
    given?: AbortSignal,
  ): Promise<T | undefined> {
    return this.context.state.exclusively('sync', async (lease, right) => {
      await this.#store.readHead();
      if (right.isTakenOver) await this.#store.commit(this.#store.head, right);
      const signals = [lease, this.#closing.signal, ...(given ? [given] : [])];
      return withAnySignal(signals, (signal) => work(right, signal));
    });
  }

  #isDue(): boolean {
    const { copy, attempt } = this.#store.head;
    const { everyMs } = this.settings;
    const nowMs = Date.now();
    if (attempt !== undefined) {
      const pauseMs = attempt.isRefused ? everyMs : backoffMs(attempt.failures - 1, RETRY_MS, everyMs);
      return nowMs >= Date.parse(attempt.at) + pauseMs + this.#jitterMs;
    }
    if (copy === undefined) return true;
    const isHurried = this.#mayHurry && (copy.source !== this.source.fingerprint || this.#isLost);
    return isHurried || nowMs >= Date.parse(copy.pulledAt) + everyMs + this.#jitterMs;
  }

  get #isLost(): boolean {
    return this.#store.head.copy !== undefined && this.#lost === this.#store.head.copy.generation;
  }

  async #pull(
    { full = false, confirm = false }: SyncOptions,
    right: ExclusiveRight,
    signal: AbortSignal,
  ): Promise<SyncReport> {
    const { copy: before } = this.#store.head;
    const begunMs = performance.now();
    this.#mayHurry = false;
    try {
      await this.#store.sweep(right, signal);
      const pulled = await this.#puller.pull(full ? undefined : await this.#changeable(), right, signal);
      if (!confirm) refuseShrink(pulled, before, this.settings.maxShrink, this.context.name);
      signal.throwIfAborted();
      await this.#store.commit({ copy: pulled.state }, right);
      this.#tell(pulled.report, performance.now() - begunMs);
      return { ...pulled.report, ...(before && { before: before.contacts }) };
    } catch (error) {
      const reason = signal.aborted ? (signal.reason as unknown) : error;
      // Who has lost the right must not get in the way of who has it now.
      const isOurs = !signal.aborted && (await right.confirm().catch(() => true));
      if (isOurs) await this.#failed(reason, right);
      throw reason;
    } finally {
      if (this.#isOpen) await this.#look();
    }
  }

  /** The copy as it is; `undefined` when everything must be pulled. */
  async #changeable(): Promise<{ state: CopyState; index: CopyIndex } | undefined> {
    const { copy } = this.#store.head;
    const { changes, fingerprint } = this.source;
    if (changes === undefined || copy === undefined || copy.source !== fingerprint) return undefined;
    if (Date.now() - Date.parse(copy.fullAt) > this.settings.fullEveryMs) return undefined;
    if (changes.usesCursor && copy.cursor === undefined) return undefined;
    if (this.#isLost || !(await this.#loaded.load(copy))) return undefined;
    return { state: copy, index: this.#loaded.index };
  }

  #tell({ problem, ...report }: SyncReport, ms: number): void {
    this.context.logger.info({ ...report, ms: Math.round(ms) }, 'the copy was pulled');
    if (problem === undefined) return;
    const { skipped } = report;
    this.context.logger.warn({ skipped, problem }, 'contacts that cannot be read were left out of the copy');
  }

  async #failed(error: unknown, right: ExclusiveRight): Promise<void> {
    const { copy, attempt } = this.#store.head;
    const isRefused = error instanceof ShrinkError;
    const failures = (attempt?.failures ?? 0) + 1;
    const problem = messageOf(error);
    this.context.logger[isRefused ? 'error' : 'warn'](
      { problem, failures },
      'the copy stays as it is: a pull failed',
    );
    const noted: PullAttempt = {
      at: new Date().toISOString(),
      failures,
      problem,
      ...(isRefused && { isRefused }),
    };
    try {
      await this.#store.commit({ ...(copy && { copy }), attempt: noted }, right);
    } catch (unwritten) {
      this.context.logger.warn({ reason: messageOf(unwritten) }, 'could not record that a pull failed');
    }
  }

  /** Looks for a newer copy and loads it. Never rejects. @returns why that could not be done */
  async #look(): Promise<unknown> {
    try {
      await this.#store.readHead();
      const { copy } = this.#store.head;
      if (copy !== undefined && !this.#isLost && !(await this.#loaded.load(copy))) {
        // Swept by another instance that has pulled anew, or truly gone.
        await this.#store.readHead();
        if (this.#store.head.copy?.generation === copy.generation) this.#lost = copy.generation;
      }
      this.#trouble = this.#isLost
        ? 'a part of it is gone from the database; it will be pulled anew'
        : undefined;
      return undefined;
    } catch (error) {
      const reason = messageOf(error);
      if (this.#trouble !== reason)
        this.context.logger.warn({ reason }, 'could not check the database for a newer copy');
      this.#trouble = reason;
      return error;
    }
  }
}
