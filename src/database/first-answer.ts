/** No answer after this time: far longer than an indexed query takes, and a fraction of the second that a lookup has. */
const SLOW_MS = 150;
/** At most this many more are asked because earlier ones are slow. One that fails is always replaced. */
const MAX_HEDGES = 2;
/** Time for the answer of a server that was only slow: destroying its connection would cost a new one. */
const LINGER_MS = 1_000;

/** One of several servers that have the same data. */
export interface Asked<T> {
  /** Settles as soon as its signal aborts. */
  ask(signal: AbortSignal): Promise<T>;
  /** It failed, although the query was valid. */
  failed(error: unknown): void;
  /**
   * Another one was faster, or time was up, and this one had not answered for some time, or for most of the available
   * time.
   */
  wasSlow(): void;
}

/** Those that were asked and have not answered yet. */
interface Pending {
  readonly cut: AbortController;
  readonly timer: NodeJS.Timeout;
  readonly sinceMs: number;
}

/**
 * Asks one after the other: the next one when the previous one has failed, or has not answered for 150 ms. The first
 * answer wins, so a frozen server costs 150 ms, not the answer.
 * @param isAnswer true for an error that every server would return: asking others is useless
 * @returns rejects with the first one's error if all failed; with the signal's reason if that aborts
 */
export function firstAnswer<T>(
  asked: readonly Asked<T>[],
  signal: AbortSignal,
  isAnswer: (error: unknown) => boolean,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const pending = new Map<Asked<T>, Pending>();
    const slow = new Set<Asked<T>>();
    const startedMs = performance.now();
    let started = 0;
    let hedges = 0;
    let isOver = false;
    let firstFailure: Error | undefined;

    const end = (): void => {
      isOver = true;
      for (const { timer } of pending.values()) clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      for (const one of slow) if (pending.has(one)) one.wasSlow();
    };
    const giveUp = (): void => {
      end();
      reject(signal.reason as Error);
      const nowMs = performance.now();
      // The available time may have been shorter than 150 ms. A server that has answered by now was not slow: the
      // process was busy.
      setImmediate(() => {
        for (const [one, { cut, sinceMs }] of pending) {
          if (!slow.has(one) && nowMs - sinceMs >= (nowMs - startedMs) / 2) one.wasSlow();
          cut.abort(signal.reason);
        }
      });
    };
    const leaveOthers = (): void => {
      const left = [...pending.values()];
      if (left.length > 0) setTimeout(() => left.forEach(({ cut }) => cut.abort()), LINGER_MS).unref();
    };
    const settled = (one: Asked<T>): void => {
      clearTimeout(pending.get(one)?.timer);
      pending.delete(one);
    };
    const takeTooLong = (one: Asked<T>): void => {
      if (isOver || !pending.has(one)) return;
      slow.add(one);
      if (hedges < MAX_HEDGES && askNext()) hedges++;
    };
    const askNext = (): boolean => {
      const one = asked[started];
      if (one === undefined) return false;
      started++;
      const cut = new AbortController();
      // If the process itself was suspended, the answer may have arrived by now: sockets are read before `setImmediate`.
      const timer = setTimeout(() => setImmediate(takeTooLong, one), SLOW_MS);
      pending.set(one, { cut, timer, sinceMs: performance.now() });
      one.ask(cut.signal).then(
        (answer) => {
          settled(one);
          if (isOver) return;
          end();
          resolve(answer);
          leaveOthers();
        },
        (error: Error) => {
          settled(one);
          if (isOver) return;
          const isLast = isAnswer(error);
          if (!isLast) one.failed(error);
          firstFailure ??= error;
          if (!isLast && (askNext() || pending.size > 0)) return;
          end();
          reject(isLast ? error : firstFailure);
          leaveOthers();
        },
      );
      return true;
    };

    if (signal.aborted) return void reject(signal.reason as Error);
    signal.addEventListener('abort', giveUp, { once: true });
    askNext();
  });
}
