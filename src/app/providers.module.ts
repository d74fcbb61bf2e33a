import type { DynamicModule, Type } from '@nestjs/common';
import { Module } from '@nestjs/common';
import type { AppConfig } from './app.config.js';
import { ConfigStatus } from '../config/config-status.js';
import { LiveConfig } from '../config/live-config.js';
import { Database } from '../database/database.js';
import type { LookupPlugins } from '../lookup/lookup.module.js';
import { LookupModule } from '../lookup/lookup.module.js';
import { ObservabilityModule } from '../observability/observability.module.js';
import { StoreModule } from '../store/store.module.js';

/**
 * The providers as in the service, without the modules that answer calls: for commands. It is global instead of
 * `LookupModule`, which has to stay above the modules of plug-ins: Nest initialises their providers first, and
 * destroys them last.
 */
@Module({})
export class ProvidersModule {
  /** @param store where providers store data that survives restarts */
  static forRoot(config: AppConfig, plugins: LookupPlugins, store: Type = StoreModule): DynamicModule {
    const lookup = LookupModule.forRoot(plugins, store);
    return {
      module: ProvidersModule,
      global: true,
      imports: [ObservabilityModule, lookup],
      providers: [
        { provide: LiveConfig, useValue: new LiveConfig(config) },
        ConfigStatus,
        { provide: Database, useValue: new Database(config.databaseUrl) },
      ],
      exports: [lookup, LiveConfig, ConfigStatus, Database],
    };
  }
}
