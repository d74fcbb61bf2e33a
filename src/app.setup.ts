import type { NestExpressApplication } from '@nestjs/platform-express';
import { NestFactory } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { Server } from 'node:https';
import { createRequire } from 'node:module';
import { AppModule } from './app.module.js';
import type { LoadedPlugins } from './app.plugins.js';
import { loadPlugins, PluginError } from './app.plugins.js';
import type { AppConfig } from './config/app-config.js';
import { checkConfig } from './config/check-config.js';
import { ConfigError } from './config/config-error.js';
import { ConfigStatus } from './config/config-status.js';
import type { Environment } from './config/environment.js';
import { readConfigFile } from './config/read-config-file.js';
import { logFailedHandshakes } from './http/failed-handshakes.js';
import { separatePorts } from './http/management-gate.js';
import { trustProxy } from './http/networks.js';
import { OwnPrototypeAdapter } from './http/own-prototype.adapter.js';
import { ProblemFilter } from './http/problem.filter.js';
import type { TlsMaterial } from './http/read-tls.js';
import { readTls, TlsError } from './http/read-tls.js';
import { WatchedTls } from './http/watched-tls.js';
import { LOGGER, NestLogger } from './observability/logger.js';
import type { Logger } from './observability/logger.js';
import { MetricsService } from './observability/metrics.service.js';
import { templateProblem } from './routing/instructions.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

export interface LoadedConfig {
  readonly config: AppConfig;
  /** What the files of `server.tls` held. */
  readonly tls: TlsMaterial | undefined;
  readonly plugins: LoadedPlugins;
  /** The same error; one about the configuration that was found later, by a provider itself or by Nest, gets its lines. */
  located(this: void, error: unknown): unknown;
}

/**
 * Reads and checks the configuration, the plug-ins it names included.
 * @throws ConfigError with every problem
 */
export async function loadConfig(environment: Environment): Promise<LoadedConfig> {
  const source = await readConfigFile(environment);
  const plugins = await loadPlugins(source.plugins, source.directory).catch((error: unknown) => {
    throw error instanceof PluginError ? source.error(error.problems) : error;
  });
  const config = checkConfig(source, plugins.marks, environment, { checkInstruction: templateProblem });
  const tls =
    config.server.tls &&
    (await readTls(config.server.tls).catch((error: unknown) => {
      throw error instanceof TlsError
        ? source.error([{ key: error.key, message: `${error.problem}.` }])
        : error;
    }));
  const located = (error: unknown): unknown => {
    if (error instanceof ConfigError) return source.error(error.problems);
    // Nest does not export the class.
    const isInjection = (error as Error | undefined)?.constructor.name === 'UnknownDependenciesException';
    if (!isInjection || plugins.origins.length === 0) return error;
    const said = (error as Error).message.split('\n', 1)[0];
    const cure = 'Export from the plug-in a Nest module that provides the class and what it is injected with';
    return source.error([{ key: 'plugins', message: `A plug-in cannot be used: ${said} ${cure}.` }]);
  };
  return { config, tls, plugins, located };
}

/**
 * The HTTP application, ready to listen; used by `main.ts` and by the end-to-end tests.
 * @throws ConfigError for what only a provider itself can see of its options
 */
export async function createApp(loaded: LoadedConfig): Promise<NestExpressApplication> {
  try {
    return await assemble(loaded);
  } catch (error) {
    throw loaded.located(error);
  }
}

async function assemble({ config, tls, plugins }: LoadedConfig): Promise<NestExpressApplication> {
  const adapter = new OwnPrototypeAdapter({ tls: tls?.options, management: config.management });
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(config, plugins), adapter, {
    bodyParser: false,
    bufferLogs: true,
    abortOnError: false,
  });
  const logger = app.get<Logger>(LOGGER);
  app.useLogger(new NestLogger(logger));
  if (tls) {
    const server = app.getHttpServer() as unknown as Server;
    logFailedHandshakes(server, logger);
    new WatchedTls(server, tls, logger, app.get(ConfigStatus), app.get(MetricsService));
  }
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('trust proxy', trustProxy(config.server.trustedProxies));
  app.useGlobalFilters(new ProblemFilter(logger));
  const { management } = adapter;
  if (management) separatePorts(adapter.getInstance(), (request) => management.received(request));
  documentApi(app);
  await app.init();
  for (const warning of config.warnings) logger.warn({ configuration: config.file }, warning);
  return app;
}

function documentApi(app: NestExpressApplication): void {
  const description = new DocumentBuilder()
    .setTitle('smartrouting-vip')
    .setDescription(
      'Who is calling, and where should this call go? Asked by Enreach Core (SmartRouting) for each incoming call.',
    )
    .setVersion(version)
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-Benemen-APIKey' }, 'apiKey')
    .addBasicAuth({ type: 'http', scheme: 'basic' }, 'basic')
    .build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, description), {
    jsonDocumentUrl: 'docs-json',
    raw: ['json'],
  });
}
