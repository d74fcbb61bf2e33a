import { jest } from '@jest/globals';

const ALL = [
  'Date',
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'clearTimeout',
] as const;

/**
 * From now on these stand still until `jest.advanceTimersByTime`, for everything that runs in the test's process; all else,
 * Node's own time limits among it, goes on. To be ended with `jest.useRealTimers`.
 */
export function fakeOnly(...names: (typeof ALL)[number][]): void {
  jest.useFakeTimers({ doNotFake: ALL.filter((name) => !names.includes(name)) });
}
