import { existsSync } from 'node:fs';
import type { ProviderState } from '../plugin-api/index.js';
import { DatabaseStates } from './database-states.js';

/**
 * For commands that only look: what providers have stored is read, what they store is not kept, and they are told that another
 * instance is doing whatever only one may do at a time. A missing SQLite file is not created.
 */
export class ReadingStates extends DatabaseStates {
  override of(provider: string): ProviderState {
    const state = super.of(provider);
    const { file } = this.database;
    const exists = file === undefined || existsSync(file);
    return {
      read: async (key) => (exists ? state.read(key) : undefined),
      keys: async () => (exists ? state.keys() : []),
      write: async () => true,
      remove: async () => undefined,
      exclusively: async () => undefined,
    };
  }
}
