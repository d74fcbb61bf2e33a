import type { Database } from '../database/database.js';
import type { ProviderStates } from '../lookup/provider-states.js';
import type { ProviderLogger } from '../plugin-api/index.js';
import type { ProviderState } from '../plugin-api/provider-state.js';
import { DatabaseState } from './database-state.js';
import { StateDatabase } from './state-database.js';

/** The plug-in API promises "half a minute at most". */
const LEASE_MS = 30_000;

/** Keeps what providers want to keep in the service's own database. */
export class DatabaseStates extends StateDatabase implements ProviderStates {
  constructor(
    database: Database,
    logger: ProviderLogger,
    private readonly leaseMs = LEASE_MS,
  ) {
    super(database, logger);
  }

  of(provider: string): ProviderState {
    return new DatabaseState(this, provider, this.leaseMs);
  }
}
