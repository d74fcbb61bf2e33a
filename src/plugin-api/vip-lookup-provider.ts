import type { CompletedOptions, CompletionTools, OptionProblem } from '../common/completed-options.js';
import type { Caller } from './caller.js';
import type { EntryTally } from './entry-tally.js';
import type { ProviderState } from './provider-state.js';
import type { VipRecord } from './vip-record.js';

/**
 * The result of a lookup: a record; or several, best first, if a number has more than one; or `null` = "known not to
 * be a VIP". The decision uses the first record that is valid now and for the call's target.
 * @since 0.1.0
 */
export type VipAnswer = VipRecord | readonly VipRecord[] | null;

/**
 * A place that knows who is a VIP. Implement it, mark the class with `@VipLookup`, name the file or package under
 * `plugins:` in the configuration, and prove it with `describeVipLookupProvider` from `smartrouting-vip/plugin-api/testing`.
 *
 * ```ts
 * @VipLookup({ kind: 'acme', options: AcmeOptions })
 * export class AcmeProvider implements VipLookupProvider {
 *   constructor(private readonly context: ProviderContext<AcmeOptions>) {}
 *   async lookup(caller: Caller, signal: AbortSignal) {
 *     const answer = await fetch(`${this.context.options.url}/${encodeURIComponent(caller.key)}`, { signal });
 *     if (answer.status === 404) return null;
 *     if (!answer.ok) throw new VipLookupError(`HTTP ${answer.status}`);
 *     return readVipRecord(await answer.json(), { number: caller.key });
 *   }
 *   async check(signal: AbortSignal) {
 *     const answer = await fetch(this.context.options.url, { signal });
 *     if (!answer.ok) throw new VipLookupError(`HTTP ${answer.status}`);
 *     return { status: 'up' as const };
 *   }
 * }
 * ```
 * @since 0.1.0
 */
export interface VipLookupProvider {
  /**
   * How many lookups it can work on at once, for example the connections of a pool; a lower configured limit applies
   * as well. Other lookups wait before they start: waiting inside the provider would look like a slow backend.
   */
  readonly maxConcurrent?: number;
  /**
   * Searches for one caller. Called for many calls at once.
   * @param caller the caller's number, spelled for this provider's country
   * @param signal aborts when the provider's time is over; then stop and reject. Each lookup has its own signal
   * @returns a record, several, or `null` if the backend is known not to list the caller. For data in memory, return
   *   a plain value instead of a promise, and declare only the first parameter: that costs a call least
   * @throws in any other case: backend down, unreadable answer. Never return `null` because something failed. Health
   *   and logs show the message of a `VipLookupError`; of any other error, only its `code` or `name`.
   */
  lookup(caller: Caller, signal: AbortSignal): VipAnswer | Promise<VipAnswer>;
  /**
   * What is known about a caller without asking the backend, for a provider that keeps a copy of its backend's data.
   * Called before `lookup`, and before cache, circuit breaker and limits, which concern the backend.
   * @returns at once; `undefined`: `lookup` must be called. If it throws, the error is ignored and `lookup` is called
   * @since 0.1.0
   */
  recall?(caller: Caller): VipAnswer | undefined;
  /**
   * Seconds since the copy that answers lookups was last known to match its source; `undefined` if there is no copy.
   * For the metric `smartrouting_provider_copy_age_seconds`.
   * @since 0.1.0
   */
  copyAgeSeconds?(): number | undefined;
  /**
   * How many entries it holds now, for the metric `smartrouting_provider_entries`; `undefined` when that is not known. Asked
   * whenever metrics are read, so it answers from memory. Without it the metric has what the last `check` for health told.
   * @since 0.2.0
   */
  entries?(): number | undefined;
  /**
   * Brings the copy up to date now, for `smartrouting-vip sync`: in a separate process, on an instance that is not
   * opened. Instances that take calls find the result in the provider's state.
   * @returns `undefined` while another instance is doing it
   * @throws VipLookupError if it fails or needs confirmation; then nothing was changed
   * @since 0.1.0
   */
  sync?(options: SyncOptions): Promise<SyncReport | undefined>;
  /**
   * Counts the entries that it has, for the report of those that can never count: after it has called
   * `context.entriesChanged`, and for `smartrouting-vip config check --lists`. Makes way for calls every few milliseconds. A
   * backend that belongs to somebody else is read in part at most, and `entriesChanged` is not called for it.
   * @returns `undefined` when there is nothing to count yet
   * @since 0.2.0
   */
  countEntries?(signal: AbortSignal): Promise<EntryTally | undefined>;
  /**
   * What it has of a caller that did not count, for `smartrouting-vip lookup`: called after `lookup` has answered `null`, never for
   * a call. May ask the backend again.
   * @returns one sentence without its full stop, such as `1 contact, none has this number`; no secret, no number
   * @since 0.2.0
   */
  explain?(caller: Caller, signal: AbortSignal): Promise<string>;
  /** Checks whether the backend answers, for `/health`. Rejects, like `lookup`, if the backend is down. */
  check(signal: AbortSignal): Promise<ProviderStatus>;
  /**
   * Loads data or opens connections before calls come. A rejection is logged and does not stop the start. Reject with
   * a `VipFileError` if a local file is the reason.
   */
  open?(): Promise<void>;
  /**
   * Releases timers, files and connections. Called once, when no more lookups will come; one in progress may still
   * fail.
   */
  close?(): Promise<void>;
}

