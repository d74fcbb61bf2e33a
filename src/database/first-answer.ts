/** No answer after this time: far longer than an indexed query takes, and a fraction of the second that a lookup has. */
const SLOW_MS = 150;
/** So many more are asked because those before are slow. One that fails is replaced in any case. */
const MAX_HEDGES = 2;
/** For the answer of a server that was only slow: cutting its connection would cost a new one. */
const LINGER_MS = 1_000;

/** One of several who can tell the same. */
export interface Asked<T> {
  /** Settles as soon as its signal aborts. */
  ask(signal: AbortSignal): Promise<T>;
  /** It failed, though the question was right. */
  failed(error: unknown): void;
  /** Somebody else was faster, or time was up, and it had not answered for a while, or for most of the time there was. */
  wasSlow(): void;
}

/** Who was asked and has not answered yet. */
interface Pending {
  readonly cut: AbortController;
  readonly timer: NodeJS.Timeout;
  readonly sinceMs: number;
}

/**
 * Asks one after the other: the next one when the one before has failed, or has not answered for 150 ms; the first answer is
 * taken. So whoever is frozen costs 150 ms, not the answer.
 * @param isAnswer an error that everybody would answer: asking others makes no sense
 * @returns rejects with what the first of them failed with, when all did; with the signal's reason when that aborts
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
      // There may have been less time than it takes to be slow. Whoever has answered by now only found the process busy.
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
      // Where the process itself stood still the answer may be there by now: sockets are read before `setImmediate`.
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
