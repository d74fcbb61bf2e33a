import type { ProviderState, StoredText } from '../../lookup/port/provider-state.js';

/**
 * A `ProviderState` in memory. Give the same one to two providers to play two instances, or a restart.
 * @since 0.1.0
 */
export class MemoryState implements ProviderState {
  readonly #texts = new Map<string, StoredText>();
  readonly #underWay = new Set<string>();

  async read(key: string): Promise<StoredText | undefined> {
    return this.#texts.get(key);
  }

  async write(key: string, text: string, version: number | undefined): Promise<boolean> {
    if (this.#texts.get(key)?.version !== version) return false;
    this.#texts.set(key, { text, version: (version ?? 0) + 1 });
    return true;
  }

  async keys(): Promise<string[]> {
    return [...this.#texts.keys()];
  }

  async remove(key: string): Promise<void> {
    this.#texts.delete(key);
  }

  async exclusively<T>(name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    if (this.#underWay.has(name)) return undefined;
    this.#underWay.add(name);
    try {
      return await work(new AbortController().signal);
    } finally {
      this.#underWay.delete(name);
    }
  }
}
