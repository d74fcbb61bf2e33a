import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '../../../test/support/eventually.js';
import { fakeOnly } from '../../../test/support/fake-time.js';
import { GuardedList, listOf } from '../../../test/support/guarded-list.js';
import { Caller } from '../../plugin-api/index.js';

const rows = (count: number, row: (index: number) => string, header = 'number,tier'): string =>
  [header, ...Array.from({ length: count }, (_, index) => row(index)), ''].join('\n');
const number = (index: number) => `+35850${1_000_000 + index}`;
const UNTIL = 'number,tier,validUntil';

const DEAD: [string, string, RegExp][] = [
  [
    'damaged by a spreadsheet',
    rows(10, () => '"3,58E+11",gold'),
    /not counted are 10 left out: line 2, number: was shortened by a spreadsheet .*; line 3, number: .*; line 4, number: .*; …\. If/,
  ],
  ['shortened', rows(10, () => '09-123 4567/8,gold'), /10 left out: line 2, number: gives a number/],
  ['of no tier', rows(10, (index) => `${number(index)},NULL`), /10 left out: line 2, tier: /],
  [
    'compared as text',
    rows(10, (index) => `+0${1_000_000 + index},gold`),
    /not counted are 10 compared as text, although it looks like a telephone number; write \+/,
  ],
  [
    'expired',
    rows(10, (index) => `${number(index)},gold,2025-12-31`, UNTIL),
    /not counted are 10 expired\. If that is right, confirm this version by the command sync list --confirm/,
  ],
  [
    'expired a moment ago',
    rows(10, (index) => `${number(index)},gold,${new Date(Date.now() - 1_000).toISOString()}`, UNTIL),
    /10 expired/,
  ],
  [
    'of all these kinds',
    rows(
      12,
      (index) =>
        index < 4
          ? `${number(index)},gold,2025-12-31`
          : index < 8
            ? `+0${1_000_000 + index},gold,`
            : '1000-1999,gold,',
      UNTIL,
    ),
    /4 left out: .*, and 4 expired, and 4 compared as text/,
  ],
];

describe('entries that no call can find', () => {
  let list: GuardedList;
  beforeEach(async () => {
    list = await GuardedList.make();
  });
  afterEach(async () => {
    jest.useRealTimers();
    await list.remove();
  });

  it.each(DEAD)('do not count as entries of a new version: %s', async (_, dead, why) => {
    await list.write(listOf(10));
    const { provider } = list.instance();
    await provider.open();
    await list.write(dead);
    await eventually(async () =>
      expect((await provider.check()).reason).toMatch(/^vips\.csv has 0 entries where there were 10, /),
    );
    expect((await provider.check()).reason).toMatch(why);
    expect(provider.lookup(Caller.read(number(9)))).toMatchObject({ tier: 'gold' });
    await expect(list.sync()).rejects.toThrow(why);
    await provider.close();
    const restarted = list.instance();
    await expect(restarted.provider.open()).rejects.toThrow(why);
    expect(await restarted.provider.check()).toMatchObject({ status: 'degraded' });
  });

  it('may be most of a version, if enough others are left', async () => {
    await list.write(listOf(10));
    const { provider, until } = list.instance();
    await provider.open();
    const expired = Array.from({ length: 90 }, (_, index) => `${number(index + 100)},gold,2020-01-01`);
    await list.write(`${rows(7, (index) => `${number(index)},gold,`, UNTIL)}${expired.join('\n')}\n`);
    await until('up', 97);
    expect(await list.keptEntries()).toBe(7);
  });

  it('are no reason to doubt a version that has been in use, when they expire', async () => {
    const endMs = Date.now() + 60_000;
    const end = new Date(endMs).toISOString();
    const text = rows(10, (index) => `${number(index)},gold,${index < 5 ? end : ''}`, UNTIL);
    await list.write(text);
    await list.instance().provider.open();
    fakeOnly('Date');
    jest.setSystemTime(endMs + 1);
    const restarted = list.instance();
    await restarted.provider.open();
    expect(await restarted.provider.check()).toMatchObject({ status: 'up', entries: 10 });
    expect(await list.keptEntries()).toBe(5);
  });

  it('are all there is in a list: health is degraded', async () => {
    const endMs = Date.now() + 60_000;
    const end = new Date(endMs).toISOString();
    await list.write(rows(2, (index) => `${number(index)},gold,${index === 0 ? '2020-01-01' : end}`, UNTIL));
    const { provider } = list.instance();
    await provider.open();
    expect((await provider.check()).status).toBe('up');
    fakeOnly('Date');
    jest.setSystemTime(endMs + 1);
    expect(await provider.check()).toMatchObject({
      status: 'degraded',
      reason: 'vips.csv has only entries that have expired',
    });
  });

  it.each([DEAD[0]!, DEAD[4]!])('are all there is at the first start: %s', async (_, dead) => {
    await list.write(dead);
    const { provider } = list.instance();
    await provider.open();
    expect((await provider.check()).status).toBe('degraded');
  });
});
