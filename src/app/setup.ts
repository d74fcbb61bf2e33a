import type { AppConfig } from './app.config.js';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { NestFactory } from '@nestjs/core';
import type { Express } from 'express';
import type { Server } from 'node:https';
import { documentApi } from './docs.js';
import type { LoadedConfig } from './load-config.js';
import { AppModule } from './app.module.js';
import { ConfigStatus } from '../config/config-status.js';
import { LiveConfig } from '../config/live-config.js';
import { ConnectionLimit } from '../http/connection-limit.js';
import { logFailedHandshakes } from '../http/failed-handshakes.js';
import { networkMatcher } from '../http/networks.js';
import { OwnPrototypeAdapter } from '../http/own-prototype.adapter.js';
import { getOnly } from '../http/pages.js';
import { ProblemFilter } from '../http/problem.filter.js';
import { WatchedTls } from '../http/watched-tls.js';
import { LOGGER, NestLogger } from '../observability/logger.js';
import type { Logger } from '../observability/logger.js';
import { MetricsService } from '../observability/metrics.service.js';

/**
 * The HTTP application, ready to listen; used by `main.ts` and by the end-to-end tests.
 * @throws ConfigError for problems in options that only the provider itself can find
 */
export function createApp(loaded: LoadedConfig): Promise<NestExpressApplication> {
  return assemble(loaded).catch((error: unknown) => {
    throw loaded.located(error);
  });
}

async function assemble({ config, tls, plugins, rights }: LoadedConfig): Promise<NestExpressApplication> {
  const adapter = new OwnPrototypeAdapter(tls?.options, config.management);
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(config, plugins), adapter, {
    bodyParser: false,
    bufferLogs: true,
    abortOnError: false,
  });
  const logger = app.get<Logger>(LOGGER);
  app.useLogger(new NestLogger(logger));
  const live = app.get<LiveConfig<AppConfig>>(LiveConfig);
  const metrics = app.get(MetricsService);
  const limit = new ConnectionLimit(live, metrics, logger);
  limit.watch(app.getHttpServer(), true);
  if (adapter.management) limit.watch(adapter.management.server, false);
  if (tls) {
    const server = app.getHttpServer() as unknown as Server;
    logFailedHandshakes(server, logger);
    adapter.certificate = new WatchedTls(server, tls, logger, app.get(ConfigStatus), metrics);
  }
  app.disable('x-powered-by');
  app.set('etag', false);
  const trusted = live.derive(({ server }) => server.trustedProxies, networkMatcher);
  app.set('trust proxy', (address: string | undefined) => trusted.current(address));
  app.useGlobalFilters(new ProblemFilter(logger));
  const express = adapter.getInstance<Express>();
  adapter.management?.separate(express);
  express.all(['/health', '/health/live', '/health/ready', '/metrics'], getOnly);
  documentApi(app);
  await app.init();
  for (const warning of [...config.warnings, ...rights])
    logger.warn({ configuration: config.file, warning }, 'configuration warning');
  return app;
}
