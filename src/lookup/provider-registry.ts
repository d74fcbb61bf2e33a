import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { Inject, Injectable } from '@nestjs/common';
import { ContextIdFactory, ModuleRef } from '@nestjs/core';
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { comparable } from './providers.config.js';
import type { ProviderEntry, ProvidersConfig } from './providers.config.js';
import { ConfigError } from '../config/config-error.js';
import { LiveConfig } from '../config/live-config.js';
import { within } from '../common/time-limit.js';
import { lostProviders } from './lost-providers.js';
import type { ProvidersByName } from './lost-providers.js';
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
/** How long a new configuration waits for them; meanwhile calls are answered with the previous one. */
const SWAP_WAIT_MS = 30_000;
/**
 * Longer than a request may take to arrive (10 s) plus its decision: after that nobody asks a provider that is no
 * longer configured.
 */
const RETIRE_MS = 16_000;
/** How many of these may be open when another configuration is prepared: each holds connections and memory. */
const MAX_RETIRED = 20;
/** How long the stop waits for a provider to close; it may be storing data that it could not get again. */
const CLOSE_WAIT_MS = 5_500;
const STUCK = Symbol('has not closed');

/** The providers of a new configuration, opened but not asked yet. */
export interface PreparedProviders {
  readonly changes: Readonly<Record<'added' | 'changed' | 'removed', readonly string[]>>;
  /** They are asked from now on. Those that are no longer configured are closed when no call can need them. */
  swap(): void;
  /** They are not needed after all. */
  discard(): Promise<void>;
}

/** Name -> configured provider. Created through Nest's dependency injection, one instance per entry under `providers:`. */
@Injectable()
export class ProviderRegistry implements OnModuleInit, OnApplicationShutdown {
  #made: ProvidersByName = new Map();
  /** Configuration -> its providers, for as long as it may decide a call. */
  readonly #madeFor = new WeakMap<object, ProvidersByName>();
  /** Those that are open but not asked: not yet, or no longer. */
  readonly #aside = new Map<GuardedProvider, NodeJS.Timeout | undefined>();
  /** Called when a provider has other entries than before, even while it is being asked for them. */
  entriesChanged: (provider: VipLookupProvider) => void = () => undefined;
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
   * Creates every configured provider, without opening any.
   * @throws ConfigError for problems in options that only the provider itself can find
   */
  async onModuleInit(): Promise<void> {
    const { current } = this.live;
    this.#made = await this.#makeAll(current);
    this.#madeFor.set(current, this.#made);
    for (const guarded of this.all()) guarded.inUse();
    this.metrics.measureProviders('smartrouting_provider_copy_age_seconds', () =>
      this.#tellingOf(({ provider }) => provider.copyAgeSeconds?.()),
    );
    this.metrics.measureProviders('smartrouting_provider_entries', () =>
      this.#tellingOf(({ provider, troubles }) => (provider.entries ? provider.entries() : troubles.entries)),
    );
  }

  /** Opens the providers in parallel. One that cannot open does not stop the start; slow ones are awaited for 3 s. */
  open(): Promise<void> {
    return this.#open(this.all(), OPEN_WAIT_MS, (guarded, error) => this.#notOpen(guarded, error));
  }

  /**
   * Creates and opens the providers that are new or changed in another configuration, and waits up to 30 s for them
   * to load and connect. Unchanged ones stay as they are, with their connections and caches. First waits until no
   * more than 20 that are not configured any more are open.
   * @param files gets the paths of the local files because of which the configuration is refused
   * @throws ConfigError as `onModuleInit`, and if a working provider would be replaced by one that cannot open
   *   because of a local file; then nothing has changed
   */
  async prepare(config: ProvidersConfig, files: Set<string>): Promise<PreparedProviders> {
    await this.#untilFewRetired();
    const before = this.#made;
    const next = await this.#makeAll(config);
    const fresh = [...next.values()].filter((guarded) => before.get(guarded.name) !== guarded);
    const gone = [...before.values()].filter((guarded) => next.get(guarded.name) !== guarded);
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
        for (const guarded of gone) this.#retire(guarded);
        for (const guarded of fresh) {
          this.#aside.delete(guarded);
          guarded.inUse();
        }
      },
      discard,
    };
  }

  /** @param config in use now, or when the call arrived */
  get(name: string, config: object = this.live.current): GuardedProvider {
    const made = this.#madeFor.get(config)?.get(name);
    if (made === undefined) throw new Error(`no provider "${name}" in this configuration`);
    return made;
  }

  all(): GuardedProvider[] {
    return [...this.#made.values()];
  }

  /**
   * An error in a plug-in was not caught.
   * @param kinds that the plug-in provides
   * @returns the providers of these kinds, because the exact one is not known
   */
  threwLoose(kinds: readonly string[], error: unknown): string[] {
    const suspects = this.all().filter(({ config }) => kinds.includes(config.kind));
    for (const { troubles } of suspects) troubles.threwLoose(error);
    return suspects.map(({ name }) => name);
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
      if ((await within(CLOSE_WAIT_MS, guarded.close(), STUCK)) === STUCK) {
        guarded.logger.warn('provider did not close in time; no longer waiting for it');
      }
    } catch (error) {
      guarded.logger.warn({ error }, 'provider did not close cleanly');
    }
    this.#aside.delete(guarded);
    this.#oneClosed?.();
  }

  /** What providers tell of themselves, by name. */
  #tellingOf(value: (guarded: GuardedProvider) => number | undefined): Map<string, number> {
    const told = new Map<string, number>();
    for (const guarded of this.all()) {
      try {
        const number = value(guarded);
        if (typeof number === 'number') told.set(guarded.name, number);
      } catch {
        // A plug-in that throws here must not take the metrics of the others away.
      }
    }
    return told;
  }

  /** The providers of a configuration: those in use whose entry is the same, and new ones. */
  async #makeAll(config: ProvidersConfig): Promise<ProvidersByName> {
    const all = new Map<string, GuardedProvider>();
    const fresh: GuardedProvider[] = [];
    try {
      for (const configured of config.providers.values()) {
        const { country = config.country } = configured;
        const entry = { ...configured, country, timezone: config.timezone };
        const known = this.#made.get(entry.name);
        const isSame = known !== undefined && isDeepStrictEqual(comparable(known.config), comparable(entry));
        const made = isSame ? known : await this.#make(entry, config);
        if (!isSame) fresh.push(made);
        all.set(entry.name, made);
      }
    } catch (error) {
      await Promise.all(fresh.map((guarded) => this.#close(guarded)));
      throw error;
    }
    return all;
  }

  async #make(entry: ProviderEntry, config: ProvidersConfig): Promise<GuardedProvider> {
    const logger = this.logger.child({ provider: entry.name });
    let made: VipLookupProvider | undefined;
    const { name, options, country, timezone, timeoutMs } = entry;
    const context: ProviderContext = {
      ...{ name, options, country, timezone, timeoutMs, logger },
      state: this.states.of(name),
      entriesChanged: () => made !== undefined && this.entriesChanged(made),
      resolvePath: (path) => resolve(config.directory, path),
    };
    try {
      const provider = (made = await this.#instance(entry.kind, context));
      return new GuardedProvider(entry, provider, this.metrics, logger);
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

  #notOpen({ logger }: GuardedProvider, error: unknown): void {
    logger.error(
      { reason: describeFailure(error), error },
      'provider could not open; until it can, calls are answered without what it could not load',
    );
  }
}
