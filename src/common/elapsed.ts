/** @param startedMs from `performance.now()` */
export function secondsSince(startedMs: number): number {
  return (performance.now() - startedMs) / 1000;
}
