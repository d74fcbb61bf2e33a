import type { NestExpressApplication } from '@nestjs/platform-express';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApp, loadConfig } from './app.setup.js';
import type { AppConfig } from './config/app-config.js';
import { ConfigError } from './config/config-error.js';
import { readEnvironment } from './config/environment.js';
import { Readiness } from './health/readiness.js';
import { ProviderRegistry } from './lookup/provider-registry.js';
import { LOGGER } from './observability/logger.js';
import type { Logger } from './observability/logger.js';

/** sysexits.h EX_CONFIG: something is wrong with the configuration. */
const EXIT_CONFIG = 78;
/** How long calls are still taken after `/health/ready` says 503, so that balancers notice. */
const SHUTDOWN_GRACE_MS = 2_000;
/** Calls in hand that are not done by then are given up; a decision takes less than 5 s. */
const SHUTDOWN_LIMIT_MS = 6_000;
const SHIPPED_DEMO = resolve(import.meta.dirname, '../config/smartrouting.yaml');

async function start(): Promise<void> {
  const loaded = await loadConfig(readEnvironment());
  const app = await createApp(loaded);
  const logger = app.get<Logger>(LOGGER);
  // A plug-in's forgotten promise must not take the endpoint down.
  process.on('unhandledRejection', (error) =>
    logger.error({ error }, 'a promise was rejected and nobody looked'),
  );
  const { host, port } = loaded.config.server;
  await app.listen(port, host);
  await app.get(ProviderRegistry).open();
  app.get(Readiness).ready();
  const url = await app.getUrl();
  logger.info({ url: url + loaded.config.server.path, configuration: loaded.config.file }, 'ready for calls');
  if (loaded.config.file === SHIPPED_DEMO) printFirstCall(url, loaded.config);
  onSignal = (signal) => void stop(app, logger, signal === 'SIGTERM' ? SHUTDOWN_GRACE_MS : 0);
}

/** While starting there are no calls in hand. */
let onSignal: (signal: NodeJS.Signals) => void = () => process.exit(0);
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => onSignal(signal));

async function stop(app: NestExpressApplication, logger: Logger, graceMs: number): Promise<void> {
  onSignal = () => process.exit(1);
  logger.info('stopping: not ready any more, finishing the calls in hand');
  app.get(Readiness).stopping();
  await sleep(graceMs);
  const server = app.getHttpServer();
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const limit = setTimeout(() => server.closeAllConnections(), SHUTDOWN_LIMIT_MS);
  await app.close();
  clearInterval(sweep);
  clearTimeout(limit);
  logger.info('stopped');
  process.exit(0);
}

/** The shell fills in the key just as the configuration file does, so no key is printed. */
function printFirstCall(url: string, config: AppConfig): void {
  console.log(`
smartrouting-vip runs with the demo configuration. Ask it as Enreach Core would:

  curl -i ${url}${config.server.path} \\
    -H "X-Benemen-APIKey: \${SMARTROUTING_API_KEY:-demo-key-change-me}" \\
    -H 'Content-Type: application/json' \\
    -d '{"anum": "+358501231234", "bnum": "+358942415000", "targetid": "SALES_QUEUE"}'

Health: ${url}/health   Metrics: ${url}/metrics   API: ${url}/docs
`);
}

start().catch((error: unknown) => {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof ConfigError) console.error(message);
  else if (code === 'EADDRINUSE' || code === 'EACCES') {
    console.error(
      `Cannot listen (${code}): ${message}. Set another server.port, or PORT in the environment.`,
    );
  } else console.error(error);
  process.exit(error instanceof ConfigError ? EXIT_CONFIG : 1);
});
