import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { holdTimeouts } from '../../test/support/held-timeouts.js';
import { withAnySignal, withTimeLimit } from './time-limit.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Never ends by itself. */
const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

describe('a time limit', () => {
  afterEach(() => void jest.useRealTimers());

  it('comes though garbage is collected meanwhile, joined with whatever signals', async () => {
    const never = new AbortController();
    const outcomes: string[] = [];
    const begin = (signals: readonly AbortSignal[]): void => {
      withTimeLimit(50, signals, untilAborted).catch((error: Error) => outcomes.push(error.name));
    };
    begin([]);
    begin([never.signal]);
    void withAnySignal([never.signal, new AbortController().signal], (joined) => {
      begin([joined]);
      return untilAborted(joined);
    });
    for (let round = 0; round < 5; round++) {
      await nextTurn();
      collectGarbage();
    }
    // Timers come in their order: when this one has, those before it have.
    await new Promise((resolve) => setTimeout(resolve, 100));
    await nextTurn();
    expect(outcomes).toEqual(['TimeoutError', 'TimeoutError', 'TimeoutError']);
  });

  it('is a timeout that tests can hold, and that ends with the work', async () => {
    holdTimeouts();
    const limited = withTimeLimit(1_000, [], untilAborted);
    jest.advanceTimersByTime(999);
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(1);
    await expect(limited).rejects.toMatchObject({ name: 'TimeoutError' });
    await withTimeLimit(1_000, [], () => 'done');
    await expect(withTimeLimit(1_000, [], () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('work under several signals', () => {
  it('is told of the first that aborts, and why', async () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const work = withAnySignal([first.signal, second.signal], untilAborted);
    second.abort(new Error('second'));
    first.abort(new Error('first'));
    await expect(work).rejects.toThrow('second');
  });

  it('is told of one that has aborted before', async () => {
    const reason = await withAnySignal([AbortSignal.abort('over')], ({ reason }) => reason as unknown);
    expect(reason).toBe('over');
  });

  it('leaves nothing behind at the signals', async () => {
    const { signal } = new AbortController();
    await withTimeLimit(60_000, [signal], () => 'done');
    await expect(withAnySignal([signal], () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
