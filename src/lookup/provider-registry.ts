import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { Inject, Injectable } from '@nestjs/common';
import { ContextIdFactory, ModuleRef } from '@nestjs/core';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AppConfig, ProviderConfig } from '../config/app-config.js';
import { APP_CONFIG } from '../config/app-config.js';
import { ConfigError } from '../config/config-error.js';
import type { Logger } from '../observability/logger.js';
import { LOGGER } from '../observability/logger.js';
import { MetricsService } from '../observability/metrics.service.js';
import { describeFailure } from './describe-failure.js';
import { GuardedProvider } from './guarded-provider.js';
import type { ProviderClass, ProviderContext, VipLookupProvider } from './port/vip-lookup-provider.js';
import { PROVIDER_STATES } from './provider-states.js';
import type { ProviderStates } from './provider-states.js';

/** Nest token of the kinds that can be configured: `kind` -> marked class. */
export const VIP_LOOKUP_KINDS = Symbol.for('smartrouting-vip.vip-lookup-kinds');

/** How long the start waits for providers to load and connect; calls are answered without the slower ones. */
const OPEN_WAIT_MS = 3_000;
/** How long the stop waits for a provider to close; it may be keeping what it could not get again. */
const CLOSE_WAIT_MS = 5_500;
const STUCK = Symbol('has not closed');

/** Name -> configured provider. Made through Nest's dependency injection, one instance per entry under `providers:`. */
@Injectable()
export class ProviderRegistry implements OnModuleInit, OnApplicationShutdown {
  readonly #providers = new Map<string, GuardedProvider>();

  constructor(
    @Inject(APP_CONFIG) private readonly config: AppConfig,
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
    for (const configured of this.config.providers.values()) {
      const entry = { ...configured, country: configured.country ?? this.config.country };
      const provider = await this.#make(entry).catch((error: unknown) => {
        throw new ConfigError(this.config.file, [
          {
            key: `providers.${entry.name}`,
            message: `cannot be made: ${describeFailure(error)}. Mend its options, or the plug-in that brings the kind ${entry.kind}.`,
          },
        ]);
      });
      this.#providers.set(entry.name, new GuardedProvider(entry, provider, this.metrics, this.logger));
    }
    this.metrics.copyAges(() => this.#copyAges());
  }

  /**
   * Opens the providers side by side. One that cannot open does not stop the start; one that takes long is not waited
   * for beyond 3 s.
   */
  async open(): Promise<void> {
    const opening = [...this.#providers.values()].map((guarded) => this.#open(guarded));
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((done) => (timer = setTimeout(done, OPEN_WAIT_MS)));
    await Promise.race([Promise.all(opening), patience]);
    clearTimeout(timer);
  }

  get(name: string): GuardedProvider {
    const provider = this.#providers.get(name);
    if (provider === undefined) {
      throw new Error(
        `No provider "${name}". Made: ${[...this.#providers.keys()].join(', ') || 'none'}. Was the module initialised?`,
      );
    }
    return provider;
  }

  all(): IterableIterator<GuardedProvider> {
    return this.#providers.values();
  }

  /**
   * An error came up where nobody could catch it, and it is from a plug-in.
   * @param kinds that the plug-in brought
   * @returns the providers of these kinds; which of them it was cannot be told
   */
  threwLoose(kinds: readonly string[], error: unknown): string[] {
    const suspects = [...this.config.providers.values()].filter(({ kind }) => kinds.includes(kind));
    for (const { name } of suspects) this.get(name).troubles.threwLoose(error);
    return suspects.map(({ name }) => name);
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(
      [...this.#providers.values()].map(async (guarded) => {
        try {
          const patience = sleep(CLOSE_WAIT_MS, STUCK, { ref: false });
          if ((await Promise.race([guarded.close(), patience])) === STUCK)
            this.logger.warn({ provider: guarded.name }, 'provider has not closed in time, not waited for');
        } catch (error) {
          this.logger.warn({ provider: guarded.name, error }, 'provider did not close cleanly');
        }
      }),
    );
    await this.states.close();
  }

  #copyAges(): Map<string, number> {
    const ages = new Map<string, number>();
    for (const { name, provider } of this.#providers.values()) {
      const seconds = provider.copyAgeSeconds?.();
      if (seconds !== undefined) ages.set(name, seconds);
    }
    return ages;
  }

  async #make(entry: ProviderConfig): Promise<VipLookupProvider> {
    const providerClass = this.kinds.get(entry.kind);
    if (providerClass === undefined) {
      throw new Error(
        `No provider of kind "${entry.kind}". Known kinds: ${[...this.kinds.keys()].join(', ')}.`,
      );
    }
    const logger = this.logger.child({ provider: entry.name });
    const context: ProviderContext = {
      name: entry.name,
      options: entry.options,
      country: entry.country,
      databaseUrl: this.config.databaseUrl,
      state: this.states.of(entry.name),
      logger,
      resolvePath: (path) => resolve(this.config.directory, path),
    };
    // The marked class has request scope; its "request" is the context of one configured provider.
    const contextId = ContextIdFactory.create();
    this.moduleRef.registerRequestByContextId(context, contextId);
    return this.moduleRef.resolve(providerClass, contextId, { strict: false });
  }

  async #open(guarded: GuardedProvider): Promise<void> {
    try {
      await guarded.troubles.opening(async () => guarded.provider.open?.());
    } catch (error) {
      this.logger.error(
        { provider: guarded.name, reason: describeFailure(error), error },
        'provider could not open; calls are answered without it until it can',
      );
    }
  }
}
