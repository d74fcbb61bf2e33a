import { Global, Module } from '@nestjs/common';
import type { AppConfig } from '../config/app-config.js';
import { APP_CONFIG } from '../config/app-config.js';
import { createLogger, LOGGER } from './logger.js';
import { MetricsController } from './metrics.controller.js';
import { MetricsService } from './metrics.service.js';

@Global()
@Module({
  controllers: [MetricsController],
  providers: [
    MetricsService,
    {
      provide: LOGGER,
      useFactory: (config: AppConfig) => createLogger(config.logging),
      inject: [APP_CONFIG],
    },
  ],
  exports: [MetricsService, LOGGER],
})
export class ObservabilityModule {}
