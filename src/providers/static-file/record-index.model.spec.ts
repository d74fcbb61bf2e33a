import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { numberKeys } from '../../plugin-api/index.js';
import type { VipRecord } from '../../plugin-api/index.js';
import { IS_LONG } from '../../../test/support/length.js';
import { Pace } from './pace.js';
import { RecordIndexBuilder } from './record-index.js';

/** What the index is to answer, in the simplest way. */
function findPlainly(records: readonly VipRecord[], key: string): VipRecord[] {
  if (key.endsWith('*')) return [];
  return numberKeys(key).flatMap((each) => records.filter(({ number }) => number === each));
}

async function indexOf(records: Iterable<VipRecord>) {
  const builder = new RecordIndexBuilder();
  let line = 0;
  for (const record of records) builder.add(record, ++line);
  return (await builder.build(new Pace())).index;
}

const digits = (minLength: number, maxLength: number, of = '0123456789') =>
  fc.string({ unit: fc.constantFrom(...of), minLength, maxLength });
/** Few digits, so that numbers meet, lie inside ranges, and begin one another. */
const international = fc.oneof(
  digits(0, 14, '01').map((rest) => `+1${rest}`),
  digits(14, 14).map((rest) => `+9${rest}`),
  fc.constantFrom('+999999999999999', '+100000000000000', '+1', '+12', '+123', '+4294967296', '+4294967297'),
);
const text = fc
  .oneof(
    digits(0, 6, '01'),
    digits(0, 16, '01').map((rest) => `+0${rest}`),
    digits(16, 18, '01').map((rest) => `+1${rest}`),
    fc.constantFrom(
      '',
      '+',
      '4711',
      '04711',
      'sip:board@example.com',
      'toString',
      '__proto__',
      '+1a',
      '+1.5',
      '+1e3',
      ' +11',
    ),
    fc.string(),
  )
  .filter((each) => !each.endsWith('*'));
const range = international.map((number) => `${number}*`);
const number = fc.oneof(international, international, range, text);

const json = fc.constantFrom(
  {},
  { a: 1 },
  { a: null },
  { a: Number.NaN },
  { a: [1, 'x'] },
  { b: 1, a: 2 },
  { a: 2, b: 1 },
);
const record = fc
  .record(
    {
      number,
      tier: fc.constantFrom('gold', 'silver', ''),
      name: fc.constantFrom('Aino', 'gold'),
      targets: fc.constantFrom(['A'], ['A', 'B'], ['B', 'A'], ['A;B']),
      validFromMs: fc.constantFrom(0, 1, 1_767_225_600_000),
      validUntilMs: fc.constantFrom(2, 1_767_225_600_000),
      attributes: json,
      instructions: json,
    },
    { requiredKeys: ['number', 'tier'], noNullPrototype: true },
  )
  .map((fields) => fields as VipRecord);

describe('the compact index of a list', () => {
  it('answers what a search through all records would', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { maxLength: 60 }),
        fc.array(fc.oneof(international, text, range), { maxLength: 20 }),
        async (records, others) => {
          const index = await indexOf(records);
          expect(index.size).toBe(records.length);
          const asked = records.flatMap(({ number: listed }) => {
            const bare = listed.replace(/\*$/, '');
            return [listed, bare, `${bare}0`, `${bare}11`, bare.slice(0, -1), bare.slice(1), `0${bare}`];
          });
          for (const key of [...asked, ...others]) {
            const answer = index.find(key);
            const expected = findPlainly(records, key);
            expect(answer).toStrictEqual(expected.length > 1 ? expected : (expected[0] ?? null));
          }
        },
      ),
      { numRuns: IS_LONG ? 400 : 60 },
    );
  });
});
