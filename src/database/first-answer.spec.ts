import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { withTemporaryFolder } from '../../test/support/temporary-folder.js';
import { withTimeLimit } from '../plugin-api/index.js';
import { firstAnswer } from './first-answer.js';
import type { Asked } from './first-answer.js';

const never = new AbortController().signal;
const isNonsense = (error: unknown): boolean => (error as Error).message === 'nonsense';
/** Who has not answered after it is slow. */
const SLOW_MS = 150;
/** Far beyond everything here. */
const LONG_MS = 20_000;
const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
async function pass(ms: number): Promise<void> {
  await jest.advanceTimersByTimeAsync(ms);
  await turnOfTheLoop();
}

/** Somebody who can be asked, and what became of it. */
function somebody(
  name: string,
  events: string[],
  answer: (signal: AbortSignal) => Promise<string>,
): Asked<string> {
  return {
    ask: (signal) => {
      events.push(`ask ${name}`);
      signal.addEventListener('abort', () => events.push(`cut ${name}`), { once: true });
      return answer(signal);
    },
    failed: (error) => events.push(`${name} failed: ${(error as Error).message}`),
    wasSlow: () => events.push(`${name} was slow`),
  };
}
const frozen = (signal: AbortSignal): Promise<string> =>
  new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(new Error('cut')), { once: true }),
  );
const says = (text: string) => async () => text;
const fails = (message: string) => async () => Promise.reject(new Error(message));

describe('the first answer', () => {
  beforeEach(
    () =>
      void jest.useFakeTimers({
        doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate'],
      }),
  );
  afterEach(() => void jest.useRealTimers());

  it('is that of the first who is asked; nobody else is troubled', async () => {
    const events: string[] = [];
    const asked = [somebody('a', events, says('A')), somebody('b', events, says('B'))];
    expect(await firstAnswer(asked, never, isNonsense)).toBe('A');
    await pass(LONG_MS);
    expect(events).toEqual(['ask a']);
  });

  it('is that of the next when one fails', async () => {
    const events: string[] = [];
    const asked = [
      somebody('a', events, fails('down')),
      somebody('b', events, fails('down too')),
      somebody('c', events, says('C')),
    ];
    expect(await firstAnswer(asked, never, isNonsense)).toBe('C');
    expect(events).toEqual(['ask a', 'a failed: down', 'ask b', 'b failed: down too', 'ask c']);
  });

  it('is that of the next when one is frozen, who is let go a while later', async () => {
    const events: string[] = [];
    const asked = [
      somebody('a', events, frozen),
      somebody('b', events, frozen),
      somebody('c', events, says('C')),
    ];
    const answer = firstAnswer(asked, never, isNonsense);
    await pass(SLOW_MS - 1);
    expect(events).toEqual(['ask a']);
    await pass(1 + SLOW_MS);
    expect(await answer).toBe('C');
    expect(events).toEqual(['ask a', 'ask b', 'ask c', 'a was slow', 'b was slow']);
    await pass(LONG_MS);
    expect(events.slice(5)).toEqual(['cut a', 'cut b']);
  });

  it('may be the slow one after all, who is not blamed then', async () => {
    const events: string[] = [];
    let answer!: (text: string) => void;
    const slow = new Promise<string>((resolve) => (answer = resolve));
    const asked = [
      somebody('a', events, () => slow),
      somebody('b', events, async (signal) => {
        answer('A');
        return frozen(signal);
      }),
    ];
    const first = firstAnswer(asked, never, isNonsense);
    await pass(SLOW_MS);
    expect(await first).toBe('A');
    expect(events).toEqual(['ask a', 'ask b']);
  });

  it('asks at most two more for being slow, and another one for each that fails', async () => {
    const events: string[] = [];
    let fail!: (error: Error) => void;
    const failing = new Promise<string>((_, reject) => (fail = reject));
    const asked = [
      somebody('a', events, () => failing),
      somebody('b', events, frozen),
      somebody('c', events, frozen),
      somebody('d', events, says('D')),
    ];
    const answer = firstAnswer(asked, never, isNonsense);
    await pass(LONG_MS);
    expect(events).toEqual(['ask a', 'ask b', 'ask c']);
    fail(new Error('down'));
    expect(await answer).toBe('D');
  });

  it('leaves nobody unnoticed who is silent while others fail', async () => {
    const events: string[] = [];
    let fail!: (error: Error) => void;
    let answer!: (text: string) => void;
    const asked = [
      somebody('a', events, () => new Promise((_, reject) => (fail = reject))),
      somebody('b', events, frozen),
      somebody('c', events, () => new Promise((resolve) => (answer = resolve))),
      somebody('d', events, async (signal) => {
        answer('C');
        return frozen(signal);
      }),
    ];
    const first = firstAnswer(asked, never, isNonsense);
    await pass(SLOW_MS + 50);
    fail(new Error('down'));
    await pass(SLOW_MS - 50);
    expect(await first).toBe('C');
    expect(events).toEqual(['ask a', 'ask b', 'a failed: down', 'ask c', 'ask d', 'b was slow']);
  });

  it('is given up early: who was silent for most of that time is blamed, who was asked at the end is not', async () => {
    const events: string[] = [];
    const caller = new AbortController();
    let fail!: (error: Error) => void;
    const asked = [
      somebody('a', events, () => new Promise((_, reject) => (fail = reject))),
      somebody('b', events, frozen),
    ];
    const late = firstAnswer(asked, caller.signal, isNonsense);
    await pass(50);
    fail(new Error('down'));
    while (events.length < 3) await Promise.resolve();
    const early = firstAnswer([somebody('c', events, frozen)], caller.signal, isNonsense);
    caller.abort(new Error('too late'));
    await expect(late).rejects.toMatchObject({ message: 'too late' });
    await expect(early).rejects.toMatchObject({ message: 'too late' });
    await turnOfTheLoop();
    expect(events).toEqual(['ask a', 'a failed: down', 'ask b', 'ask c', 'cut b', 'c was slow', 'cut c']);
  });

  it('is refused as the first refused it when all fail', async () => {
    const asked = [somebody('a', [], fails('first')), somebody('b', [], fails('second'))];
    await expect(firstAnswer(asked, never, isNonsense)).rejects.toMatchObject({ message: 'first' });
  });

  it('is not sought with others for a question that nobody can answer', async () => {
    const events: string[] = [];
    const asked = [somebody('a', events, fails('nonsense')), somebody('b', events, says('B'))];
    await expect(firstAnswer(asked, never, isNonsense)).rejects.toMatchObject({ message: 'nonsense' });
    expect(events).toEqual(['ask a']);
  });

  it('is given up at the signal: everybody is cut at once, and who was silent long enough is blamed', async () => {
    const events: string[] = [];
    const caller = new AbortController();
    const asked = [somebody('a', events, frozen), somebody('b', events, frozen)];
    const answer = firstAnswer(asked, caller.signal, isNonsense);
    await pass(SLOW_MS);
    caller.abort(new Error('too late'));
    await expect(answer).rejects.toMatchObject({ message: 'too late' });
    await turnOfTheLoop();
    expect(events).toEqual(['ask a', 'ask b', 'a was slow', 'cut a', 'cut b']);
    await expect(firstAnswer(asked, caller.signal, isNonsense)).rejects.toMatchObject({
      message: 'too late',
    });
    expect(events).toHaveLength(5);
  });
});

