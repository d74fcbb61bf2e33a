import { setTimeout as sleep } from 'node:timers/promises';

/** Short of the limit of a test (jest.config.js), so that what is still missing is told, and not only that time is over. */
export const PATIENCE_MS = 270_000;
const EVERY_MS = 15;

/**
 * Waits for what comes about by itself, however slow the machine is.
 * @param look throws (an `expect` that fails) or answers `false` as long as it has not come about
 * @returns what `look` answers in the end
 * @throws what `look` threw last, shortly before the limit of the test
 */
export async function eventually<T>(look: () => T | Promise<T>): Promise<T> {
  const startedMs = performance.now();
  for (;;) {
    let missing: unknown = new Error(`did not come about: ${String(look)}`);
    try {
      const found = await look();
      if (found !== false) return found;
    } catch (error) {
      missing = error;
    }
    if (performance.now() - startedMs > PATIENCE_MS) throw missing;
    await sleep(EVERY_MS);
  }
}

/** A signal for work that is not meant to be cut short; a lookup needs one. */
export function patient(): AbortSignal {
  return AbortSignal.timeout(PATIENCE_MS);
}
