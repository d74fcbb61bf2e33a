import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { holdTimeouts } from '../../test/support/held-timeouts.js';
import { untilAborted, withAnySignal, within, withTimeLimit } from './time-limit.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Never ends by itself. */
const endless = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

describe('a time limit', () => {
  afterEach(() => void jest.useRealTimers());

  it('comes though garbage is collected meanwhile, joined with whatever signals', async () => {
    const never = new AbortController();
    const outcomes: string[] = [];
    const begin = (signals: readonly AbortSignal[]): void => {
      withTimeLimit(50, signals, endless).catch((error: Error) => outcomes.push(error.name));
    };
    begin([]);
    begin([never.signal]);
    void withAnySignal([never.signal, new AbortController().signal], (joined) => {
      begin([joined]);
      return endless(joined);
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
    const limited = withTimeLimit(1_000, [], endless);
    jest.advanceTimersByTime(999);
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(1);
    await expect(limited).rejects.toMatchObject({ name: 'TimeoutError' });
    const late = withTimeLimit(1_000, [], endless, new Error('no answer'));
    jest.advanceTimersByTime(1_000);
    await expect(late).rejects.toThrow('no answer');
    await withTimeLimit(1_000, [], () => 'done');
    await expect(withTimeLimit(1_000, [], () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('waiting for work that cannot be stopped', () => {
  afterEach(() => void jest.useRealTimers());

  it('ends with the work, and leaves no timer behind', async () => {
    holdTimeouts();
    await expect(within(1_000, Promise.resolve('done'), 'late')).resolves.toBe('done');
    await expect(within(1_000, 'at once')).resolves.toBe('at once');
    await expect(within(1_000, Promise.reject(new Error('no')), 'late')).rejects.toThrow('no');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('ends when the time is over; what the work fails with later is nobody else’s trouble', async () => {
    holdTimeouts();
    let reject!: (error: Error) => void;
    const work = new Promise<string>((_, refuse) => (reject = refuse));
    const waiting = within(1_000, work, 'late');
    jest.advanceTimersByTime(1_000);
    await expect(waiting).resolves.toBe('late');
    reject(new Error('too late'));
    await nextTurn();
  });
});

describe('waiting for work that may not heed its signal', () => {
  it('ends with the work, and leaves nothing behind at the signal', async () => {
    const { signal } = new AbortController();
    await expect(untilAborted(Promise.resolve('done'), signal)).resolves.toBe('done');
    await expect(untilAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('ends with the signal, before or meanwhile; what the work fails with later is nobody else’s trouble', async () => {
    const abort = new AbortController();
    let reject!: (error: Error) => void;
    const work = new Promise<string>((_, refuse) => (reject = refuse));
    const waiting = untilAborted(work, abort.signal);
    abort.abort(new Error('over'));
    await expect(waiting).rejects.toThrow('over');
    await expect(untilAborted(work, abort.signal)).rejects.toThrow('over');
    reject(new Error('too late'));
    await nextTurn();
  });
});

describe('work under several signals', () => {
  it('is told of the first that aborts, and why', async () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const work = withAnySignal([first.signal, second.signal], endless);
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
