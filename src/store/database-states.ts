import type { ProviderState } from '../plugin-api/provider-state.js';
import type { ProviderStates } from '../lookup/provider-states.js';
import type { ProviderLogger } from '../plugin-api/index.js';
import { DatabaseState } from './database-state.js';
import { StateDatabase } from './state-database.js';

/** The plug-in API promises "half a minute at most". */
const LEASE_MS = 30_000;

/** Stores data of providers in the service's own database, which is connected when the first of them reads or writes. */
export class DatabaseStates implements ProviderStates {
  readonly #database: StateDatabase;

  /** @param url `DATABASE_URL` */
  constructor(
    url: string,
    logger: ProviderLogger,
    private readonly leaseMs = LEASE_MS,
  ) {
    this.#database = new StateDatabase(url, logger);
  }

  of(provider: string): ProviderState {
    return new DatabaseState(this.#database, provider, this.leaseMs);
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}
