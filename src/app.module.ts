import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import type { AppConfig } from './config/app-config.js';
import { ApiDocs } from './app.docs.js';
import { ConfigModule } from './config/config.module.js';
import { HealthModule } from './health/health.module.js';
import type { LookupPlugins } from './lookup/lookup.module.js';
import { LookupModule } from './lookup/lookup.module.js';
import { ObservabilityModule } from './observability/observability.module.js';
import { RoutingModule } from './routing/routing.module.js';

/** Composition root: the feature modules and the plug-ins, nothing else. */
@Module({})
export class AppModule {
  static forRoot(config: AppConfig, plugins: LookupPlugins): DynamicModule {
    const lookup = LookupModule.forRoot(plugins);
    return {
      module: AppModule,
      imports: [
        // First, because Express tries routes in the order of the modules.
        RoutingModule.forRoot(lookup),
        ConfigModule.forRoot(config),
        ObservabilityModule,
        lookup,
        HealthModule.forRoot(lookup),
        RouterModule.register([{ path: config.server.path, module: RoutingModule }]),
      ],
      providers: [ApiDocs],
    };
  }
}
