import { Module } from '@nestjs/common';
import type { FactoryProvider } from '@nestjs/common';
import { Database } from '../database/database.js';
import { PROVIDER_STATES } from '../lookup/provider-states.js';
import { LOGGER } from '../observability/logger.js';
import type { Logger } from '../observability/logger.js';
import { DatabaseStates } from './database-states.js';
import { ReadingStates } from './reading-states.js';

const keptBy = (States: typeof DatabaseStates): FactoryProvider => ({
  provide: PROVIDER_STATES,
  useFactory: (database: Database, logger: Logger) => new States(database, logger),
  inject: [Database, LOGGER],
});

/** Stores data of providers that survives restarts in the service's own database. */
@Module({ providers: [keptBy(DatabaseStates)], exports: [PROVIDER_STATES] })
export class StoreModule {}

/** The same for commands that change nothing. */
@Module({ providers: [keptBy(ReadingStates)], exports: [PROVIDER_STATES] })
export class ReadingStoreModule {}
