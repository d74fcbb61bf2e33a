import { Global, Module } from '@nestjs/common';
import { LiveConfig } from '../config/live-config.js';
import { LoadMeter } from './load-meter.js';
import type { ObservabilityConfig } from './logging.config.js';
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
      useFactory: (live: LiveConfig<ObservabilityConfig>) => {
        const metrics = new MetricsService();
        const tell = ({ providers, targets }: ObservabilityConfig): void =>
          void metrics.configured(providers.keys(), targets.keys());
        tell(live.current);
        live.onSwap(tell);
        return metrics;
      },
      inject: [LiveConfig],
    },
    Tracing,
    {
      provide: LOGGER,
      useFactory: (live: LiveConfig<ObservabilityConfig>, metrics: MetricsService) => {
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
