import { Global, Module } from '@nestjs/common';
import type { AppConfig } from '../config/app-config.js';
import { LiveConfig } from '../config/live-config.js';
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
    {
      provide: MetricsService,
      useFactory: (live: LiveConfig) => {
        const metrics = new MetricsService();
        const tell = (config: AppConfig): void =>
          metrics.configured(config.providers.keys(), config.targets.keys());
        tell(live.current);
        live.onSwap(tell);
        return metrics;
      },
      inject: [LiveConfig],
    },
    Tracing,
    {
      provide: LOGGER,
      useFactory: (live: LiveConfig, metrics: MetricsService) => {
        const logger = createLogger(
          live.current.logging,
          standardOutput((lines) => metrics.logLinesDropped(lines)),
          live.current.tracing && traceFields,
        );
        live.onSwap((config) => (logger.level = config.logging.level));
        return logger;
      },
      inject: [LiveConfig, MetricsService],
    },
  ],
  exports: [LoadMeter, MetricsService, Tracing, LOGGER],
})
export class ObservabilityModule {}
