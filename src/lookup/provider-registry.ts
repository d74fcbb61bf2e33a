import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { Inject, Injectable } from '@nestjs/common';
import { ContextIdFactory, ModuleRef } from '@nestjs/core';
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { comparable } from './providers.config.js';
import type { ProviderConfig, ProvidersConfig } from './providers.config.js';
import { ConfigError } from '../config/config-error.js';
import { LiveConfig } from '../config/live-config.js';
import { within } from '../common/time-limit.js';
import { lostProviders } from './lost-providers.js';
import type { Made, MadeByName } from './lost-providers.js';
import type { Logger } from '../observability/logger.js';
import { LOGGER } from '../observability/logger.js';
import { MetricsService } from '../observability/metrics.service.js';
import { describeFailure } from './describe-failure.js';
import { GuardedProvider } from './guarded-provider.js';
import type { ProviderClass, ProviderContext, VipLookupProvider } from '../plugin-api/vip-lookup-provider.js';
import { PROVIDER_STATES } from './provider-states.js';
import type { ProviderStates } from './provider-states.js';

/** Nest token of the kinds that can be configured: `kind` -> marked class. */
export const VIP_LOOKUP_KINDS = Symbol.for('smartrouting-vip.vip-lookup-kinds');

/** How long the start waits for providers to load and connect; calls are answered without the slower ones. */
const OPEN_WAIT_MS = 3_000;
/** How long another configuration waits for them; calls are answered with the one before meanwhile. */
const SWAP_WAIT_MS = 30_000;
/** Longer than a request may take to come (10 s) and its decision: then nobody asks a provider that is not configured any more. */
const RETIRE_MS = 16_000;
/** How many of these may be open when another configuration is prepared: each holds connections and memory. */
const MAX_RETIRED = 20;
/** How long the stop waits for a provider to close; it may be keeping what it could not get again. */
const CLOSE_WAIT_MS = 5_500;
const STUCK = Symbol('has not closed');

/** What becomes of the providers with another configuration; names, for the log. */
export interface ProviderChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** The providers of another configuration, opened but not asked yet. */
export interface PreparedProviders {
  readonly changes: ProviderChanges;
  /** They are asked from now on. Those that are not configured any more are closed when no call can need them. */
  swap(): void;
  /** They are not wanted after all. */
  discard(): Promise<void>;
}

/** Name -> configured provider. Made through Nest's dependency injection, one instance per entry under `providers:`. */
@Injectable()
export class ProviderRegistry implements OnModuleInit, OnApplicationShutdown {
  #made: MadeByName = new Map();
  /** Configuration -> its providers, as long as a call may be decided by it. */
  readonly #madeFor = new WeakMap<object, MadeByName>();
  /** Those that are open and not asked: not yet, or not any more. */
  readonly #aside = new Map<GuardedProvider, NodeJS.Timeout | undefined>();
  /** Called when one of them has closed. */
  #oneClosed: (() => void) | undefined;

  constructor(
    private readonly live: LiveConfig<ProvidersConfig>,
    @Inject(VIP_LOOKUP_KINDS) private readonly kinds: ReadonlyMap<string, ProviderClass>,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly moduleRef: ModuleRef,
    private readonly metrics: MetricsService,
    @Inject(PROVIDER_STATES) private readonly states: ProviderStates,
  ) {}

