/**
 * Does something under a signal that aborts as soon as one of the signals does, with that one's reason.
 *
 * `AbortSignal.any` and `AbortSignal.timeout` are used nowhere: Node 20 may collect a time limit that was joined with other
 * signals as garbage, and then it never comes.
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
 * Does something under a signal that aborts when the time is over, with a `TimeoutError`, or one of the signals does. The
 * limit ends with the work.
 * @since 0.2.0
 */
export async function withTimeLimit<T>(
  limitMs: number,
  signals: readonly AbortSignal[],
  work: (signal: AbortSignal) => T | Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const isOver = new DOMException('the time for it is over', 'TimeoutError');
  const timer = setTimeout(() => limit.abort(isOver), limitMs).unref();
  try {
    return await withAnySignal([limit.signal, ...signals], work);
  } finally {
    clearTimeout(timer);
  }
}
