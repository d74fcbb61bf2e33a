import { Module } from '@nestjs/common';
import { LiveConfig } from '../config/live-config.js';
import { PROVIDER_STATES } from '../lookup/provider-states.js';
import { LOGGER } from '../observability/logger.js';
import type { Logger } from '../observability/logger.js';
import { DatabaseStates } from './database-states.js';

/** Where providers keep things over restarts: the service's own database. */
@Module({
  providers: [
    {
      provide: PROVIDER_STATES,
      useFactory: ({ current }: LiveConfig<{ readonly databaseUrl: string }>, logger: Logger) =>
        new DatabaseStates(current.databaseUrl, logger),
      inject: [LiveConfig, LOGGER],
    },
  ],
  exports: [PROVIDER_STATES],
})
export class StoreModule {}
