import { setTimeout as sleep } from 'node:timers/promises';

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
