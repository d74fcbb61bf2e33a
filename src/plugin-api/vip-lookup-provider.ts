import type { CompletedOptions, CompletionTools } from '../common/completed-options.js';
import type { Caller } from './caller.js';
import type { ProviderState } from './provider-state.js';
import type { VipRecord } from './vip-record.js';

/**
 * What a lookup found: a record; several, best first, when a number has more than one (the decision takes the first
 * that is valid now and meant for the call's target); or `null` = "known not to be a VIP".
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
   * How many lookups it can work on at once, however many it is configured for, connections of a pool for instance. The
   * others wait before they are begun: waiting inside the provider would be taken for slowness of its backend.
   */
  readonly maxConcurrent?: number;
  /**
   * Looks one caller up. Called for many calls at once.
   * @param caller the caller's number, spelled for this provider's country
   * @param signal aborts when the provider's time is over; stop work and reject. It is this lookup's own
   * @returns a record, several, or `null` when the backend is known not to list the caller. Data held in memory is best
   *   answered as it is, without a promise, and by a method that declares the first parameter only: that costs a call least
   * @throws anything else: backend down, unreadable answer. Never answer `null` because something broke. The message of
   *   a `VipLookupError` is shown in health and logs; of any other error only its `code` or `name` is.
   */
  lookup(caller: Caller, signal: AbortSignal): VipAnswer | Promise<VipAnswer>;
  /**
   * What is known of a caller without asking anybody, for a provider that holds a copy of its backend's data: called
   * before `lookup`, and before its cache, circuit breaker and limits, which are about the backend.
   * @returns at once; `undefined`: `lookup` must tell. What it throws is ignored, and `lookup` is called
   * @since 0.1.0
   */
  recall?(caller: Caller): VipAnswer | undefined;
  /**
   * For how long the copy that lookups are answered from has not been known to be what its source has, in seconds;
   * `undefined` when there is none. For the metric `smartrouting_provider_copy_age_seconds`.
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
   * Brings the copy up to date now, for `smartrouting-vip sync`: in a process of its own, on an instance that is not
   * opened. Instances that take calls find the result in the provider's state.
   * @returns `undefined` while another instance is at it
   * @throws VipLookupError when it cannot be done, or not without being confirmed; nothing was changed then
   * @since 0.1.0
   */
  sync?(options: SyncOptions): Promise<SyncReport | undefined>;
  /** Asks the backend for a sign of life, for `/health`. Rejects, like `lookup`, when the backend is down. */
  check(signal: AbortSignal): Promise<ProviderStatus>;
  /**
   * Loads data or warms connections before calls come. A rejection is logged and does not stop the start. Reject with a
   * `VipFileError` where a local file is the reason.
   */
  open?(): Promise<void>;
  /** Releases timers, files and connections. Called once, when no more lookups will come; one under way may still fail. */
  close?(): Promise<void>;
}

/**
 * A provider's own view of itself, shown under its name in `/health`. Texts are public: no secret, no phone number.
 * @since 0.1.0
 */
export interface ProviderStatus {
  readonly status: 'up' | 'degraded';
  /** Why it is degraded, one sentence for operations. */
  readonly reason?: string;
  /** How many entries it holds, where that is known without work. */
  readonly entries?: number;
  /** When its data was last read from the source, ISO 8601. */
  readonly loadedAt?: string;
}

/**
 * How a provider's copy is to be brought up to date.
 * @since 0.1.0
 */
export interface SyncOptions {
  /** Read everything, not just what changed. */
  readonly full?: boolean;
  /** Accept a result that would be refused, such as a copy with far fewer entries than before. */
  readonly confirm?: boolean;
  /** Aborts when it is to be given up. */
  readonly signal?: AbortSignal;
}

/**
 * What came of bringing a copy up to date.
 * @since 0.1.0
 */
export interface SyncReport {
  readonly kind: 'full' | 'changes';
  /** Entries of the copy now. */
  readonly entries: number;
  /** Entries of the copy until now; absent when there was none. */
  readonly before?: number;
  /** Entries that were written or removed. */
  readonly changed: number;
  /** Requests whose answers were read; 0 for a file. */
  readonly pages: number;
  /** Entries that could not be read and are left out. */
  readonly skipped: number;
  /** What is wrong with the first of those: no secret, no phone number. */
  readonly problem?: string;
}

/**
 * A lookup failed for a reason that operations may read: no secret, no phone number, one sentence.
 * @since 0.1.0
 */
export class VipLookupError extends Error {
  override readonly name: string = 'VipLookupError';
}

/**
 * A lookup cannot be made now, and that is no fault of the backend: a rate limit is used up, or the backend has asked for
 * a pause. The next provider is asked at once, or an old record stands in; the circuit breaker does not count it.
 * @since 0.1.0
 */
export class VipLookupBusyError extends VipLookupError {
  override readonly name = 'VipLookupBusyError';

  /** @param retryAfterMs milliseconds after which asking again makes sense, where that is known */
  constructor(
    message: string,
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }
}

/**
 * A provider cannot open because of a local file: it is missing, or not what it must be. Thrown by `open`. A changed
 * configuration with such a provider is refused where the one before it under the same name works.
 * @since 0.2.0
 */
export class VipFileError extends VipLookupError {
  override readonly name = 'VipFileError';

  /** @param path absolute; the changed configuration is tried again when this file changes */
  constructor(
    message: string,
    readonly path: string,
  ) {
    super(message);
  }
}

/**
 * What the service hands to a provider: always the first argument of its constructor.
 * @since 0.1.0
 */
export interface ProviderContext<Options extends object = object> {
  /** The name under `providers:` in the configuration. */
  readonly name: string;
  /** Checked instance of the class given to `@VipLookup`. */
  readonly options: Options;
  /** ISO 3166-1 alpha-2: how numbers written nationally in this provider's data are to be read. */
  readonly country: string | undefined;
  /** IANA name: where a date without a time in this provider's data is a whole day. `UTC` unless configured. @since 0.2.0 */
  readonly timezone: string;
  /** What the provider keeps over restarts, shared with the other instances of the service. */
  readonly state: ProviderState;
  readonly logger: ProviderLogger;
  /** Makes a path of the configuration absolute; relative ones start at the configuration file. */
  resolvePath(path: string): string;
}

/**
 * Structured logging: fields first, then the sentence. Never log a secret; numbers are masked for you in `error` fields.
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
  /** An option that stands for others, as `preset` does. With it, `complete` is called before options are checked. */
  readonly completedBy?: string;
  /**
   * Fills in the options that the one named by `completedBy` stands for. Problems of options that it adds are reported
   * at the line of that one. Reads local files at most: it runs whenever a configuration is checked.
   * @param written the provider's keys as written, `kind` left out, those that every provider has included; added ones
   *   may be of both sorts
   */
  readonly complete?: (
    written: Readonly<Record<string, unknown>>,
    tools: CompletionTools,
  ) => CompletedOptions;
}
