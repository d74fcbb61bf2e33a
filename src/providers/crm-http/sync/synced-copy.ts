import { backoffMs, VipFileError, VipLookupError, withAnySignal } from '../../../plugin-api/index.js';
import type {
  Caller,
  EntryTally,
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
import { pull } from './puller.js';
import type { PullSource } from './puller.js';
import { refuseShrink, refuseWithoutVips, ShrinkError } from './shrink.js';

export interface CopySettings {
  readonly everyMs: number;
  readonly fullEveryMs: number;
  /** The fraction of the contacts that may be missing after a pull. */
  readonly maxShrink: number;
  /** How often it checks for other instances' pulls, in ms. */
  readonly pollMs: number;
}

type Context = Pick<ProviderContext, 'name' | 'state' | 'logger' | 'entriesChanged'>;

/** Pause after the first failure; doubles after each further one, up to `everyMs`. */
const RETRY_MS = 60_000;
/** So that several instances do not ask for the right to pull at the same moment. */
const MAX_JITTER_MS = 30_000;

/** A CRM's VIPs, pulled ahead of the calls and shared by all instances. Calls are decided from memory. */
export class SyncedCopy {
  readonly #store: CopyStore;
  readonly #loaded: LoadedCopy;
  readonly #closing = new AbortController();
  #trouble: string | undefined = 'it is being loaded';
  /** Generation with a missing part: only a full pull helps. */
  #lost: string | undefined;
  /** Whether a changed source, or a missing part, makes a pull due at once: only until the first pull. */
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
    this.#loaded = new LoadedCopy(this.#store, () => context.entriesChanged());
  }

  get isLoaded(): boolean {
    return this.#loaded.state !== undefined;
  }

  /** How long ago the last successful pull began. */
  get ageSeconds(): number | undefined {
    const { state } = this.#loaded;
    return state && Math.max(0, (Date.now() - Date.parse(state.pulledAt)) / 1_000);
  }

  /** The copy's records of this caller, in no order. */
  find(caller: Caller): VipRecord[] {
    return this.#loaded.index.find(caller);
  }

  async countEntries(signal: AbortSignal): Promise<EntryTally | undefined> {
    if (!this.#isOpen && (await this.#look()) !== undefined)
      throw new VipLookupError(`the copy cannot be read: ${this.#trouble}`);
    return this.#loaded.countEntries(signal);
  }

  status(): ProviderStatus {
    return copyStatus(this.#store.head, this.#loaded.state, this.#trouble, this.settings.everyMs);
  }

  /**
   * Loads the copy from the database, and pulls from then on. Resolves when it is loaded or cannot be.
   * @throws VipFileError if it cannot be loaded because of a local file
   */
  async open(): Promise<void> {
    this.#isOpen = true;
    const error = await this.#look();
    this.#again(0);
    if (error instanceof VipFileError) throw error;
  }

  /**
   * Pulls now.
   * @returns `undefined` while another instance is pulling
   * @throws VipLookupError if the pull fails or is refused; then nothing was changed
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
      // Another instance may have pulled after the check and before this one got the right.
      await this.#alone(async (right, signal) => (this.#isDue() ? this.#pull({}, right, signal) : undefined));
    } catch (error) {
      // The failure is in the head, or in the log if even that cannot be written.
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
    { full = false, confirm = false, onProgress }: SyncOptions,
    right: ExclusiveRight,
    signal: AbortSignal,
  ): Promise<SyncReport> {
    const { copy: before } = this.#store.head;
    const begunMs = performance.now();
    this.#mayHurry = false;
    try {
      await this.#store.sweep(right, signal);
      const changeable = full ? undefined : await this.#changeable();
      const pulled = await pull(this.source, this.#store, changeable, right, signal, onProgress);
      if (!confirm) refuseWithoutVips(pulled, before, this.context.name);
      if (!confirm) refuseShrink(pulled, before, this.settings.maxShrink, this.context.name);
      signal.throwIfAborted();
      await this.#store.commit({ copy: pulled.state }, right);
      this.#tell(pulled.report, performance.now() - begunMs);
      return { ...pulled.report, ...(before && { before: before.contacts }) };
    } catch (error) {
      const reason = signal.aborted ? (signal.reason as unknown) : error;
      // An instance that has lost the right must not interfere with the one that has it now.
      const isOurs = !signal.aborted && (await right.confirm().catch(() => true));
      if (isOurs) await this.#failed(reason, right);
      throw reason;
    } finally {
      if (this.#isOpen) await this.#look();
    }
  }

  /** The current copy; `undefined` if everything must be pulled. */
  async #changeable(): Promise<{ state: CopyState; index: CopyIndex } | undefined> {
    const { copy } = this.#store.head;
    const { changes, fingerprint } = this.source;
    if (changes === undefined || copy === undefined || copy.source !== fingerprint) return undefined;
    if (Date.now() - Date.parse(copy.fullAt) > this.settings.fullEveryMs) return undefined;
    if (changes.uses('cursor') && copy.cursor === undefined) return undefined;
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

  /** Checks for a newer copy and loads it. Never rejects. @returns why that could not be done */
  async #look(): Promise<unknown> {
    try {
      await this.#store.readHead();
      const { copy } = this.#store.head;
      if (copy !== undefined && !this.#isLost && !(await this.#loaded.load(copy))) {
        // Deleted by another instance that has pulled again, or really missing.
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
