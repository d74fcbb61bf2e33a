import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../../test/support/eventually.js';
import { Caller, VipLookupError } from '../../plugin-api/index.js';
import type { ProviderState, StoredText } from '../../plugin-api/index.js';
import { MemoryState, providerContext } from '../../plugin-api/testing/index.js';
import { hasCollapsed } from './collapse.js';
import type { StaticFileOptions } from './static-file.options.js';
import { StaticFileProvider } from './static-file.provider.js';

class QuickStaticFileProvider extends StaticFileProvider {
  protected override readonly pollMs = 20;
}

/** A list of so many entries; the tier tells one version from another. */
const listOf = (entries: number, tier = 'gold') =>
  [
    'number,tier',
    ...Array.from({ length: entries }, (_, index) => `+35850${1_000_000 + index},${tier}`),
    '',
  ].join('\n');

const REASON =
  'vips.csv has 5 entries where there were 20, fewer than 70 % (minShare). If that is right, confirm this version by the command sync list --confirm';
const AT_START = `${REASON}; it is used because there was no other list at the start`;

/** A database that can be down, or silent. */
class FragileState extends MemoryState {
  trouble: 'down' | 'silent' | undefined;

  override async read(key: string): Promise<StoredText | undefined> {
    if (this.trouble === 'silent') return new Promise(() => undefined);
    if (this.trouble === 'down') throw new VipLookupError('database is not reachable (ECONNREFUSED)');
    return super.read(key);
  }
}

