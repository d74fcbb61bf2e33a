import type { DynamicModule, INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AppConfig } from '../app/app.config.js';
import type { LoadedConfig } from '../app/load-config.js';
import type { LookupPlugins } from '../lookup/lookup.module.js';

/**
 * Creates a part of the service, which logs nothing, for the duration of the work.
 * @throws ConfigError, also for problems in options that only the provider itself can find
 */
export async function withSilentApp<T>(
  { config, plugins, located }: LoadedConfig,
  module: { forRoot(config: AppConfig, plugins: LookupPlugins): DynamicModule },
  work: (app: INestApplicationContext) => Promise<T>,
): Promise<T> {
  const silent = { ...config, logging: { ...config.logging, level: 'silent' } } as const;
  const app = await NestFactory.createApplicationContext(module.forRoot(silent, plugins), {
    logger: false,
    abortOnError: false,
  }).catch((error: unknown) => {
    throw located(error);
  });
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}
