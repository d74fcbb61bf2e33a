import { Global, Module } from '@nestjs/common';
import { LiveConfig } from '../config/live-config.js';
import { LoadMeter } from './load-meter.js';
import { createLogger, LOGGER, standardOutput } from './logger.js';
import { MetricsController } from './metrics.controller.js';
import { MetricsService } from './metrics.service.js';

@Global()
@Module({
  controllers: [MetricsController],
  providers: [
    LoadMeter,
    MetricsService,
    {
      provide: LOGGER,
      useFactory: (live: LiveConfig, metrics: MetricsService) => {
        const logger = createLogger(
          live.current.logging,
          standardOutput(() => metrics.logLineDropped()),
        );
        live.onSwap((config) => (logger.level = config.logging.level));
        return logger;
      },
      inject: [LiveConfig, MetricsService],
    },
  ],
  exports: [LoadMeter, MetricsService, LOGGER],
})
export class ObservabilityModule {}
