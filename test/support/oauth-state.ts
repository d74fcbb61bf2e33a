import { VipLookupError } from '../../src/plugin-api/index.js';
import type { ExclusiveRight, ProviderState } from '../../src/plugin-api/index.js';
import { MemoryState } from '../../src/plugin-api/testing/index.js';

/**
 * What becomes of the next writings: `fails`: nothing is written; `lies`: written, and reported as failed; `hold`: written
 * when `release` is called.
 */
export type WriteMode = 'ok' | 'fails' | 'lies' | 'hold';

/** A database that can be taken away. */
export class FrailState extends MemoryState {
  isDown = false;
  writes: WriteMode = 'ok';
  #held: (() => void)[] = [];

  /** The same entries, for an instance that has no trouble with the database. */
  get sound(): ProviderState {
    return {
      read: (key) => super.read(key),
      write: (...written) => super.write(...written),
      keys: () => super.keys(),
      remove: (...removed) => super.remove(...removed),
      exclusively: (name, work) => super.exclusively(name, work),
    };
  }

  get held(): number {
    return this.#held.length;
  }

  release(): void {
    this.writes = 'ok';
    for (const go of this.#held.splice(0)) go();
  }

  override async read(key: string) {
    this.#ask();
    return super.read(key);
  }

  override async write(...written: Parameters<ProviderState['write']>) {
    this.#ask();
    const mode = this.writes;
    if (mode === 'fails') throw new VipLookupError('database: read-only');
    if (mode === 'hold') await new Promise<void>((resolve) => this.#held.push(resolve));
    const isWritten = await super.write(...written);
    if (mode === 'lies') throw new VipLookupError('database: connection lost');
    return isWritten;
  }

  override async exclusively<T>(
    name: string,
    work: (signal: AbortSignal, right: ExclusiveRight) => Promise<T>,
  ) {
    this.#ask();
    return super.exclusively(name, work);
  }

  #ask(): void {
    if (this.isDown) throw new VipLookupError('database: connection refused');
  }
}
