import type { INestApplication } from '@nestjs/common';
import { isDeepStrictEqual } from 'node:util';
import type { LoadedConfig } from './load-config.js';
import { FIXED, loadConfig } from './load-config.js';
import { contentVersion } from '../common/content-version.js';
import { FileWatcher } from '../common/file-watcher.js';
import type { AppConfig } from './app.config.js';
import { ConfigError, formatProblem, placeOf } from '../config/config-error.js';
import type { ConfigProblem } from '../config/config-error.js';
import { ConfigStatus } from '../config/config-status.js';
import type { Environment } from './environment.js';
import { LiveConfig } from '../config/live-config.js';
import { adapterOf } from '../http/own-prototype.adapter.js';
import { comparable } from '../lookup/providers.config.js';
import { ProviderRegistry } from '../lookup/provider-registry.js';
import { LOGGER } from '../observability/logger.js';
import { maskNumbersIn } from '../observability/masking.js';
import type { Logger } from '../observability/logger.js';
import { MetricsService } from '../observability/metrics.service.js';

const HEALTH_REASON = 'the changed configuration is invalid, the previous one stays in use; the log says why';

/** How often each file is looked at. */
const WATCH_MS = 500;
const MAX_PLACES_SHOWN = 10;

/**
 * Reads the configuration again when one of its files changes, and on demand: checks all of it, creates what it
 * needs, and swaps it in. An unusable one is refused with the same messages as at the start, and the previous one
 * stays in use. See docs/adr/0019-configuration-swapped-in-whole.md.
 */
export class ConfigReload {
  readonly #live: LiveConfig<AppConfig>;
  readonly #status: ConfigStatus;
  readonly #metrics: MetricsService;
  readonly #logger: Logger;
  readonly #watchers = new Map<string, FileWatcher>();
  /** Settles when the last requested attempt is done. */
  #last: Promise<void> = Promise.resolve();
  #isQueued = false;
  #isAsked = false;
  #isStopped = false;
  /** So that a refusal of one version is logged once. */
  #refusal: string | undefined;
  /** Of the files that were read last, so that each version is told once. */
  #version: string | undefined;

  /** @param inUse the configuration that the application was created with */
  constructor(
    private readonly app: INestApplication,
    private readonly environment: Environment,
    private readonly inUse: LoadedConfig,
  ) {
    this.#live = app.get<LiveConfig<AppConfig>>(LiveConfig);
    this.#status = app.get(ConfigStatus);
    this.#metrics = app.get(MetricsService);
    this.#logger = app.get<Logger>(LOGGER);
  }

  /** Begins to watch; a change since the start is noticed, too. */
  watch(): Promise<void> {
    return this.#enqueue(false);
  }

  /** Reads the files now, and logs the result. */
  reload(): Promise<void> {
    return this.#enqueue(true);
  }

