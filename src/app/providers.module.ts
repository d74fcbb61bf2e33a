import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import type { AppConfig } from './app.config.js';
import { ConfigModule } from '../config/config.module.js';
import { Database } from '../database/database.js';
import type { LookupPlugins } from '../lookup/lookup.module.js';
import { LookupModule } from '../lookup/lookup.module.js';
import { ObservabilityModule } from '../observability/observability.module.js';
import { StoreModule } from '../store/store.module.js';

/**
 * The providers as the service has them, without what answers calls: for commands. It is global in place of `LookupModule`, which
 * has to stay above the modules of plug-ins: Nest begins with what those provide, and ends with it.
 */
@Module({})
export class ProvidersModule {
  static forRoot(config: AppConfig, plugins: LookupPlugins): DynamicModule {
    const lookup = LookupModule.forRoot(plugins, StoreModule);
    return {
      module: ProvidersModule,
      global: true,
      imports: [ConfigModule.forRoot(config), ObservabilityModule, lookup],
      providers: [{ provide: Database, useValue: new Database(config.databaseUrl) }],
      exports: [lookup, Database],
    };
  }
}
