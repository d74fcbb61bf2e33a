/** @param startedMs from `performance.now()` */
export function secondsSince(startedMs: number): number {
  return (performance.now() - startedMs) / 1000;
}

/** For a timer, which takes whole milliseconds, not below 0. @param endMs by `performance.now()` */
export function msUntil(endMs: number): number {
  return Math.max(0, Math.ceil(endMs - performance.now()));
}
