import { VipLookupError } from '../vip-lookup-provider.js';
import type { ExclusiveRight, ProviderState, StoredText } from '../provider-state.js';

/**
 * A `ProviderState` in memory. Give the same one to two providers to simulate two instances, or a restart.
 * @since 0.1.0
 */
export class MemoryState implements ProviderState {
  readonly #texts = new Map<string, StoredText>();
  readonly #underWay = new Map<string, ExclusiveRight>();

  async read(key: string): Promise<StoredText | undefined> {
    return this.#texts.get(key);
  }

  async write(
    key: string,
    text: string,
    version: number | undefined,
    right?: ExclusiveRight,
  ): Promise<boolean> {
    assertHeld(right);
    if (this.#texts.get(key)?.version !== version) return false;
    this.#texts.set(key, { text, version: (version ?? 0) + 1 });
    return true;
  }

  async keys(): Promise<string[]> {
    return [...this.#texts.keys()];
  }

  async remove(key: string, right?: ExclusiveRight): Promise<void> {
    assertHeld(right);
    this.#texts.delete(key);
  }

  async exclusively<T>(
    name: string,
    work: (signal: AbortSignal, right: ExclusiveRight) => Promise<T>,
  ): Promise<T | undefined> {
    if (this.#underWay.has(name)) return undefined;
    const isHeld = (): boolean => this.#underWay.get(name) === right;
    const right: ExclusiveRight = {
      isTakenOver: false,
      get isHeld() {
        return isHeld();
      },
      confirm: async () => isHeld(),
    };
    this.#underWay.set(name, right);
    try {
      return await work(new AbortController().signal, right);
    } finally {
      this.#underWay.delete(name);
    }
  }
}

function assertHeld(right: ExclusiveRight | undefined): void {
  if (right?.isHeld === false) throw new VipLookupError('the exclusive right was lost');
}
