/**
 * Exponential backoff: how long to wait before the next attempt.
 * @param failures in a row before this one, 0 after the first
 * @returns milliseconds: `firstMs`, then twice as long each time, `lastMs` at most
 * @since 0.2.0
 */
export function backoffMs(failures: number, firstMs: number, lastMs: number): number {
  return Math.min(firstMs * 2 ** failures, lastMs);
}