describe('a list that lost most of its entries', () => {
  let directory: string;
  let state: FragileState;
  let made: StaticFileProvider[] = [];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'static-file-'));
    state = new FragileState();
  });
  afterEach(async () => {
    for (const provider of made) await provider.close();
    made = [];
    await rm(directory, { recursive: true });
  });

  const write = (content: string) => writeFile(join(directory, 'vips.csv'), content);
  /** An instance, or the same one after a restart. */
  const instance = (options: Partial<StaticFileOptions> = {}, itsState: ProviderState = state) => {
    const context = providerContext<StaticFileOptions>(
      { file: 'vips.csv', ...options },
      { name: 'list', state: itsState, resolvePath: (file) => join(directory, file) },
    );
    const provider = new QuickStaticFileProvider(context);
    made.push(provider);
    const until = (status: 'up' | 'degraded', entries: number) =>
      eventually(async () => expect(await provider.check()).toMatchObject({ status, entries }));
    return { provider, logged: context.logged, until };
  };
  const confirm = () => instance().provider.sync({ confirm: true });
  const keptEntries = async () => {
    const stored = await state.read('list');
    return stored && (JSON.parse(stored.text) as { entries: number }).entries;
  };

  it('is refused while it is watched; the one before stays in use, until enough are there again', async () => {
    await write(listOf(20));
    const { provider, logged, until } = instance();
    await provider.open();
    await write(listOf(5));
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
    await write(listOf(14));
    await until('up', 14);
    expect(await keptEntries()).toBe(14);
  });

  it('is used once this version is confirmed, by every instance that has the same file', async () => {
    await write(listOf(20));
    const [one, other] = [instance(), instance()];
    await one.provider.open();
    await other.provider.open();
    await write(listOf(5));
    await one.until('degraded', 20);
    await other.until('degraded', 20);
    await expect(instance().provider.sync({})).rejects.toMatchObject({
      name: 'VipLookupError',
      message: REASON,
    });
    expect(await confirm()).toEqual({
      kind: 'full',
      entries: 5,
      before: 20,
      changed: 0,
      pages: 0,
      skipped: 0,
    });
    await one.until('up', 5);
    await other.until('up', 5);
    expect(await keptEntries()).toBe(5);
  });

  it('is not used in another version than the one that was confirmed', async () => {
    await write(listOf(20));
    const { provider, until } = instance();
    await provider.open();
    await write(listOf(5));
    await confirm();
    await write(listOf(4));
    await eventually(async () =>
      expect((await provider.check()).reason).toMatch(/^vips\.csv has 4 entries where there were 20,/),
    );
    await write(listOf(5));
    await until('up', 5);
  });

  it('is used at a start, where there is no other, and told at every start until it is mended', async () => {
    await write(listOf(20));
    const before = instance();
    await before.provider.open();
    await before.provider.close();
    await write(listOf(5));
    for (let start = 0; start < 2; start++) {
      const { provider } = instance();
      await expect(provider.open()).rejects.toMatchObject({ name: 'VipFileError', message: AT_START });
      expect(provider.lookup(Caller.read('+358501000004'))).toMatchObject({ tier: 'gold' });
      expect(await provider.check()).toMatchObject({ status: 'degraded', reason: AT_START, entries: 5 });
      await provider.close();
    }
    const { provider, until } = instance();
    await provider.open().catch(() => undefined);
    await write(listOf(6));
    await until('degraded', 6);
    await write(listOf(20, 'silver'));
    await until('up', 20);
    expect(await keptEntries()).toBe(20);
  });

  it('is all right at a start, and later, once it is confirmed', async () => {
    await write(listOf(20));
    await instance().provider.open();
    await write(listOf(5));
    const running = instance();
    await expect(running.provider.open()).rejects.toThrow('has 5 entries');
    await confirm();
    await running.until('up', 5);
    await instance().provider.open();
    expect(await keptEntries()).toBe(5);
  });

  it('is confirmed while no instance runs, too', async () => {
    await write(listOf(20));
    await instance().provider.open();
    await write(listOf(5));
    await confirm();
    await instance().provider.open();
    expect(await keptEntries()).toBe(5);
  });

  it.each(['down', 'silent'] as const)(
    'is read though the database is %s, and noticed when that is there again',
    async (trouble) => {
      await write(listOf(20));
      await instance().provider.open();
      state.trouble = trouble;
      await write(listOf(5));
      const { provider, logged, until } = instance();
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
      state.trouble = undefined;
      await until('degraded', 5);
      expect(logged.at(-1)).toEqual({
        level: 'error',
        fields: { file: 'vips.csv', problems: [REASON] },
        message:
          'the list has far fewer entries than before the start; it is used until there is another one',
      });
    },
  );

  it('is refused though the database is down', async () => {
    state.trouble = 'down';
    await write(listOf(20));
    const { provider, until } = instance();
    await provider.open();
    await write(listOf(5));
    await until('degraded', 20);
    state.trouble = undefined;
    await eventually(async () => expect(await keptEntries()).toBe(20));
    await confirm();
    await until('up', 5);
  });

  it('is nothing to speak of with minShare: 0, and no database is needed', async () => {
    state.trouble = 'down';
    await write(listOf(20));
    const { provider, logged, until } = instance({ minShare: 0 });
    await provider.open();
    await write(listOf(0));
    await until('up', 0);
    expect(logged.map(({ level }) => level)).toEqual(['info', 'info']);
  });

  it('is refused though the one in use was read in part', async () => {
    await write(listOf(21).replace('03,gold', '03,'));
    const { provider } = instance();
    await expect(provider.open()).rejects.toThrow(/vips\.csv is not usable/);
    expect(await keptEntries()).toBeUndefined();
    await write(listOf(3));
    await eventually(async () => expect((await provider.check()).reason).toMatch('has 3 entries'));
  });

  it('is told at a start if it ends within a line, and its count is not kept', async () => {
    await write(listOf(20));
    await instance().provider.open();
    await write(`${listOf(5)}+3585`);
    const { provider } = instance();
    await expect(provider.open()).rejects.toThrow(AT_START);
    const { status, reason } = await provider.check();
    expect([status, reason]).toEqual(['degraded', expect.stringContaining(`${AT_START}; vips.csv`)]);
    expect(await keptEntries()).toBe(20);
  });

  it('is not compared with a count from before minShare was 0', async () => {
    await write(listOf(20));
    await instance().provider.open();
    await write(listOf(5));
    await instance({ minShare: 0 }).provider.open();
    await eventually(async () => expect(await keptEntries()).toBe(5));
    await instance().provider.open();
  });

  it('is one whose entries cannot be read, where onBadRow is skip', async () => {
    await write(listOf(20));
    const { provider, until } = instance({ onBadRow: 'skip' });
    await provider.open();
    await write(listOf(20, '').replace(',\n', ',gold\n'));
    await until('degraded', 20);
    expect((await provider.check()).reason).toMatch(/^vips\.csv has 1 entry where there were 20,/);
  });

  it('cannot be confirmed while it cannot be read', async () => {
    await write(`${listOf(5)}4711,\n`);
    await expect(confirm()).rejects.toThrow(
      'vips.csv is not usable:\n- line 7, tier: is missing; write the tier that routes name, for example gold',
    );
    expect(await keptEntries()).toBeUndefined();
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