describe('a process that stands still', () => {
  const folder = withTemporaryFolder();
  let answers = 0;

  /** An answer that comes from outside while the process does something else, and another who could be asked. */
  async function twoToAsk(events: string[]) {
    const sent = folder.path(`sent-${++answers}`);
    const outside = spawn('sh', ['-c', `read go; echo A; : > ${sent}`]);
    const asked = [
      somebody('a', events, async () => {
        const [chunk] = (await once(outside.stdout, 'data')) as [Buffer];
        return chunk.toString().trim();
      }),
      somebody('b', events, says('B')),
    ];
    await new Promise((written) => outside.stdin.write('go\n', written));
    const standStill = (): void => {
      const untilMs = performance.now() + 2 * SLOW_MS;
      while (performance.now() < untilMs || !existsSync(sent))
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    };
    return { asked, standStill };
  }

  it('does not take who has answered meanwhile for slow', async () => {
    const events: string[] = [];
    const { asked, standStill } = await twoToAsk(events);
    const answer = firstAnswer(asked, never, isNonsense);
    standStill();
    expect(await answer).toBe('A');
    expect(events).toEqual(['ask a']);
  });

  it('does not blame anybody where it stood still until the question was given up', async () => {
    const events: string[] = [];
    const { asked, standStill } = await twoToAsk(events);
    const answer = withTimeLimit(SLOW_MS / 2, [], (signal) => firstAnswer(asked, signal, isNonsense));
    standStill();
    await expect(answer).rejects.toMatchObject({ name: 'TimeoutError' });
    // Blame would come at the end of the same turn of the event loop.
    for (let turns = 0; turns < 3; turns++) await turnOfTheLoop();
    expect(events).not.toContain('a was slow');
  });
});
