import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../../test/support/eventually.js';
import { GuardedList, listOf, REASON, UNLESS_CONFIRMED } from '../../../test/support/guarded-list.js';
import { Caller } from '../../plugin-api/index.js';
import { hasCollapsed } from './collapse.js';

const AT_START = `${REASON}; it is used until there is another version`;

describe('a list that lost most of its entries', () => {
  let list: GuardedList;
  beforeEach(async () => {
    list = await GuardedList.make();
  });
  afterEach(() => list.remove());

  it('is refused while it is watched; the one before stays in use, until enough are there again', async () => {
    await list.write(listOf(20));
    const { provider, logged, until } = list.instance();
    await provider.open();
    await list.write(listOf(5));
    await until('degraded', 20);
    const { reason, loadedAt } = await provider.check();
    expect(reason).toMatch(
      new RegExp(`^${REASON.replace(/[.()]/g, '\\$&')}; refused since \\S+Z, the list of `),
    );
    expect(provider.lookup(Caller.read('+358501000019'))).toMatchObject({ tier: 'gold' });
    expect(logged.filter(({ level }) => level === 'error')).toEqual([
      {
        level: 'error',
        fields: { file: 'vips.csv', problems: [REASON], loadedAt },
        message: 'the changed list cannot be used; the previous one stays in use',
      },
    ]);
    expect(provider.entries()).toBe(20);
    await list.write(listOf(14));
    await until('up', 14);
    expect(await list.keptEntries()).toBe(14);
  });

  it('is used once this version is confirmed, by every instance that has the same file', async () => {
    await list.write(listOf(20));
    const [one, other] = [list.instance(), list.instance()];
    await one.provider.open();
    await other.provider.open();
    await list.write(listOf(5));
    await one.until('degraded', 20);
    await other.until('degraded', 20);
    await expect(list.sync()).rejects.toMatchObject({
      name: 'VipLookupError',
      message: UNLESS_CONFIRMED,
    });
    const report = {
      kind: 'full',
      entries: 5,
      before: 20,
      confirmed: true,
      changed: 0,
      pages: 0,
      skipped: 0,
    };
    expect(await list.sync(true)).toEqual(report);
    await one.until('up', 5);
    await other.until('up', 5);
    expect(await list.keptEntries()).toBe(5);
  });

  it('is not used in another version than the one that was confirmed', async () => {
    await list.write(listOf(20));
    const { provider, until } = list.instance();
    await provider.open();
    await list.write(listOf(5));
    await list.sync(true);
    await list.write(listOf(4));
    await eventually(async () =>
      expect((await provider.check()).reason).toMatch(/^vips\.csv has 4 entries where there were 20,/),
    );
    await list.write(listOf(5));
    await until('up', 5);
  });

  it('is used at a start, where there is no other, and told at every start until it is mended', async () => {
    await list.write(listOf(20));
    const before = list.instance();
    await before.provider.open();
    await before.provider.close();
    await list.write(listOf(5));
    for (let start = 0; start < 2; start++) {
      const { provider, logged } = list.instance();
      await expect(provider.open()).rejects.toMatchObject({
        name: 'VipFileError',
        message: UNLESS_CONFIRMED,
      });
      // Whether it is used is not known yet: a changed configuration would be refused.
      expect(logged.filter(({ level }) => level === 'error')).toEqual([]);
      expect(provider.lookup(Caller.read('+358501000004'))).toMatchObject({ tier: 'gold' });
      expect(await provider.check()).toMatchObject({ status: 'degraded', reason: AT_START, entries: 5 });
      await provider.close();
    }
    const { provider, until } = list.instance();
    await provider.open().catch(() => undefined);
    await list.write(listOf(6));
    await until('degraded', 6);
    await list.write(listOf(20, 'silver'));
    await until('up', 20);
    expect(await list.keptEntries()).toBe(20);
  });

  it('is all right at a start, and later, once it is confirmed', async () => {
    await list.write(listOf(20));
    await list.instance().provider.open();
    await list.write(listOf(5));
    const running = list.instance();
    await expect(running.provider.open()).rejects.toThrow('has 5 entries');
    await list.sync(true);
    await running.until('up', 5);
    await list.instance().provider.open();
    expect(await list.keptEntries()).toBe(5);
  });

  it('is confirmed while no instance runs, too', async () => {
    await list.write(listOf(20));
    const before = list.instance();
    await before.provider.open();
    await before.provider.close();
    await list.write(listOf(5));
    await list.sync(true);
    expect(await list.sync()).toMatchObject({ entries: 5, before: 20, confirmed: true });
    await list.instance().provider.open();
    expect(await list.keptEntries()).toBe(5);
    expect(await list.sync()).not.toHaveProperty('confirmed');
  });

  it.each(['down', 'silent'] as const)(
    'is read though the database is %s, and noticed when that is there again',
    async (trouble) => {
      await list.write(listOf(20));
      await list.instance().provider.open();
      list.state.trouble = trouble;
      await list.write(listOf(5));
      const { provider, logged, until } = list.instance();
      await provider.open();
      expect(await provider.check()).toMatchObject({ status: 'up', entries: 5 });
      const told = logged.filter(({ level }) => level !== 'info');
      expect(told).toEqual(
        trouble === 'silent'
          ? []
          : [
              {
                level: 'warn',
                fields: { file: 'vips.csv', reason: 'database is not reachable (ECONNREFUSED)' },
                message: 'the database with the number of entries of the list cannot be used; trying again',
              },
            ],
      );
      list.state.trouble = undefined;
      await until('degraded', 5);
      expect(logged.at(-1)).toEqual({
        level: 'error',
        fields: { file: 'vips.csv', problems: [REASON] },
        message: 'the list has far fewer entries than before; it is used until there is another version',
      });
    },
  );

  it('is refused though the database is down', async () => {
    list.state.trouble = 'down';
    await list.write(listOf(20));
    const { provider, until } = list.instance();
    await provider.open();
    await list.write(listOf(5));
    await until('degraded', 20);
    list.state.trouble = undefined;
    await eventually(async () => expect(await list.keptEntries()).toBe(20));
    await list.sync(true);
    await until('up', 5);
  });

  it('is nothing to speak of with minShare: 0, and no database is needed', async () => {
    list.state.trouble = 'down';
    await list.write(listOf(20));
    const { provider, logged, until } = list.instance({ minShare: 0 });
    await provider.open();
    await list.write(listOf(0));
    await until('up', 0);
    expect(logged.map(({ level }) => level)).toEqual(['info', 'info']);
  });

  it('is refused though the one in use was read in part', async () => {
    await list.write(listOf(21).replace('03,gold', '03,'));
    const { provider } = list.instance();
    await expect(provider.open()).rejects.toThrow(/vips\.csv is not usable/);
    expect(await list.keptEntries()).toBeUndefined();
    await list.write(listOf(3));
    await eventually(async () => expect((await provider.check()).reason).toMatch('has 3 entries'));
  });

  it('is told at a start if it ends within a line, and its count is not kept', async () => {
    await list.write(listOf(20));
    await list.instance().provider.open();
    await list.write(`${listOf(5)}+3585`);
    const { provider } = list.instance();
    await expect(provider.open()).rejects.toThrow(UNLESS_CONFIRMED);
    const { status, reason } = await provider.check();
    expect([status, reason]).toEqual(['degraded', expect.stringContaining(`${AT_START}; vips.csv`)]);
    expect(await list.keptEntries()).toBe(20);
  });

  it('is not compared with a count from before minShare was 0', async () => {
    await list.write(listOf(20));
    await list.instance().provider.open();
    await list.write(listOf(5));
    await list.instance({ minShare: 0 }).provider.open();
    await eventually(async () => expect(await list.keptEntries()).toBe(5));
    await list.instance().provider.open();
  });

  it('is one whose entries cannot be read, where onBadRow is skip', async () => {
    await list.write(listOf(20));
    const { provider, until } = list.instance({ onBadRow: 'skip' });
    await provider.open();
    await list.write(listOf(20, '').replace(',\n', ',gold\n'));
    await until('degraded', 20);
    expect((await provider.check()).reason).toMatch(/^vips\.csv has 1 entry where there were 20,/);
  });

  it('cannot be confirmed while it cannot be read', async () => {
    await list.write(`${listOf(5)}4711,\n`);
    await expect(list.sync(true)).rejects.toThrow(
      'vips.csv is not usable:\n- line 7, tier: is missing; write the tier that routes name, for example gold',
    );
    expect(await list.keptEntries()).toBeUndefined();
  });

  it.each([
    [100, 70, 0.7, false],
    [100, 69, 0.7, true],
    [10, 7, 0.7, false],
    [10, 6, 0.7, true],
    [9, 1, 0.7, false],
    [9, 0, 0.7, true],
    [1, 0, 0.7, true],
    [0, 0, 0.7, false],
    [0, 5, 0.7, false],
    [100, 0, 0, false],
    [100, 99, 1, true],
    [100, 100, 1, false],
    [100, 1_000, 1, false],
  ])('of %d entries and now %d, with minShare %d: %s', (before, now, minShare, collapsed) => {
    expect(hasCollapsed(before, now, minShare)).toBe(collapsed);
  });
});
