import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { HealthController } from './health.controller.js';
import { Readiness } from './readiness.js';

@Module({})
export class HealthModule {
  /** @param lookup the module that exports `ProviderRegistry` */
  static forRoot(lookup: DynamicModule): DynamicModule {
    return {
      module: HealthModule,
      imports: [TerminusModule.forRoot({ logger: false }), lookup],
      controllers: [HealthController],
      providers: [Readiness],
      exports: [Readiness],
    };
  }
}
