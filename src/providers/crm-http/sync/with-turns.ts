import { setImmediate as nextTurn } from 'node:timers/promises';

/** Calls wait while contacts are worked on, so they get their turn after this time. */
const SLICE_MS = 4;

/** The items one by one; from time to time, calls are answered before the next. */
export async function* withTurns<T>(items: Iterable<T>): AsyncGenerator<T, void, undefined> {
  let sliceMs = performance.now();
  for (const item of items) {
    yield item;
    if (performance.now() - sliceMs < SLICE_MS) continue;
    await nextTurn();
    sliceMs = performance.now();
  }
}
