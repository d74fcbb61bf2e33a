import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bySpecificity } from '../../plugin-api/index.js';
import type { VipRecord } from '../../plugin-api/index.js';
import { Pace } from './pace.js';
import { RecordIndexBuilder } from './record-index.js';

const indexOf = async (records: readonly VipRecord[]) => {
  const builder = new RecordIndexBuilder();
  records.forEach((each, at) => builder.add(each, at + 1));
  return (await builder.build(new Pace())).index;
};
const record = (number: string, tier = 'gold'): VipRecord => ({ number, tier });
const find = async (numbers: readonly string[], key: string): Promise<string[]> => {
  const answer = (await indexOf(numbers.map((number) => record(number)))).find(key);
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
  it('finds a number inside a range', async () => {
    await fc.assert(
      fc.asyncProperty(numberAndCut, async ({ number, cut }) => {
        const range = `${number.slice(0, cut)}*`;
        expect(await find([range], number)).toEqual([range]);
      }),
    );
  });

  it('does not find a number outside a range', async () => {
    await fc.assert(
      fc.asyncProperty(numberAndCut, digits(3, 12), async ({ number, cut }, other) => {
        const prefix = number.slice(0, cut);
        const caller = `+4${other}`;
        expect(await find([`${prefix}*`], caller)).toEqual([]);
        const last = prefix.at(-1);
        const neighbour = `${prefix.slice(0, -1)}${last === '9' ? '8' : '9'}${number.slice(cut)}`;
        if (cut > 2) expect(await find([`${prefix}*`], neighbour)).toEqual([]);
      }),
    );
  });

  it('lists all that fit, the exact number first, then ranges, longest first, whatever the order of the list', async () => {
    await fc.assert(
      fc.asyncProperty(
        numberAndCut.chain(({ number }) =>
          fc.record({
            number: fc.constant(number),
            cuts: fc.uniqueArray(fc.integer({ min: 2, max: number.length }), { minLength: 1 }),
            exact: fc.boolean(),
          }),
        ),
        fc.infiniteStream(fc.nat()),
        async ({ number, cuts, exact }, order) => {
          const fitting = cuts.map((cut) => `${number.slice(0, cut)}*`);
          if (exact) fitting.push(number);
          const others = ['+1*', '+46*', '4711', `${number}1`, `+1${number.slice(1)}`.slice(0, 16)];
          const shuffled = [...fitting, ...others]
            .map((text) => ({ text, rank: order.next().value as number }))
            .sort((a, b) => a.rank - b.rank)
            .map(({ text }) => text);
          const best = fitting.map((text) => record(text)).sort(bySpecificity);
          expect(await find(shuffled, number)).toEqual(best.map((each) => each.number));
        },
      ),
    );
  });

  it('keeps records of one number in the order of the list', async () => {
    const index = await indexOf([
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

  it('answers a single record as it was given, and null for nobody', async () => {
    const only = record('4711');
    const index = await indexOf([only, record('+3589123*')]);
    expect(index.find('4711')).toStrictEqual(only);
    expect(index.find('471')).toBeNull();
    expect(index.find('+3589124')).toBeNull();
  });

  it('takes a text that looks like a range for nobody', async () => {
    const index = await indexOf([record('+3589123*'), record('+3*')]);
    for (const text of ['+3589123*', '+3*', '*', '+*']) expect(index.find(text)).toBeNull();
  });

  it('finds text only when it is exactly the same', async () => {
    const index = await indexOf([record('sip:board@example.com'), record('4711')]);
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

  it('tells many texts apart, each entered twice', async () => {
    // The letters' places and codes of "Aa" and "BB" add up to the same.
    const texts = Array.from({ length: 2_000 }, (_, at) => `${at % 2 ? 'Aa' : 'BB'}${at >> 1}@example.com`);
    const entries = texts.map((text) => ({ ...record(text), name: text }));
    const index = await indexOf([...entries, ...entries]);
    for (const text of texts)
      expect([index.find(text)].flat().map((found) => found?.name)).toEqual([text, text]);
    expect(index.find('Aa2000@example.com')).toBeNull();
  });

  it('gives the same instructions object at every lookup, also where entries share it', async () => {
    const instructions = () => ({ Greeting: 'Hyvää päivää', Extra: [1, null] });
    const index = await indexOf([
      { number: '+358501', tier: 'gold', instructions: instructions() },
      { number: '+358502', tier: 'gold', instructions: instructions() },
      { number: '+358503', tier: 'gold', instructions: { ...instructions(), Extra: [1, Number.NaN] } },
    ]);
    const given = ['+358501', '+358501', '+358502', '+358503'].map(
      (key) => (index.find(key) as VipRecord).instructions,
    );
    expect(given[1]).toBe(given[0]);
    expect(given[2]).toBe(given[0]);
    expect(given[3]).toEqual({ ...instructions(), Extra: [1, Number.NaN] });
  });
});
