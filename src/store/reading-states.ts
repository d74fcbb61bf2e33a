import { existsSync } from 'node:fs';
import type { Database } from '../database/database.js';
import type { ProviderStates } from '../lookup/provider-states.js';
import type { ProviderLogger, ProviderState } from '../plugin-api/index.js';
import { DatabaseStates } from './database-states.js';

/**
 * For commands that only look: what providers have stored is read, what they store is not kept, and they are told that another
 * instance is doing whatever only one may do at a time. A missing SQLite file is not created.
 */
export class ReadingStates implements ProviderStates {
  readonly #stored: DatabaseStates;
  readonly #exists: boolean;

  constructor(database: Database, logger: ProviderLogger) {
    this.#stored = new DatabaseStates(database, logger);
    this.#exists = database.file === undefined || existsSync(database.file);
  }

  of(provider: string): ProviderState {
    const state = this.#stored.of(provider);
    return {
      read: async (key) => (this.#exists ? state.read(key) : undefined),
      keys: async () => (this.#exists ? state.keys() : []),
      write: async () => true,
      remove: async () => undefined,
      exclusively: async () => undefined,
    };
  }

  close(): Promise<void> {
    return this.#stored.close();
  }
}
