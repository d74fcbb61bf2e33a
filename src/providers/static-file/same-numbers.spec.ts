import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '../../../test/support/eventually.js';
import { fakeOnly } from '../../../test/support/fake-time.js';
import { GuardedList, listOf } from '../../../test/support/guarded-list.js';
import { readList } from './record-file.js';

const rows = (count: number, row: (index: number) => string, header = 'number,tier') =>
  [header, ...Array.from({ length: count }, (_, index) => row(index)), ''].join('\n');
const number = (index: number) => `+35850${1_000_000 + index}`;
const tallyOf = async (text: string, name = 'vips.csv') =>
  (await readList(Buffer.from(text), name, { country: 'FI' })).tally;

const ONE_NUMBER: [string, string, number][] = [
  ['one number in all lines', rows(20, () => `${number(0)},gold`), 19],
  ['in several spellings', rows(20, (index) => `${index % 2 ? '050 100 0000' : number(0)},gold`), 19],
  ['with different tiers', rows(20, (index) => `${number(0)},${index % 2 ? 'gold' : 'silver'}`), 19],
  ['for different targets', rows(20, (index) => `${number(0)},gold,Q${index}`, 'number,tier,targets'), 19],
  ['with different names', rows(20, (index) => `${number(0)},gold,N${index}`, 'number,tier,name'), 19],
  [
    'for different times',
    rows(20, (index) => `${number(0)},gold,20${60 + index}-01-01`, 'number,tier,validUntil'),
    19,
  ],
  ['one range', rows(20, () => '+3589123*,gold'), 19],
  ['one extension', rows(20, () => '4711,gold'), 19],
  ['one SIP address', rows(20, () => 'sip:aino@example.com,gold'), 19],
];

describe('a number that many entries have', () => {
  let list: GuardedList;
  beforeEach(async () => {
    list = await GuardedList.make();
  });
  afterEach(async () => {
    jest.useRealTimers();
    await list.remove();
  });

  it.each(ONE_NUMBER)(
    'counts once where a version is compared with the one before: %s',
    async (_, text, repeats) => {
      await list.write(listOf(20));
      const { provider } = list.instance({}, { country: 'FI' });
      await provider.open();
      await list.write(text);
      const reason = new RegExp(
        `^vips\\.csv has 1 entry where there were 20, .* \\(minShare\\); not counted are ${repeats} with the number of another entry\\. If`,
      );
      await eventually(async () => expect((await provider.check()).reason).toMatch(reason));
      expect(provider.entries()).toBe(20);
      await provider.close();
      const restarted = list.instance({}, { country: 'FI' });
      await expect(restarted.provider.open()).rejects.toThrow('vips.csv has 1 entry where there were 20');
    },
  );

  it('counts once in the one before, too', async () => {
    await list.write(`${listOf(10)}${rows(30, () => `${number(3)},gold`).replace(/^.*\n/, '')}`);
    const { provider, until } = list.instance();
    await provider.open();
    expect(await list.keptEntries()).toBe(10);
    expect(await provider.check()).toMatchObject({ status: 'up', entries: 40 });
    await list.write(listOf(7));
    await until('up', 7);
  });

  it('counts for as long as one of its entries is valid', async () => {
    const endMs = Date.now() + 3 * 86_400_000;
    const until = (ms: number): string => new Date(ms).toISOString();
    const text = rows(
      12,
      (index) => `${number(index % 3)},gold,${index < 3 ? '' : until(endMs - index)}`,
      'number,tier,validUntil',
    );
    const tally = await tallyOf(text);
    expect([tally.entries, tally.numbersAt(Date.now()), tally.numbersAt(endMs)]).toEqual([12, 3, 3]);
    const ending = await tallyOf(text.replaceAll(/gold,\n/g, `gold,${until(endMs)}\n`));
    expect([ending.numbersAt(endMs - 1), ending.numbersAt(endMs)]).toEqual([3, 0]);
  });

  it('has expired at a restart in all of its entries, and is not missed', async () => {
    const endMs = Date.now() + 60_000;
    const end = new Date(endMs).toISOString();
    await list.write(rows(20, (index) => `${number(index >> 1)},gold,${end}`, 'number,tier,validUntil'));
    await list.instance().provider.open();
    expect(await list.keptEntries()).toBe(10);
    fakeOnly('Date');
    jest.setSystemTime(endMs + 1);
    await list.instance().provider.open();
  });

  it('does not count at all where no call can find it', async () => {
    const tally = await tallyOf(rows(6, (index) => `${index < 4 ? '+0123456789' : '+12'},gold`));
    expect([tally.entries, tally.numbersAt(Date.now())]).toEqual([6, 0]);
  });

  it('counts once in JSON, and beyond the kinds that are told apart', async () => {
    const entries = Array.from({ length: 10_300 }, (_, index) => ({
      number: number(index % 100),
      tier: `tier ${index}`,
    }));
    const tally = await tallyOf(JSON.stringify(entries), 'vips.json');
    expect([tally.ofFurtherKinds, tally.numbersAt(Date.now())]).toEqual([300, 100]);
  });

  it('is noted where the entries say different things, but not where they say the same', async () => {
    const named = await tallyOf(
      rows(5, (index) => `${number(0)},gold,${index < 3 ? 'Aino' : 'Eino'}`, 'number,tier,name'),
    );
    expect(named.otherDetails).toEqual({ count: 2, places: [5, 6] });
    const attribute = await tallyOf(
      rows(4, (index) => `${number(0)},${index < 2 ? 'gold' : 'Gold '},A${index}`, 'number,tier,Nimi'),
    );
    expect([attribute.otherDetails.count, attribute.repeats.count]).toEqual([3, 0]);
    const same = await tallyOf(rows(9, () => `${number(0)},gold,Aino`, 'number,tier,name'));
    expect([same.otherDetails.count, same.repeats.count]).toEqual([0, 0]);
  });
});
