import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { IS_LONG } from '../../../test/support/length.js';
import { EntryTableBuilder } from './entry-table.js';
import type { EntryTable } from './entry-table.js';
import { Pace } from './pace.js';

const LARGEST = 2 ** 32 - 1;

async function tableOf(entries: readonly (readonly [key: number, reference: number])[], limit = LARGEST) {
  const builder = new EntryTableBuilder();
  entries.forEach(([key, reference], at) => builder.add(key, reference, at + 1));
  return builder.build(limit, new Pace());
}

function placesOf(table: EntryTable, key: number): number[] {
  const places: number[] = [];
  for (let place = table.next(key, -1); place !== -1; place = table.next(key, place)) places.push(place);
  return places;
}

async function repeatedIn(table: EntryTable): Promise<(readonly number[])[]> {
  const groups: (readonly number[])[] = [];
  for await (const group of table.repeated(new Pace())) groups.push(group);
  return groups;
}

const key = fc.oneof(
  fc.integer({ min: -20, max: 20 }),
  fc.maxSafeInteger(),
  fc.constantFrom(999_999_999_999_999, -999_999_999_999_999, 1e15, 1e15 + 1, 2 ** 32, 2 ** 32 + 7, 7, -7),
);
const reference = fc.oneof(fc.nat(3), fc.integer({ min: 0, max: LARGEST - 1 }));

describe('the table of entries', () => {
  it('has the entries of each key in the order of the list, with their references and lines', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(key, reference), { maxLength: 300 }),
        fc.array(key),
        async (entries, others) => {
          const { table, lines } = await tableOf(entries);
          expect(table.size).toBe(entries.length);
          const repeated = new Set<number>();
          for (const wanted of [...entries.map(([each]) => each), ...others]) {
            const expected = entries.flatMap(([each, value], at) =>
              each === wanted ? [[value, at + 1]] : [],
            );
            const places = placesOf(table, wanted);
            expect(places.map((place) => [table.referenceAt(place), lines[place]])).toEqual(expected);
            if (places.length > 1) repeated.add(places[0]!);
          }
          const groups = await repeatedIn(table);
          expect(new Set(groups.map(([first]) => first))).toEqual(repeated);
          expect(groups).toHaveLength(repeated.size);
        },
      ),
      { numRuns: IS_LONG ? 100 : 30 },
    );
  });

  it.each([1, 256, 257, 65_536, 65_537])('holds %d different references', async (limit) => {
    const { table } = await tableOf(
      [[5, limit - 1], ...Array.from({ length: 9 }, () => [6, 0] as const)],
      limit,
    );
    expect(table.referenceAt(table.next(5, -1))).toBe(limit - 1);
  });

  it('grows with the list, and spreads neighbouring numbers', async () => {
    // More than one chunk.
    const size = IS_LONG ? 200_000 : 80_000;
    const distinct = (size / 4) * 3;
    const first = 358_400_000_000;
    const entries = Array.from({ length: size }, (_, at) => [first + (at % distinct), at] as const);
    const { table, lines } = await tableOf(entries);
    let wrong = 0;
    for (let at = 0; at < size; at++) {
      const places = placesOf(table, first + (at % distinct));
      if (places.length !== (at % distinct < size / 4 ? 2 : 1)) wrong++;
      if (!places.some((place) => table.referenceAt(place) === at && lines[place] === at + 1)) wrong++;
      if (table.next(first - 1 - at, -1) !== -1) wrong++;
    }
    expect(wrong).toBe(0);
    expect(await repeatedIn(table)).toHaveLength(size / 4);
  });

  it('is the same however the list is long: empty, or of one key only', async () => {
    expect(placesOf((await tableOf([])).table, 0)).toEqual([]);
    const { table } = await tableOf(Array.from({ length: 1_000 }, (_, at) => [1, at] as const));
    expect(placesOf(table, 1).map((place) => table.referenceAt(place))).toEqual([...Array(1_000).keys()]);
    expect(await repeatedIn(table)).toEqual([placesOf(table, 1)]);
  });

  it('makes way for other work while it is made', async () => {
    const builder = new EntryTableBuilder();
    for (let at = 0; at < 10_000; at++) builder.add(at, 0, at);
    const pace = new Pace(AbortSignal.abort());
    const end = performance.now() + 20;
    while (performance.now() < end);
    await expect(builder.build(1, pace)).rejects.toMatchObject({ name: 'AbortError' });
  });
});
