import type { Caller } from './caller.js';
import type { VipRecord } from './vip-record.js';

/**
 * What a lookup found: a record; several, best first, when a number has more than one (the decision takes the first
 * that is valid now and meant for the call's target); or `null` = "known not to be a VIP".
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
   * @param signal aborts when the provider's time is over; stop work and reject
   * @returns a record, several, or `null` when the backend is known not to list the caller. Data held in memory is best
   *   answered as it is, without a promise: that costs a call least. (Such an answer leaves no listener on the signal.)
   * @throws anything else: backend down, unreadable answer. Never answer `null` because something broke. The message of
   *   a `VipLookupError` is shown in health and logs; of any other error only its `code` or `name` is.
   */
  lookup(caller: Caller, signal: AbortSignal): VipAnswer | Promise<VipAnswer>;
  /** Asks the backend for a sign of life, for `/health`. Rejects, like `lookup`, when the backend is down. */
  check(signal: AbortSignal): Promise<ProviderStatus>;
  /** Loads data or warms connections before calls come. A rejection is logged and does not stop the start. */
  open?(): Promise<void>;
  /** Releases timers, files and connections. Called once, when no more lookups will come; one under way may still fail. */
  close?(): Promise<void>;
}

/** A provider's own view of itself, shown under its name in `/health`. Texts are public: no secret, no phone number. */
export interface ProviderStatus {
  readonly status: 'up' | 'degraded';
  /** Why it is degraded, one sentence for operations. */
  readonly reason?: string;
  /** How many entries it holds, where that is known without work. */
  readonly entries?: number;
  /** When its data was last read from the source, ISO 8601. */
  readonly loadedAt?: string;
}

/** A lookup failed for a reason that operations may read: no secret, no phone number, one sentence. */
export class VipLookupError extends Error {
  override readonly name = 'VipLookupError';
}

/** What the service hands to a provider: always the first argument of its constructor. */
export interface ProviderContext<Options extends object = object> {
  /** The name under `providers:` in the configuration. */
  readonly name: string;
  /** Checked instance of the class given to `@VipLookup`. */
  readonly options: Options;
  /** ISO 3166-1 alpha-2: how numbers written nationally in this provider's data are to be read. */
  readonly country: string | undefined;
  /** `DATABASE_URL`: the service's own database, `sqlite:<path>` or `mysql://user:password@host:port/database`. */
  readonly databaseUrl: string;
  readonly logger: ProviderLogger;
  /** Makes a path of the configuration absolute; relative ones start at the configuration file. */
  resolvePath(path: string): string;
}

/** Structured logging: fields first, then the sentence. Never log a secret; numbers are masked for you in `error` fields. */
export interface ProviderLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export type ProviderClass = new (context: ProviderContext<never>, ...injected: never[]) => VipLookupProvider;

/** The mark that `@VipLookup` puts on a class. */
export interface VipLookupKind {
  /** The word after `kind:` in the configuration, lower case with hyphens. */
  readonly kind: string;
  /** class-validator class of the options; checked before the provider is made. */
  readonly options: new () => object;
}