  /** Attempts run one after the other; a waiting one serves all requests that come meanwhile. */
  #enqueue(isAsked: boolean): Promise<void> {
    this.#isAsked ||= isAsked;
    if (!this.#isQueued) {
      this.#isQueued = true;
      this.#last = this.#last.then(async () => {
        const asked = this.#isAsked;
        this.#isQueued = this.#isAsked = false;
        if (!this.#isStopped) await this.#attempt(asked);
      });
    }
    return this.#last;
  }

  /** From now on no configuration is put into use. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#watchers.values()].map((watcher) => watcher.stop()));
  }

  /** @param isAsked somebody requested it and wants to know the result */
  async #attempt(isAsked: boolean): Promise<void> {
    const files = new Set<string>();
    try {
      const current = this.#live.current;
      const loaded = await loadConfig(this.environment, files, { ...this.inUse, config: current });
      const isOther = await this.#isOtherVersion(files);
      const isSame = isSameConfig(loaded.config, current);
      if (!isSame) await this.#swapIn(loaded, files);
      if (isSame && (isAsked || isOther || this.#refusal !== undefined)) {
        this.#logger.info({ configuration: current.file }, 'configuration read again without changes');
      }
      this.#refusal = undefined;
      this.#metrics.configRead(true);
      this.#status.refused.delete('file');
    } catch (error) {
      await this.#isOtherVersion(files);
      this.#refused(error, isAsked);
    }
    await this.#watchJust(files);
  }

  async #swapIn(loaded: LoadedConfig, files: Set<string>): Promise<void> {
    const { config } = loaded;
    const fixed = fixedAtStart(this.inUse.config, config);
    if (fixed.length > 0) throw loaded.located(new ConfigError(config.file, fixed));
    const swap = this.#live.prepare(config);
    const registry = this.app.get(ProviderRegistry);
    const providers = await registry.prepare(config, files).catch((error: unknown) => {
      throw loaded.located(error);
    });
    if (this.#isStopped) return providers.discard();
    if (loaded.tls) adapterOf(this.app).certificate?.use(loaded.tls);
    swap();
    providers.swap();
    this.#status.loadedAt = new Date().toISOString();
    this.#logger.info(
      { configuration: config.file, providers: providers.changes, targets: config.targets.size },
      'changed configuration in use',
    );
    for (const warning of [...config.warnings, ...loaded.rights]) {
      this.#logger.warn({ configuration: config.file, warning }, 'configuration warning');
    }
  }

  /** True for a version that has not been told of; not for the one of the start. */
  async #isOtherVersion(files: ReadonlySet<string>): Promise<boolean> {
    const before = this.#version;
    this.#version = await contentVersion(files);
    return before !== undefined && before !== this.#version;
  }

  #refused(error: unknown, isAsked: boolean): void {
    const problems = error instanceof ConfigError ? error.problems : [];
    const texts = problems.map((problem) => maskNumbersIn(formatProblem(problem)));
    this.#metrics.configRead(false);
    // /health needs no login, so it shows the places but no values.
    const places = problems.map((problem) => maskNumbersIn(placeOf(problem))).filter((place) => place !== '');
    const shown =
      places.slice(0, MAX_PLACES_SHOWN).join('; ') + (places.length > MAX_PLACES_SHOWN ? '; …' : '');
    const version = this.#version ?? '';
    this.#status.refuse('file', `${HEALTH_REASON}${shown && `: ${shown}`}`, version);
    const refusal = `${texts.join('\n')}\n${version}`;
    if (this.#refusal === refusal && !isAsked) return;
    this.#refusal = refusal;
    this.#logger.error(
      { configuration: this.#live.current.file, ...(texts.length > 0 ? { problems: texts } : { error }) },
      'changed configuration is invalid, the previous one stays in use',
    );
  }

  /** A refused attempt may not have reached all files; the rest are read when the cause is fixed. */
  async #watchJust(files: ReadonlySet<string>): Promise<void> {
    for (const [file, watcher] of this.#watchers) {
      if (files.has(file)) continue;
      this.#watchers.delete(file);
      await watcher.stop();
    }
    for (const file of files) {
      if (this.#watchers.has(file) || this.#isStopped) continue;
      // Also called for the current version, which may differ from the one read a moment ago.
      const watcher = new FileWatcher(file, WATCH_MS, () => {
        void this.#enqueue(false);
        return Promise.resolve();
      });
      this.#watchers.set(file, watcher);
      await watcher.start();
    }
  }
}

/** The keys that were fixed at the start and differ in another configuration. */
function fixedAtStart(before: AppConfig, after: AppConfig): ConfigProblem[] {
  const values = ({ server, management }: AppConfig): [string, unknown][] => [
    ['server.host', server.host],
    ['server.port', server.port],
    ['server.path', server.path],
    ['server.tls', server.tls !== undefined],
    ['server.tls.clientCa', server.tls?.clientCa !== undefined],
    ['management', management],
  ];
  const was = new Map(values(before));
  return values(after)
    .filter(([key, value]) => !isDeepStrictEqual(value, was.get(key)))
    .map(([key]) => ({ key, message: FIXED }));
}

/** Whether two configurations are equal, including the texts that `${…}` inserts. */
function isSameConfig(one: AppConfig, other: AppConfig): boolean {
  const values = ({ providers, ...rest }: AppConfig): object => ({
    ...rest,
    providers: new Map([...providers].map(([name, provider]) => [name, comparable(provider)])),
  });
  return isDeepStrictEqual(values(one), values(other));
}
