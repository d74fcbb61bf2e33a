import { setTimeout as sleep } from 'node:timers/promises';

/**
 * What `work` comes to; rejects when that takes longer. Leaves no timer behind.
 * @param what for the message: `close()`
 */
export async function within<T>(ms: number, what: string, work: T | Promise<T>): Promise<T> {
  const done = new AbortController();
  const late = sleep(ms, undefined, { signal: done.signal }).then(() => {
    throw new Error(`${what} has not ended after ${ms} ms`);
  });
  late.catch(() => undefined); // also when it is stopped because the work ended
  try {
    return await Promise.race([work, late]);
  } finally {
    done.abort();
  }
}

/** Asks again until `look` has nothing to report or the time is over; the last report. */
export async function lookUntilEmpty<T>(ms: number, look: () => readonly T[]): Promise<readonly T[]> {
  const endMs = performance.now() + ms;
  let seen = look();
  while (seen.length > 0 && performance.now() < endMs) {
    await sleep(25);
    seen = look();
  }
  return seen;
}