  /**
   * Makes every configured provider, opening none.
   * @throws ConfigError for what only a provider itself can see of its options
   */
  async onModuleInit(): Promise<void> {
    const { current } = this.live;
    this.#made = await this.#makeAll(current);
    this.#madeFor.set(current, this.#made);
    for (const { guarded } of this.#made.values()) guarded.inUse();
    this.metrics.copyAges(() => this.#copyAges());
  }

  /**
   * Opens the providers side by side. One that cannot open does not stop the start; one that takes long is not waited
   * for beyond 3 s.
   */
  open(): Promise<void> {
    return this.#open(this.all(), OPEN_WAIT_MS, (guarded, error) => this.#notOpen(guarded, error));
  }

  /**
   * Makes and opens what is new or has changed in another configuration, and waits up to 30 s for it to load and connect.
   * What has not changed stays as it is, with its connections and its cache. First waits until no more than 20 that are not
   * configured any more are open.
   * @param files gets the paths of the local files because of which it is refused
   * @throws ConfigError as `onModuleInit`, and when one that works would be replaced by one that a local file keeps from
   *   opening; then nothing has changed
   */
  async prepare(config: ProvidersConfig, files: Set<string>): Promise<PreparedProviders> {
    await this.#untilFewRetired();
    const before = this.#made;
    const next = await this.#makeAll(config);
    const isNew = ({ guarded }: Made): boolean => before.get(guarded.name)?.guarded !== guarded;
    const fresh = [...next.values()].filter(isNew).map(({ guarded }) => guarded);
    const gone = [...before.values()].filter(({ guarded }) => next.get(guarded.name)?.guarded !== guarded);
    for (const guarded of fresh) this.#aside.set(guarded, undefined);
    const failures = new Map<GuardedProvider, unknown>();
    let isAwaited = true;
    await this.#open(fresh, SWAP_WAIT_MS, (guarded, error) => {
      if (isAwaited) failures.set(guarded, error);
      else this.#notOpen(guarded, error);
    });
    isAwaited = false;
    const discard = async (): Promise<void> =>
      void (await Promise.all(fresh.map((guarded) => this.#close(guarded))));
    const lost = await lostProviders(failures, before, gone, next, files);
    if (lost.length > 0) {
      await discard();
      throw new ConfigError(config.file, lost);
    }
    for (const [guarded, error] of failures) this.#notOpen(guarded, error);
    return {
      changes: {
        added: fresh.map(({ name }) => name).filter((name) => !before.has(name)),
        changed: fresh.map(({ name }) => name).filter((name) => before.has(name)),
        removed: [...before.keys()].filter((name) => !next.has(name)),
      },
      swap: () => {
        this.#made = next;
        this.#madeFor.set(config, next);
        for (const { logger } of next.values()) logger.level = config.logging.level;
        for (const { guarded } of gone) this.#retire(guarded);
        for (const guarded of fresh) {
          this.#aside.delete(guarded);
          guarded.inUse();
        }
      },
      discard,
    };
  }

  /** @param config in use, or was when the call came */
  get(name: string, config: object = this.live.current): GuardedProvider {
    const all = this.#madeFor.get(config);
    const made = all?.get(name);
    if (made === undefined) {
      throw new Error(
        `No provider "${name}". Made: ${[...(all?.keys() ?? [])].join(', ') || 'none'}. Was the module initialised?`,
      );
    }
    return made.guarded;
  }

  all(): GuardedProvider[] {
    return [...this.#made.values()].map(({ guarded }) => guarded);
  }

  /**
   * An error came up where nobody could catch it, and it is from a plug-in.
   * @param kinds that the plug-in brought
   * @returns the providers of these kinds; which of them it was cannot be told
   */
  threwLoose(kinds: readonly string[], error: unknown): string[] {
    const suspects = [...this.#made.values()].filter(({ entry }) => kinds.includes(entry.kind));
    for (const { guarded } of suspects) guarded.troubles.threwLoose(error);
    return suspects.map(({ entry }) => entry.name);
  }

  async onApplicationShutdown(): Promise<void> {
    this.#oneClosed = undefined; // nothing more is prepared
    await Promise.all([...this.all(), ...this.#aside.keys()].map((guarded) => this.#close(guarded)));
    await this.states.close();
  }

  #retire(guarded: GuardedProvider): void {
    guarded.retire();
    const timer = setTimeout(() => void this.#close(guarded), RETIRE_MS).unref();
    this.#aside.set(guarded, timer);
  }

  async #untilFewRetired(): Promise<void> {
    const areMany = (): boolean =>
      [...this.#aside.values()].filter((timer) => timer !== undefined).length > MAX_RETIRED;
    if (!areMany()) return;
    this.logger.info({}, 'changed configuration waits until providers of earlier ones have closed');
    while (areMany()) await new Promise<void>((resolve) => (this.#oneClosed = resolve));
  }

  async #close(guarded: GuardedProvider): Promise<void> {
    clearTimeout(this.#aside.get(guarded));
    try {
      if ((await within(CLOSE_WAIT_MS, guarded.close(), STUCK)) === STUCK)
        this.logger.warn(
          { provider: guarded.name },
          'provider did not close in time; no longer waiting for it',
        );
    } catch (error) {
      this.logger.warn({ provider: guarded.name, error }, 'provider did not close cleanly');
    }
    this.#aside.delete(guarded);
    this.#oneClosed?.();
  }

  #copyAges(): Map<string, number> {
    const ages = new Map<string, number>();
    for (const { name, provider } of this.all()) {
      const seconds = provider.copyAgeSeconds?.();
      if (seconds !== undefined) ages.set(name, seconds);
    }
    return ages;
  }

  /** The providers of a configuration: those in use that are configured just so, and new ones. */
  async #makeAll(config: ProvidersConfig): Promise<MadeByName> {
    const all = new Map<string, Made>();
    const fresh: GuardedProvider[] = [];
    try {
      for (const configured of config.providers.values()) {
        const entry = { ...configured, country: configured.country ?? config.country };
        const known = this.#made.get(entry.name);
        const isSame = known !== undefined && isDeepStrictEqual(comparable(known.entry), comparable(entry));
        const made = isSame ? known : await this.#make(entry, config);
        if (!isSame) fresh.push(made.guarded);
        all.set(entry.name, made);
      }
    } catch (error) {
      await Promise.all(fresh.map((guarded) => this.#close(guarded)));
      throw error;
    }
    return all;
  }

  async #make(entry: ProviderConfig, config: ProvidersConfig): Promise<Made> {
    const logger = this.logger.child({ provider: entry.name });
    const context: ProviderContext = {
      name: entry.name,
      options: entry.options,
      country: entry.country,
      state: this.states.of(entry.name),
      logger,
      resolvePath: (path) => resolve(config.directory, path),
    };
    try {
      const provider = await this.#instance(entry.kind, context);
      return { entry, guarded: new GuardedProvider(entry, provider, this.metrics, this.logger), logger };
    } catch (error) {
      const key = `providers.${entry.name}`;
      const message = `cannot be made: ${describeFailure(error)}. Correct its options, or the plug-in that provides the kind ${entry.kind}.`;
      throw new ConfigError(config.file, [{ key, message }]);
    }
  }

  #instance(kind: string, context: ProviderContext): Promise<VipLookupProvider> {
    const providerClass = this.kinds.get(kind);
    if (providerClass === undefined) {
      throw new Error(`No provider of kind "${kind}". Known kinds: ${[...this.kinds.keys()].join(', ')}.`);
    }
    // The marked class has request scope; its "request" is the context of one configured provider.
    const contextId = ContextIdFactory.create();
    this.moduleRef.registerRequestByContextId(context, contextId);
    return this.moduleRef.resolve(providerClass, contextId, { strict: false });
  }

  async #open(
    providers: readonly GuardedProvider[],
    waitMs: number,
    failed: (guarded: GuardedProvider, error: unknown) => void,
  ): Promise<void> {
    const opening = Promise.all(
      providers.map((guarded) =>
        guarded.troubles
          .opening(async () => guarded.provider.open?.())
          .catch((error: unknown) => failed(guarded, error)),
      ),
    );
    await within(waitMs, opening);
  }

  #notOpen(guarded: GuardedProvider, error: unknown): void {
    this.logger.error(
      { provider: guarded.name, reason: describeFailure(error), error },
      'provider could not open; until it can, calls are answered without what it could not load',
    );
  }
}
