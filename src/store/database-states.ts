import type { ProviderState } from '../plugin-api/provider-state.js';
import type { ProviderStates } from '../lookup/provider-states.js';
import type { ProviderLogger } from '../plugin-api/index.js';
import { DatabaseState } from './database-state.js';
import { StateDatabase } from './state-database.js';

/** "Half a minute at most", says the port. */
const LEASE_MS = 30_000;

/** Keeps what providers want to keep in the service's own database, connected when the first of them reads or writes. */
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
