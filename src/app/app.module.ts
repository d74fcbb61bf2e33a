import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import type { AppConfig } from './app.config.js';
import { ConfigModule } from '../config/config.module.js';
import { OwnDatabaseModule } from '../database/own-database.module.js';
import { HealthModule } from '../health/health.module.js';
import type { LookupPlugins } from '../lookup/lookup.module.js';
import { LookupModule } from '../lookup/lookup.module.js';
import { ObservabilityModule } from '../observability/observability.module.js';
import { RoutingModule } from '../routing/routing.module.js';
import { StoreModule } from '../store/store.module.js';

/** Composition root: the feature modules and the plug-ins, nothing else. */
@Module({})
export class AppModule {
  static forRoot(config: AppConfig, plugins: LookupPlugins): DynamicModule {
    const lookup = LookupModule.forRoot(plugins, StoreModule);
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(config),
        OwnDatabaseModule.forRoot(config.databaseUrl),
        ObservabilityModule,
        lookup,
        RoutingModule.forRoot(lookup),
        HealthModule.forRoot(lookup),
        RouterModule.register([{ path: config.server.path, module: RoutingModule }]),
      ],
    };
  }
}
