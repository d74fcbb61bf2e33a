import { describe, expect, it } from '@jest/globals';
import { VerificationQueue } from './verification-queue.js';

const ASKER = { client: 'x', isWaiting: () => true };

/** Jobs that end when told to; `started` has their names in the order of their start. */
function held(queue: VerificationQueue) {
  const started: string[] = [];
  const endings = new Map<string, { resolve: (name: string) => void; reject: (error: Error) => void }>();
  const run = (client: string, name: string, isWaiting = () => true) =>
    queue.run({ client, isWaiting }, () => {
      started.push(name);
      return new Promise<string>((resolve, reject) => endings.set(name, { resolve, reject }));
    });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const end = async (name: string) => {
    endings.get(name)!.resolve(name);
    await settled();
  };
  return { started, endings, run, end, settled };
}

describe('VerificationQueue', () => {
  it('runs no more than its width at a time', async () => {
    const { started, run, end, settled } = held(new VerificationQueue(2, 10));
    const jobs = ['a', 'b', 'c'].map((name) => run('x', name));
    await settled();
    expect(started).toEqual(['a', 'b']);
    await end('b');
    expect(started).toEqual(['a', 'b', 'c']);
    await end('a');
    await end('c');
    expect(await Promise.all(jobs)).toEqual(['a', 'b', 'c']);
  });

  it('lets clients take turns, and the newest job of a client go first', async () => {
    const { started, run, end, settled } = held(new VerificationQueue(1, 100));
    const jobs = ['a1', 'a2', 'a3', 'a4'].map((name) => run('attacker', name));
    jobs.push(run('core', 'c1'), run('core', 'c2'));
    await settled();
    for (let turn = 0; turn < 6; turn++) await end(started[turn]!);
    expect(started).toEqual(['a1', 'a4', 'c2', 'a3', 'c1', 'a2']);
    await Promise.all(jobs);
  });

  it('gives up the oldest job of the client with the most', async () => {
    const { started, run, end, settled } = held(new VerificationQueue(1, 3));
    const running = run('attacker', 'a1');
    const oldest = run('attacker', 'a2');
    const others = [run('core', 'c1'), run('attacker', 'a3'), run('core', 'c2')];
    await expect(oldest).rejects.toMatchObject({ name: 'QueueFullError' });
    await settled();
    for (let turn = 0; turn < 4; turn++) await end(started[turn]!);
    expect(started).toEqual(['a1', 'a3', 'c2', 'c1']);
    await Promise.all([running, ...others]);
  });

  it('leaves out jobs that nobody waits for any more', async () => {
    const { started, run, end, settled } = held(new VerificationQueue(1, 10));
    const running = run('x', 'a', () => false);
    const left = [run('x', 'b', () => false), run('y', 'c', () => false), run('y', 'd', () => false)];
    const waiting = run('x', 'e');
    const refused = Promise.allSettled(left);
    await settled();
    await end('a');
    await end('e');
    expect(started).toEqual(['a', 'e']);
    expect(await Promise.all([running, waiting])).toEqual(['a', 'e']);
    expect((await refused).map(({ status }) => status)).toEqual(new Array(3).fill('rejected'));
    const next = run('x', 'f');
    await settled();
    await end('f');
    expect(await next).toBe('f');
  });

  it('goes on after a job that failed', async () => {
    const { endings, run, end, settled } = held(new VerificationQueue(1, 10));
    const broken = run('x', 'broken');
    const next = run('x', 'next');
    await settled();
    endings.get('broken')!.reject(new Error('broken'));
    await expect(broken).rejects.toMatchObject({ message: 'broken' });
    await settled();
    await end('next');
    expect(await next).toBe('next');
  });

  it('has its full width again after waiting jobs have ended', async () => {
    const queue = new VerificationQueue(2, 10);
    await Promise.all(Array.from({ length: 6 }, () => queue.run(ASKER, () => Promise.resolve())));
    const { started, run, end, settled } = held(queue);
    const jobs = ['a', 'b', 'c'].map((name) => run('x', name));
    await settled();
    expect(started).toEqual(['a', 'b']);
    for (const name of ['a', 'b', 'c']) await end(name);
    await Promise.all(jobs);
  });
});
