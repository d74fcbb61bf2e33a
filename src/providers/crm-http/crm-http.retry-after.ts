/** Longest pause that a server may request. If it requests more, it is asked again after this time. */
export const MAX_PAUSE_MS = 15 * 60_000;

/**
 * Milliseconds that a header `Retry-After` asks to wait: seconds, or an HTTP date (RFC 9110, 10.2.3).
 * @returns at most 15 minutes; `undefined` if it is absent, unreadable, or not in the future
 */
export function readRetryAfter(header: string | undefined, nowMs = Date.now()): number | undefined {
  const text = header?.trim() ?? '';
  // Date.parse alone would interpret "1" as a month.
  const ms = /^\d+(\.\d+)?$/.test(text)
    ? Number(text) * 1_000
    : /[a-z]/i.test(text)
      ? Date.parse(text) - nowMs
      : Number.NaN;
  return ms > 0 ? Math.min(ms, MAX_PAUSE_MS) : undefined;
}
