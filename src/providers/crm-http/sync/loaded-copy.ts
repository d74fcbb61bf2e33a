import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CopyState, CopyStore } from './copy-store.js';
import { CopyIndex } from './copy-index.js';

/** Calls wait while contacts are indexed, so there is a pause after this time. */
const SLICE_MS = 4;

/** The copy as this instance has it in memory. */
export class LoadedCopy {
  #index = new CopyIndex();
  #state: CopyState | undefined;

  constructor(private readonly store: CopyStore) {}

  /** Which copy it is; `undefined` before one has been loaded. */
  get state(): CopyState | undefined {
    return this.#state;
  }

  get index(): CopyIndex {
    return this.#index;
  }

  /**
   * Reads the missing parts; until all have been read, lookups use the previous state.
   * @returns false if a part is missing; then nothing was changed
   * @throws VipLookupError when the database cannot be used
   */
  async load(copy: CopyState): Promise<boolean> {
    const { generation, parts = 0 } = this.#state ?? {};
    const isGrown = generation === copy.generation && parts <= copy.parts;
    const index = isGrown ? this.#index : new CopyIndex();
    const changes: Awaited<ReturnType<CopyStore['part']>>[] = [];
    for (let number = isGrown ? parts : 0; number < copy.parts; number++) {
      const part = await this.store.part(copy, number);
      if (part === undefined) return false;
      // Nobody uses a new copy yet; changes to the one in use are applied after all of them have been read.
      if (isGrown) changes.push(part);
      else await apply(part, index);
    }
    for (const part of changes) await apply(part!, index);
    this.#index = index;
    this.#state = copy;
    return true;
  }
}

async function apply(
  part: readonly (readonly [id: string, document: string | undefined])[],
  index: CopyIndex,
): Promise<void> {
  await nextTurn();
  let sliceMs = performance.now();
  for (const [id, document] of part) {
    if (document === undefined) index.remove(id);
    else index.put(id, document);
    if (performance.now() - sliceMs < SLICE_MS) continue;
    await nextTurn();
    sliceMs = performance.now();
  }
}
