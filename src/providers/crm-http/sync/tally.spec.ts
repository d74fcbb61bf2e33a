import { describe, expect, it } from '@jest/globals';
import { Tally } from './puller.js';

/** @param ids of the one contact on each page; `undefined`: the page has none */
function pull(ids: readonly (string | undefined)[]): Tally {
  const tally = new Tally();
  for (const id of ids) {
    tally.pages++;
    if (id !== undefined) tally.count(id, true);
    tally.endPage(id === undefined ? 0 : 1);
  }
  return tally;
}
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe('the pages that a pull has counted', () => {
  it('may name known contacts 99 times in a row, and again after a new one', () => {
    expect(pull(['a', ...times(99, 'a'), 'b', ...times(99, 'a')]).pages).toBe(200);
    expect(() => pull(['a', ...times(99, 'a'), 'b', ...times(100, 'a')])).toThrow(
      'mapping: 100 pages in a row, up to page 201, hold only contacts that were on the pages before (the last new one is on page 101)',
    );
  });

  it('may be without contacts as often as they like, which makes none of them new', () => {
    expect(pull(['a', ...times(500, undefined), 'b']).contacts.size).toBe(2);
    expect(() =>
      pull(['a', ...times(100, undefined), ...times(50, 'a'), undefined, ...times(50, 'a')]),
    ).toThrow('up to page 202');
  });

  it('bring something new with a contact that is gone, but not with one that comes back', () => {
    const tally = pull(['a', ...times(99, 'a')]);
    tally.count('b', false);
    tally.endPage(0);
    for (let page = 1; page < 100; page++) {
      tally.count('b', page % 2 === 0);
      tally.endPage(1);
    }
    expect(() => tally.endPage(1)).toThrow('mapping: 100 pages in a row');
  });
});
