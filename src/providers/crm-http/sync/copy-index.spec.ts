import { describe, expect, it } from '@jest/globals';
import { CopyIndex } from './copy-index.js';

const NEVER = new AbortController().signal;

function indexOf(contacts: Record<string, [numbers: string[], record: object]>): CopyIndex {
  const index = new CopyIndex();
  for (const [id, document] of Object.entries(contacts)) index.put(id, JSON.stringify(document));
  return index;
}

describe('the entries of a copy', () => {
  it('are the numbers of its contacts, digits of E.164 among them', async () => {
    const tally = await indexOf({
      a: [['+358501231201', '46701740605'], { tier: 'gold' }],
      b: [['0501231202', '4711'], { tier: 'gold', targets: ['SALES'] }],
      c: [['+358501231201'], { tier: 'silver' }],
    }).countEntries(NEVER);
    expect(tally.entries).toBe(5);
    expect([...tally.kinds].map(({ numberProblem, ...kind }) => [kind, numberProblem !== undefined])).toEqual(
      [
        [{ tier: 'gold', targets: undefined, endMs: undefined, count: 2, places: ['a', 'a'] }, false],
        [{ tier: 'silver', targets: undefined, endMs: undefined, count: 1, places: ['c'] }, false],
        [{ tier: 'gold', targets: ['SALES'], endMs: undefined, count: 1, places: ['b'] }, true],
        [{ tier: 'gold', targets: ['SALES'], endMs: undefined, count: 1, places: ['b'] }, false],
      ],
    );
    expect(tally.repeats).toEqual({ count: 1, places: ['c'] });
  });

  it('are counted in pieces, and no further when nobody wants to know', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 30_000 }, (_, index) => [
        `c${index}`,
        [[`+35850${1_000_000 + index}`], { tier: 'gold' }] as [string[], object],
      ]),
    );
    const gone = new AbortController();
    gone.abort(new Error('nobody wants to know'));
    await expect(indexOf(many).countEntries(gone.signal)).rejects.toThrow('nobody wants to know');
  });
});
