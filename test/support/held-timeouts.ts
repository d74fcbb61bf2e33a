import { jest } from '@jest/globals';

const REAL = [
  ...['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask'],
  ...['setImmediate', 'clearImmediate', 'setInterval', 'clearInterval'],
] as ('Date' | 'performance')[];

/**
 * Has every `setTimeout` of the code under test wait until the test lets time pass, `jest.advanceTimersByTime`. Whatever else
 * goes by a clock does so as always, `eventually` included. To be ended by `jest.useRealTimers`.
 */
export function holdTimeouts(): void {
  jest.useFakeTimers({ doNotFake: REAL });
}
