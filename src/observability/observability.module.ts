import { Global, Module } from '@nestjs/common';
import type { AppConfig } from '../config/app-config.js';
import { APP_CONFIG } from '../config/app-config.js';
import { LoadMeter } from './load-meter.js';
import { createLogger, LOGGER, standardOutput } from './logger.js';
import { traceFields } from './lookup-context.js';
import { MetricsController } from './metrics.controller.js';
import { MetricsService } from './metrics.service.js';
import { Tracing } from './tracing.js';

@Global()
@Module({
  controllers: [MetricsController],
  providers: [
    LoadMeter,
    MetricsService,
    Tracing,
    {
      provide: LOGGER,
      useFactory: (config: AppConfig, metrics: MetricsService) =>
        createLogger(
          config.logging,
          standardOutput(() => metrics.logLineDropped()),
          config.tracing && traceFields,
        ),
      inject: [APP_CONFIG, MetricsService],
    },
  ],
  exports: [LoadMeter, MetricsService, Tracing, LOGGER],
})
export class ObservabilityModule {}
