import { afterEach, beforeEach, jest } from '@jest/globals';

/** For every test of the file or block it stands in: clocks stand still and no timer comes but by `pass`. I/O goes on. */
export function stopClocks(): void {
  beforeEach(() => void jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] }));
  afterEach(() => void jest.useRealTimers());
}

/** Lets that much time go by, with the timers that come meanwhile and what follows from them. */
export const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);
