import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../../test/support/eventually.js';
import { GuardedList, listOf, UNLESS_CONFIRMED } from '../../../test/support/guarded-list.js';

type Instance = ReturnType<GuardedList['instance']>;

describe('a confirmed version of a list that lost most of its entries', () => {
  let list: GuardedList;
  beforeEach(async () => {
    list = await GuardedList.make();
  });
  afterEach(() => list.remove());

  /** 20 entries, then 5, which are confirmed. */
  const afterConfirmation = async (...instances: Instance[]) => {
    await list.write(listOf(20));
    for (const { provider } of instances) await provider.open();
    await list.write(listOf(5));
    for (const { until } of instances) await until('degraded', 20);
    await list.sync(true);
    for (const { until } of instances) await until('up', 5);
  };
  const isRefused = async ({ provider, until }: Instance, inUse: number): Promise<void> => {
    await list.write(listOf(5));
    await until('degraded', inUse);
    expect((await provider.check()).reason).toContain('vips.csv has 5 entries');
  };

  it.each([
    ['the one before', 20, 'gold'],
    ['another one', 22, 'gold'],
    ['one of as many entries', 20, 'silver'],
  ])('is refused when it comes back after %s was used', async (_, entries, tier) => {
    const [one, other] = [list.instance(), list.instance()];
    await afterConfirmation(one, other);
    await list.write(listOf(entries, tier));
    await one.until('up', entries);
    await other.until('up', entries);
    await isRefused(one, entries);
    await isRefused(other, entries);
    await list.sync(true);
    await one.until('up', 5);
    await other.until('up', 5);
  });

  it('is told at a start after another one was used', async () => {
    const before = list.instance();
    await afterConfirmation(before);
    await before.provider.close();
    await list.instance().provider.open();
    await list.write(listOf(20));
    await list.instance().provider.open();
    expect(await list.keptEntries()).toBe(20);
    await list.write(listOf(5));
    await expect(list.instance().provider.open()).rejects.toThrow(UNLESS_CONFIRMED);
  });

  it('is refused after another one was used that could not be noted', async () => {
    const running = list.instance();
    await afterConfirmation(running);
    list.state.trouble = 'down';
    await list.write(listOf(20));
    await running.until('up', 20);
    await isRefused(running, 20);
    list.state.trouble = undefined;
    await eventually(async () => expect(await list.keptEntries()).toBe(20));
    await isRefused(running, 20);
  });

  it('is used after one that was in use then, and could be noted only afterwards', async () => {
    list.state.trouble = 'down';
    await list.write(listOf(20));
    const { provider, until } = list.instance();
    await provider.open();
    await list.write(listOf(5));
    await until('degraded', 20);
    list.state.trouble = undefined;
    await list.sync(true);
    await until('up', 5);
    expect(await list.keptEntries()).toBe(5);
  });

  it('is refused after another one was used without a share', async () => {
    const before = list.instance();
    await afterConfirmation(before);
    await before.provider.close();
    await list.write(listOf(20));
    await list.instance({ minShare: 0 }).provider.open();
    await eventually(async () => expect(await list.keptEntries()).toBe(20));
    const { provider, until } = list.instance();
    await provider.open();
    await list.write(listOf(5));
    await until('degraded', 20);
  });

  it('is used by an instance that starts while others have not seen it yet', async () => {
    const behind = list.instance();
    await list.write(listOf(20));
    await behind.provider.open();
    await list.write(listOf(5));
    await list.sync(true);
    await list.instance().provider.open();
    await behind.until('up', 5);
  });
});
