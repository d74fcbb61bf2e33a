import type { NestExpressApplication } from '@nestjs/platform-express';
import { resolve } from 'node:path';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { outliveLooseErrors } from './culprits.js';
import { loadConfig } from './load-config.js';
import { ConfigReload } from './reload.js';
import { createApp } from './setup.js';
import type { AppConfig } from './app.config.js';
import { readEnvironment } from './environment.js';
import { COMMIT, VERSION } from '../common/version.js';
import { LiveConfig } from '../config/live-config.js';
import { adapterOf } from '../http/own-prototype.adapter.js';
import { Readiness } from '../health/readiness.js';
import { ProviderRegistry } from '../lookup/provider-registry.js';
import { EntryCensus } from '../routing/entry-census.js';
import { LOGGER, logWritten } from '../observability/logger.js';
import type { Logger } from '../observability/logger.js';
import { Tracing } from '../observability/tracing.js';

/** Calls that are not finished by then are abandoned; a decision takes less than 5 s. */
const SHUTDOWN_LIMIT_MS = 6_000;
/** How long the exit waits for the last log lines to be written. */
const LOG_LIMIT_MS = 1_000;
const SHIPPED_DEMO = resolve(import.meta.dirname, '../../config/smartrouting.yaml');

/** The service while it answers calls. */
export interface Running {
  /** Reads the configuration again; see `ConfigReload`. */
  reload(): void;
  /**
   * No longer ready. Calls are still taken for `server.shutdownGrace` unless the stop is urgent; calls in progress
   * are finished, then everything is closed.
   */
  stop(inHurry: boolean): Promise<void>;
  /** Whether all log lines could be written; false if nobody reads standard output. */
  logWritten(): Promise<boolean>;
}

/**
 * Loads the configuration, creates the application, listens, and opens the providers.
 * @param listens called as soon as calls may arrive; the providers are not open yet
 * @throws ConfigError, or the error of the socket
 */
export async function start(listens: (running: Running) => void): Promise<Running> {
  const environment = readEnvironment();
  const loaded = await loadConfig(environment);
  const app = await createApp(loaded);
  const logger = app.get<Logger>(LOGGER);
  outliveLooseErrors(loaded.plugins.origins, app.get(ProviderRegistry), logger);
  const { host, port } = loaded.config.server;
  await app.get(Tracing).start();
  // From Node 22 on, all of this may happen in one turn of the event loop. A signal that came meanwhile is delivered
  // in the next turn, when there is nothing to stop yet.
  for (let turn = 0; turn < 2; turn++) await nextTurn();
  await app.listen(port, host);
  const configReload = new ConfigReload(app, environment, loaded);
  const running: Running = {
    reload: () => void configReload.reload(),
    stop: async (inHurry) => {
      await configReload.stop();
      await stop(
        app,
        logger,
        inHurry ? 0 : app.get<LiveConfig<AppConfig>>(LiveConfig).current.server.shutdownGraceMs,
      );
    },
    logWritten: () => logWritten(logger, LOG_LIMIT_MS),
  };
  listens(running);
  await app.get(ProviderRegistry).open();
  const readiness = app.get(Readiness);
  if (readiness.state === 'stopping') return running;
  readiness.state = 'ready';
  const url = await app.getUrl();
  const management = adapterOf(app).management?.url;
  logger.info(
    {
      url: url + loaded.config.server.path,
      management,
      version: VERSION,
      commit: COMMIT,
      configuration: loaded.config.file,
      configurationHash: loaded.config.hash,
    },
    'ready for calls',
  );
  app.get(EntryCensus).start();
  if (loaded.config.file === SHIPPED_DEMO) printFirstCall(url, management ?? url, loaded.config);
  void configReload.watch();
  return running;
}

async function stop(app: NestExpressApplication, logger: Logger, graceMs: number): Promise<void> {
  logger.info('stopping: no longer ready, finishing the calls in progress');
  app.get(Readiness).state = 'stopping';
  adapterOf(app).drain();
  await sleep(graceMs);
  const server = app.getHttpServer();
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const limit = setTimeout(() => server.closeAllConnections(), SHUTDOWN_LIMIT_MS);
  await app.close();
  clearInterval(sweep);
  clearTimeout(limit);
  logger.info('stopped');
}

/** The shell inserts the key just as the configuration file does, so no key is printed. */
function printFirstCall(url: string, management: string, config: AppConfig): void {
  console.log(`
smartrouting-vip runs with the demo configuration. Ask it as Enreach Core would:

  curl -i ${url}${config.server.path} \\
    -H "X-Benemen-APIKey: \${SMARTROUTING_API_KEY:-demo-key-change-me}" \\
    -H 'Content-Type: application/json' \\
    -d '{"anum": "+358501231234", "bnum": "+358942415000", "targetid": "SALES_QUEUE"}'

Health: ${management}/health   Metrics: ${management}/metrics   API: ${management}/docs
`);
}
