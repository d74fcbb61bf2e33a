import type { INestApplication } from '@nestjs/common';
import { isDeepStrictEqual } from 'node:util';
import type { LoadedConfig } from './app.setup.js';
import { loadConfig } from './app.setup.js';
import { FileWatcher } from './common/file-watcher.js';
import { ConfigError, formatProblem } from './config/config-error.js';
import type { ConfigProblem } from './config/config-error.js';
import { isSameConfig } from './config/same-config.js';
import { ConfigStatus } from './config/config-status.js';
import type { Environment } from './config/environment.js';
import { LiveConfig } from './config/live-config.js';
import type { OwnPrototypeAdapter } from './http/own-prototype.adapter.js';
import type { WatchedTls } from './http/watched-tls.js';
import { ProviderRegistry } from './lookup/provider-registry.js';
import { LOGGER } from './observability/logger.js';
import type { Logger } from './observability/logger.js';
import { MetricsService } from './observability/metrics.service.js';

/** How often each file is looked at. */
const WATCH_MS = 500;
/** What `/health` shows of a list of problems. */
const MAX_PROBLEMS_SHOWN = 5;

/**
 * Reads the configuration again when one of its files changes, and on demand: checks it whole, makes what it needs, and
 * swaps it in. One that is not usable is refused with the messages of the start, and the one in use stays.
 * See docs/adr/0019-configuration-swapped-in-whole.md.
 */
export class ConfigReload {
  readonly #live: LiveConfig;
  readonly #status: ConfigStatus;
  readonly #registry: ProviderRegistry;
  readonly #metrics: MetricsService;
  readonly #logger: Logger;
  readonly #certificate: WatchedTls | undefined;
  readonly #watchers = new Map<string, FileWatcher>();
  /** Settles when the last attempt that was asked for is done. */
  #last: Promise<void> = Promise.resolve();
  #isQueued = false;
  #isStopped = false;
  /** So that a refusal is logged once. */
  #refusal: string | undefined;

  /** @param inUse the configuration that the application was made with */
  constructor(
    app: INestApplication,
    private readonly environment: Environment,
    private readonly inUse: LoadedConfig,
  ) {
    this.#live = app.get(LiveConfig);
    this.#status = app.get(ConfigStatus);
    this.#registry = app.get(ProviderRegistry);
    this.#metrics = app.get(MetricsService);
    this.#logger = app.get<Logger>(LOGGER);
    this.#certificate = (app.getHttpAdapter() as unknown as OwnPrototypeAdapter).certificate;
  }

  /** Begins to watch; a change since the start is noticed. */
  watch(): Promise<void> {
    return this.reload();
  }

  /** Reads the files now. Attempts follow each other; one that waits does for all that are asked for meanwhile. */
  reload(): Promise<void> {
    if (!this.#isQueued) {
      this.#isQueued = true;
      this.#last = this.#last.then(async () => {
        this.#isQueued = false;
        if (!this.#isStopped) await this.#attempt();
      });
    }
    return this.#last;
  }

  /** No configuration is put into use any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#watchers.values()].map((watcher) => watcher.stop()));
  }

  async #attempt(): Promise<void> {
    const files = new Set<string>();
    try {
      const loaded = await loadConfig(this.environment, files);
      if (!isSameConfig(loaded.config, this.#live.current)) await this.#swapIn(loaded);
      this.#refusal = undefined;
      this.#metrics.configRead(true);
      this.#status.accepted('file');
    } catch (error) {
      this.#refused(error);
    }
    await this.#watchJust(files);
  }

  async #swapIn(loaded: LoadedConfig): Promise<void> {
    const { config } = loaded;
    const before = this.#live.current;
    const fixed = fixedAtStart(this.inUse, loaded);
    if (fixed.length > 0) throw loaded.located(new ConfigError(config.file, fixed));
    const swap = this.#live.prepare(config);
    const providers = await this.#registry.prepare(config).catch((error: unknown) => {
      throw loaded.located(error);
    });
    if (this.#isStopped) return providers.discard();
    swap();
    providers.swap();
    if (loaded.tls && !isDeepStrictEqual(loaded.tls.files, before.server.tls))
      this.#certificate?.use(loaded.tls);
    this.#logger.info(
      { configuration: config.file, providers: providers.changes, targets: config.targets.size },
      'changed configuration in use',
    );
    for (const warning of config.warnings) this.#logger.warn({ configuration: config.file }, warning);
  }

  #refused(error: unknown): void {
    const isOurs = error instanceof ConfigError;
    const problems = isOurs ? error.problems.map(formatProblem) : ['it could not be read; the log says why.'];
    const count = `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`;
    const shown = problems.slice(0, MAX_PROBLEMS_SHOWN).join(' ');
    this.#metrics.configRead(false);
    this.#status.refuse(
      'file',
      `the changed configuration is not usable (${count}), the one before stays: ${shown}`,
    );
    if (this.#refusal === shown) return;
    this.#refusal = shown;
    this.#logger.error(
      { configuration: this.#live.current.file, ...(isOurs ? { problems } : { error }) },
      'changed configuration is not usable, the one before stays',
    );
  }

  /** A refused attempt may not have come to all files; those are read when what stopped it is mended. */
  async #watchJust(files: ReadonlySet<string>): Promise<void> {
    for (const [file, watcher] of this.#watchers) {
      if (files.has(file)) continue;
      this.#watchers.delete(file);
      await watcher.stop();
    }
    for (const file of files) {
      if (this.#watchers.has(file) || this.#isStopped) continue;
      // Called for the present version too, which may be another one than was read a moment ago.
      const watcher = new FileWatcher(file, WATCH_MS, () => {
        void this.reload();
        return Promise.resolve();
      });
      this.#watchers.set(file, watcher);
      await watcher.start();
    }
  }
}

/** What the process took for good when it started, and another configuration says otherwise. */
function fixedAtStart(before: LoadedConfig, after: LoadedConfig): ConfigProblem[] {
  const values = ({ config: { server, management }, pluginNames }: LoadedConfig): [string, unknown][] => [
    ['server.host', server.host],
    ['server.port', server.port],
    ['server.path', server.path],
    ['server.tls', server.tls !== undefined],
    ['server.tls.clientCa', server.tls?.clientCa !== undefined],
    ['management', management],
    ['plugins', pluginNames],
  ];
  const was = new Map(values(before));
  return values(after)
    .filter(([key, value]) => !isDeepStrictEqual(value, was.get(key)))
    .map(([key]) => ({
      key,
      message: 'cannot change while the service runs. Put the old value back, or restart the service.',
    }));
}
