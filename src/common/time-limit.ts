/**
 * Runs work with a signal that aborts as soon as one of the given signals does, with that signal's reason.
 *
 * `AbortSignal.any` and `AbortSignal.timeout` are not used anywhere: Node 20 may garbage-collect a time limit that
 * was combined with other signals, and then it never fires.
 * @since 0.2.0
 */
export async function withAnySignal<T>(
  signals: readonly AbortSignal[],
  work: (signal: AbortSignal) => T | Promise<T>,
): Promise<T> {
  const joined = new AbortController();
  const undo = signals.map((signal) => {
    const follow = (): void => joined.abort(signal.reason);
    if (signal.aborted) follow();
    signal.addEventListener('abort', follow);
    return () => signal.removeEventListener('abort', follow);
  });
  try {
    return await work(joined.signal);
  } finally {
    for (const step of undo) step();
  }
}

/**
 * Runs work with a signal that aborts with `reason` when the time is over, or when one of the given signals aborts.
 * The function waits for the work, which must heed the signal, and then cancels the limit.
 * @param reason a `TimeoutError` unless given
 * @since 0.2.0
 */
export async function withTimeLimit<T>(
  limitMs: number,
  signals: readonly AbortSignal[],
  work: (signal: AbortSignal) => T | Promise<T>,
  reason: Error = new DOMException('the time for it is over', 'TimeoutError'),
): Promise<T> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(reason), limitMs).unref();
  try {
    return await withAnySignal([limit.signal, ...signals], work);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Waits for work that may not heed the signal: rejects with the signal's reason as soon as that aborts.
 * @since 0.2.0
 */
export function untilAborted<T>(work: T | Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    const settled = (): void => signal.removeEventListener('abort', stop);
    Promise.resolve(work).finally(settled).then(resolve, reject);
  });
}

/**
 * Waits for work that cannot be stopped, but no longer than `limitMs`.
 * @returns the result of the work, or `late`; then its later result or error is ignored
 * @since 0.2.0
 */
export function within<T, L = undefined>(limitMs: number, work: T | Promise<T>, late?: L): Promise<T | L> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(late as L), limitMs);
    const settled = (): void => clearTimeout(timer);
    Promise.resolve(work).finally(settled).then(resolve, reject);
  });
}