/**
 * A provider's own status, shown under its name in `/health`. Texts are public: no secret, no phone number.
 * @since 0.1.0
 */
export interface ProviderStatus {
  readonly status: 'up' | 'degraded';
  /** Why it is degraded, one sentence for operators. */
  readonly reason?: string;
  /** How many entries it has, if that is known without effort. */
  readonly entries?: number;
  /** When its data was last read from the source, ISO 8601. */
  readonly loadedAt?: string;
  /**
   * Of an export of contacts, what was taken from it and what was left.
   * @since 0.2.0
   */
  readonly contacts?: string;
}

/**
 * How a provider's copy is to be brought up to date.
 * @since 0.1.0
 */
export interface SyncOptions {
  /** Read everything, not just what changed. */
  readonly full?: boolean;
  /** Accept a result that would otherwise be refused, such as a copy with far fewer entries than before. */
  readonly confirm?: boolean;
  /** Aborts when the work should stop. */
  readonly signal?: AbortSignal;
  /**
   * Called after each request whose answer was read, and before each wait, so that somebody at a terminal sees what takes long.
   * @since 0.2.0
   */
  readonly onProgress?: (progress: SyncProgress) => void;
}

/**
 * How far the work is.
 * @since 0.2.0
 */
export interface SyncProgress {
  /** Requests whose answers were read so far. */
  readonly pages: number;
  /** Entries found so far. */
  readonly entries: number;
  /** Why it waits now, one sentence without its full stop, no secret and no number; absent while it does not. */
  readonly waiting?: string;
}

/**
 * The result of bringing a copy up to date.
 * @since 0.1.0
 */
export interface SyncReport {
  readonly kind: 'full' | 'changes';
  /** Entries of the copy now. */
  readonly entries: number;
  /** Entries of the previous copy; absent if there was none. */
  readonly before?: number;
  /** Entries that were written or removed. */
  readonly changed: number;
  /** So few entries are left that this had to be confirmed, and it is. @since 0.2.0 */
  readonly confirmed?: boolean;
  /** Requests whose answers were read; 0 for a file. */
  readonly pages: number;
  /** Entries that could not be read and are left out. */
  readonly skipped: number;
  /** Contacts that could be read and are not VIPs, because they name no number or no tier. @since 0.2.0 */
  readonly notVips?: number;
  /** The problem of the first of those that could not be read: no secret, no phone number. */
  readonly problem?: string;
}

