import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bySpecificity } from '../../plugin-api/index.js';
import type { VipRecord } from '../../plugin-api/index.js';
import { RecordIndex } from './record-index.js';

const record = (number: string, tier = 'gold'): VipRecord => ({ number, tier });
const find = (numbers: readonly string[], key: string): string[] => {
  const answer = new RecordIndex(numbers.map((number) => record(number))).find(key);
  return [answer ?? []].flat().map(({ number }) => number);
};

const digits = (minLength: number, maxLength: number) =>
  fc.array(fc.constantFrom(...'0123456789'), { minLength, maxLength }).map((all) => all.join(''));
/** E.164 with a three-digit country code, and a place at which to cut it into a range. */
const numberAndCut = digits(3, 12).chain((subscriber) =>
  fc.record({
    number: fc.constant(`+358${subscriber}`),
    cut: fc.integer({ min: 2, max: 4 + subscriber.length }),
  }),
);

describe('the index of a list', () => {
  it('finds a number inside a range', () => {
    fc.assert(
      fc.property(numberAndCut, ({ number, cut }) => {
        const range = `${number.slice(0, cut)}*`;
        expect(find([range], number)).toEqual([range]);
      }),
    );
  });

  it('does not find a number outside a range', () => {
    fc.assert(
      fc.property(numberAndCut, digits(3, 12), ({ number, cut }, other) => {
        const prefix = number.slice(0, cut);
        const caller = `+4${other}`;
        expect(find([`${prefix}*`], caller)).toEqual([]);
        const last = prefix.at(-1);
        const neighbour = `${prefix.slice(0, -1)}${last === '9' ? '8' : '9'}${number.slice(cut)}`;
        if (cut > 2) expect(find([`${prefix}*`], neighbour)).toEqual([]);
      }),
    );
  });

  it('lists all that fit, the exact number first, then ranges, longest first, whatever the order of the list', () => {
    fc.assert(
      fc.property(
        numberAndCut.chain(({ number }) =>
          fc.record({
            number: fc.constant(number),
            cuts: fc.uniqueArray(fc.integer({ min: 2, max: number.length }), { minLength: 1 }),
            exact: fc.boolean(),
          }),
        ),
        fc.infiniteStream(fc.nat()),
        ({ number, cuts, exact }, order) => {
          const fitting = cuts.map((cut) => `${number.slice(0, cut)}*`);
          if (exact) fitting.push(number);
          const others = ['+1*', '+46*', '4711', `${number}1`, `+1${number.slice(1)}`.slice(0, 16)];
          const shuffled = [...fitting, ...others]
            .map((text) => ({ text, rank: order.next().value as number }))
            .sort((a, b) => a.rank - b.rank)
            .map(({ text }) => text);
          const best = fitting.map((text) => record(text)).sort(bySpecificity);
          expect(find(shuffled, number)).toEqual(best.map((each) => each.number));
        },
      ),
    );
  });

  it('keeps records of one number in the order of the list', () => {
    const index = new RecordIndex([
      record('+3589*', 'range'),
      record('+35891', 'first'),
      record('+35891', 'second'),
      record('+35891', 'third'),
    ]);
    expect(index.size).toBe(4);
    expect([index.find('+35891')].flat().map((found) => found?.tier)).toEqual([
      'first',
      'second',
      'third',
      'range',
    ]);
  });

  it('answers a single record as itself, and null for nobody', () => {
    const only = record('4711');
    const index = new RecordIndex([only, record('+3589123*')]);
    expect(index.find('4711')).toBe(only);
    expect(index.find('471')).toBeNull();
    expect(index.find('+3589124')).toBeNull();
  });

  it('takes a text that looks like a range for nobody', () => {
    const index = new RecordIndex([record('+3589123*'), record('+3*')]);
    for (const text of ['+3589123*', '+3*', '*', '+*']) expect(index.find(text)).toBeNull();
  });

  it('finds text only when it is exactly the same', () => {
    const index = new RecordIndex([record('sip:board@example.com'), record('4711')]);
    expect(index.find('sip:board@example.com')).toMatchObject({ tier: 'gold' });
    for (const text of [
      'SIP:board@example.com',
      'sip:board@example.com ',
      '04711',
      '47110',
      'toString',
      '__proto__',
    ]) {
      expect(index.find(text)).toBeNull();
    }
  });
});
