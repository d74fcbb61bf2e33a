import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';

interface Breakable {
  readonly promise: string;
  readonly file: string;
  readonly from: string;
}

describe('the promises that npm run test:promises breaks', () => {
  it('are twenty at least, and each has one place in the code that keeps it', async () => {
    const list = new URL('../scripts/promises/promises.mjs', import.meta.url).href;
    const { PROMISES } = (await import(list)) as { PROMISES: readonly Breakable[] };
    expect(PROMISES.length).toBeGreaterThanOrEqual(20);
    for (const { promise, file, from } of PROMISES) {
      const places = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8').split(from).length - 1;
      expect([promise, places]).toEqual([promise, 1]);
    }
  });
});
