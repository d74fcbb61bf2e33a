import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long work may hold the event loop before it makes way for calls. */
const SLICE_MS = 8;

/** Lets calls be answered while a long list is read. */
export class Pace {
  #sinceMs = performance.now();
  constructor(private readonly signal?: AbortSignal) {}

  /** True when it is time to `makeWay`. */
  get isDue(): boolean {
    return performance.now() - this.#sinceMs >= SLICE_MS;
  }

  /** Waits for a turn of the event loop; rejects when the signal was aborted. */
  async makeWay(): Promise<void> {
    await nextTurn();
    this.signal?.throwIfAborted();
    this.#sinceMs = performance.now();
  }
}
