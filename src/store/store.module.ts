import { Module } from '@nestjs/common';
import { Database } from '../database/database.js';
import { PROVIDER_STATES } from '../lookup/provider-states.js';
import { LOGGER } from '../observability/logger.js';
import type { Logger } from '../observability/logger.js';
import { DatabaseStates } from './database-states.js';
import { ReadingStates } from './reading-states.js';

/** Stores data of providers that survives restarts in the service's own database. */
@Module({
  providers: [
    {
      provide: PROVIDER_STATES,
      useFactory: (database: Database, logger: Logger) => new DatabaseStates(database, logger),
      inject: [Database, LOGGER],
    },
  ],
  exports: [PROVIDER_STATES],
})
export class StoreModule {}

/** The same for commands that change nothing. */
@Module({
  providers: [
    {
      provide: PROVIDER_STATES,
      useFactory: (database: Database, logger: Logger) => new ReadingStates(database, logger),
      inject: [Database, LOGGER],
    },
  ],
  exports: [PROVIDER_STATES],
})
export class ReadingStoreModule {}
