import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import type { AppConfig } from './app.config.js';
import { DecisionLog } from './decision-log.js';
import { ProvidersModule } from './providers.module.js';
import { HealthModule } from '../health/health.module.js';
import type { LookupPlugins } from '../lookup/lookup.module.js';
import { RoutingModule } from '../routing/routing.module.js';

/** Composition root: the providers, and the modules that answer calls with them. */
@Module({})
export class AppModule {
  static forRoot(config: AppConfig, plugins: LookupPlugins): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ProvidersModule.forRoot(config, plugins),
        RoutingModule,
        HealthModule,
        RouterModule.register([{ path: config.server.path, module: RoutingModule }]),
      ],
      providers: [DecisionLog],
    };
  }
}
