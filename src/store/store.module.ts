import { Module } from '@nestjs/common';
import { OWN_DATABASE_URL } from '../database/own-database.module.js';
import { PROVIDER_STATES } from '../lookup/provider-states.js';
import { LOGGER } from '../observability/logger.js';
import type { Logger } from '../observability/logger.js';
import { DatabaseStates } from './database-states.js';

/** Stores data of providers that survives restarts in the service's own database. */
@Module({
  providers: [
    {
      provide: PROVIDER_STATES,
      useFactory: (url: string, logger: Logger) => new DatabaseStates(url, logger),
      inject: [OWN_DATABASE_URL, LOGGER],
    },
  ],
  exports: [PROVIDER_STATES],
})
export class StoreModule {}