/**
 * A lookup failed for a reason that operators may see: one sentence, no secret, no phone number.
 * @since 0.1.0
 */
export class VipLookupError extends Error {
  override readonly name: string = 'VipLookupError';
}

/**
 * A lookup cannot be made now although the backend is not broken: a rate limit is used up, or the backend has asked
 * for a pause. The next provider is asked at once, or an old record is used; the circuit breaker does not count it.
 * @since 0.1.0
 */
export class VipLookupBusyError extends VipLookupError {
  override readonly name = 'VipLookupBusyError';

  /** @param retryAfterMs milliseconds after which a retry is useful, if known */
  constructor(
    message: string,
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }
}

/**
 * The backend has answered, but its entry of this caller cannot be used, for example because of an invalid date. The
 * lookup fails; for the circuit breaker the backend is well.
 * @since 0.2.0
 */
export class VipEntryError extends VipLookupError {
  override readonly name = 'VipEntryError';
}

/**
 * A provider cannot open because a local file is missing or invalid. Thrown by `open`. A changed configuration with
 * such a provider is refused if its predecessor of the same name works.
 * @since 0.2.0
 */
export class VipFileError extends VipLookupError {
  override readonly name = 'VipFileError';

  /** @param path absolute; the changed configuration is read again when this file changes */
  constructor(
    message: string,
    readonly path: string,
  ) {
    super(message);
  }
}

/**
 * What the service passes to a provider: always the first argument of its constructor.
 * @since 0.1.0
 */
export interface ProviderContext<Options extends object = object> {
  /** The name under `providers:` in the configuration. */
  readonly name: string;
  /** Checked instance of the class given to `@VipLookup`. */
  readonly options: Options;
  /** ISO 3166-1 alpha-2: how national numbers in this provider's data are read. */
  readonly country: string | undefined;
  /** IANA name: where a date without a time in this provider's data is a whole day. `UTC` unless configured. @since 0.2.0 */
  readonly timezone: string;
  /** The configured `timeout`: how long one lookup may take, the wait for its turn included; ms. @since 0.2.0 */
  readonly timeoutMs: number;
  /** The provider's data that survives restarts, shared with the other instances of the service. */
  readonly state: ProviderState;
  readonly logger: ProviderLogger;
  /**
   * To be called when the provider has entries, or others than before: they are counted by its `countEntries` when there is time,
   * and those that can never count are told in health and log.
   * @since 0.2.0
   */
  entriesChanged(): void;
  /** Makes a path in the configuration absolute; relative ones start at the configuration file's folder. */
  resolvePath(path: string): string;
}

/**
 * Structured logging: fields first, then the sentence. Never log a secret. Numbers in `error` fields are masked
 * automatically.
 * @since 0.1.0
 */
export interface ProviderLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export type ProviderClass = new (context: ProviderContext<never>, ...injected: never[]) => VipLookupProvider;

/**
 * The mark that `@VipLookup` puts on a class.
 * @since 0.1.0
 */
export interface VipLookupKind {
  /** The word after `kind:` in the configuration, lower case with hyphens. */
  readonly kind: string;
  /** class-validator class of the options; checked before the provider is made. */
  readonly options: new () => object;
  /** An option that stands for others, such as `preset`. If it is used, `complete` is called before options are checked. */
  readonly completedBy?: string;
  /**
   * Fills in the options that the one named by `completedBy` stands for. Problems with added options are reported at
   * the line of that one. It may read local files, but nothing else: it runs whenever a configuration is checked.
   * @param written the provider's keys as written, without `kind`, but with those that every provider has; added ones
   *   may be of both sorts
   */
  readonly complete?: (
    written: Readonly<Record<string, unknown>>,
    tools: CompletionTools,
  ) => CompletedOptions;
  /**
   * What an administrator should know about options that can be used: for the log at the start and for `config check`.
   * @param options checked, an instance of the class
   * @since 0.2.0
   */
  readonly advise?: (options: never) => readonly OptionProblem[];
}
