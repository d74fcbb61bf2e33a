import { Module } from '@nestjs/common';
import type { AppConfig } from '../config/app-config.js';
import { APP_CONFIG } from '../config/app-config.js';
import { PROVIDER_STATES } from '../lookup/provider-states.js';
import { LOGGER } from '../observability/logger.js';
import type { Logger } from '../observability/logger.js';
import { DatabaseStates } from './database-states.js';

/** Where providers keep things over restarts: the service's own database. */
@Module({
  providers: [
    {
      provide: PROVIDER_STATES,
      useFactory: ({ databaseUrl }: AppConfig, logger: Logger) => new DatabaseStates(databaseUrl, logger),
      inject: [APP_CONFIG, LOGGER],
    },
  ],
  exports: [PROVIDER_STATES],
})
export class StoreModule {}
