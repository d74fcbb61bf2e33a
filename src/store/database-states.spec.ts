import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { eventually } from '../../test/support/eventually.js';
import { fakeOnly } from '../../test/support/fake-time.js';
import { withStates } from '../../test/support/state-instances.js';
import { withMariaDb } from '../../test/support/with-mariadb.js';
import { withPostgres } from '../../test/support/with-postgres.js';
import type { ProviderStates } from '../lookup/provider-states.js';
import { MemoryState } from '../plugin-api/testing/index.js';
import { closeDataSource } from '../database/data-source.js';
import { openDatabase } from '../providers/database/vip-caller.repository.js';
import { DatabaseStates } from './database-states.js';

/** So short that it has to be renewed while a test looks on. */
const SHORT_LEASE_MS = 150;

const server = withMariaDb();
const postgres = withPostgres();
let files = 0;
const { path: pathOf, instance } = withStates();

/** A promise, and what resolves it. */
function latch<T>(): { opened: Promise<T>; open: (value: T) => void } {
  let open!: (value: T) => void;
  const opened = new Promise<T>((resolve) => (open = resolve));
  return { opened, open };
}

const newFile = async (): Promise<string> => `sqlite:${pathOf(`store-${++files}.sqlite`)}`;
const DATABASES = [
  ['SQLite', newFile],
  ['MariaDB', () => server.createDatabase()],
  ['PostgreSQL', () => postgres.createDatabase()],
] as const;

type States = Pick<ProviderStates, 'of'>;
/** Two instances on one database, where no provider has kept anything. */
type Two = () => Promise<readonly [States, States]>;
const PLACES: readonly (readonly [string, Two])[] = [
  ...DATABASES.map(([kind, newUrl]): [string, Two] => {
    let pair: Promise<readonly [DatabaseStates, DatabaseStates]> | undefined;
    let tests = 0;
    const connect = async (url: string) => [instance(url), instance(url)] as const;
    const two: Two = async () => {
      const [first, second] = await (pair ??= newUrl().then(connect));
      const test = ++tests;
      const ofTest = (states: DatabaseStates): States => ({ of: (name) => states.of(`${name} ${test}`) });
      return [ofTest(first), ofTest(second)];
    };
    return [kind, two];
  }),
  [
    'memory',
    async () => {
      const known = new Map<string, MemoryState>();
      const of = (provider: string): MemoryState => {
        if (!known.has(provider)) known.set(provider, new MemoryState());
        return known.get(provider)!;
      };
      return [{ of }, { of }];
    },
  ],
];

describe.each(PLACES)('what providers keep in %s', (_, two) => {
  it('is read by another instance, and is nothing before it was written', async () => {
    const [first, second] = await two();
    expect(await first.of('crm').read('cursor')).toBeUndefined();
    const text = `Ünïcode 🎉 ' " \\ \n ${'x'.repeat(300_000)}`;
    expect(await first.of('crm').write('cursor', text, undefined)).toBe(true);
    expect(await second.of('crm').read('cursor')).toEqual({ text, version: 1 });
  });

  it('is replaced only by who has read it', async () => {
    const [first, second] = await two();
    expect(await first.of('crm').write('token', 'a', undefined)).toBe(true);
    expect(await second.of('crm').write('token', 'b', undefined)).toBe(false);
    expect(await second.of('crm').write('token', 'b', 1)).toBe(true);
    expect(await first.of('crm').write('token', 'c', 1)).toBe(false);
    expect(await first.of('crm').write('token', 'b', 1)).toBe(false);
    expect(await first.of('crm').read('token')).toEqual({ text: 'b', version: 2 });
    expect(await first.of('crm').write('other', 'x', 7)).toBe(false);
  });

  it('is written by one of many who try at once', async () => {
    const [first, second] = await two();
    await first.of('crm').write('token', '0', undefined);
    const tries = Array.from({ length: 10 }, (__, i) =>
      (i % 2 ? first : second).of('crm').write('token', String(i), 1),
    );
    expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1);
  });

  it("is a provider's own, and its keys are compared exactly", async () => {
    const [first, second] = await two();
    await first.of('crm').write('Token', 'a', undefined);
    expect(await first.of('CRM').read('Token')).toBeUndefined();
    expect(await first.of('crm').read('token')).toBeUndefined();
    expect(await second.of('crm').write('token', 'b', undefined)).toBe(true);
    expect((await second.of('crm').keys()).sort()).toEqual(['Token', 'token']);
    expect(await second.of('other').keys()).toEqual([]);
  });

  it('is removed', async () => {
    const [first, second] = await two();
    await first.of('crm').write('a', 'a', undefined);
    await second.of('crm').remove('a');
    await second.of('crm').remove('a');
    expect(await first.of('crm').read('a')).toBeUndefined();
    expect(await first.of('crm').write('a', 'b', undefined)).toBe(true);
  });

  it('is worked on by one instance at a time', async () => {
    const [first, second] = await two();
    const held = latch<void>();
    const begun = latch<void>();
    const work = first.of('crm').exclusively('sync', async () => {
      begun.open();
      await held.opened;
      return 'done';
    });
    await begun.opened;
    expect(await second.of('crm').exclusively('sync', async () => 'me too')).toBeUndefined();
    expect(await second.of('crm').exclusively('token', async () => 'other')).toBe('other');
    expect(await second.of('crm2').exclusively('sync', async () => 'other')).toBe('other');
    held.open();
    expect(await work).toBe('done');
    const right = await first.of('crm').exclusively('sync', async (__, given) => given);
    expect(right!.isHeld).toBe(false);
    expect(await right!.confirm()).toBe(false);
    await expect(first.of('crm').write('late', 'a', undefined, right)).rejects.toThrow('right was lost');
    await expect(first.of('crm').remove('late', right)).rejects.toThrow('right was lost');
    expect(await second.of('crm').exclusively('sync', async () => 'now')).toBe('now');
    await expect(
      first.of('crm').exclusively('sync', async () => Promise.reject(new Error('broken'))),
    ).rejects.toThrow('broken');
    expect(await second.of('crm').exclusively('sync', async () => 'again')).toBe('again');
  });
});

describe.each(DATABASES)('an exclusive right in %s', (_, newUrl) => {
  let url: string;
  let database: DataSource;
  beforeAll(async () => {
    url = await newUrl();
    database = await openDatabase(url);
  });
  afterAll(() => closeDataSource(database));

  async function expiresMs(provider: string): Promise<number> {
    const [row] = await database.query<{ expires_ms: number | string }[]>(
      `SELECT expires_ms FROM provider_lease WHERE provider = '${provider}'`,
    );
    return Number(row?.expires_ms);
  }

  it('is kept by who works longer than it lasts', async () => {
    const outcome = await instance(url, SHORT_LEASE_MS)
      .of('keeper')
      .exclusively('sync', async (signal) => {
        const endMs = await expiresMs('keeper');
        await eventually(async () => (await expiresMs('keeper')) > endMs + SHORT_LEASE_MS);
        return signal.aborted;
      });
    expect(outcome).toBe(false);
    expect(await expiresMs('keeper')).toBeNaN();
  });

  it('is taken over from an instance that died, and who had it learns of that', async () => {
    const lost = latch<AbortSignal>();
    const work = instance(url, SHORT_LEASE_MS)
      .of('crm')
      .exclusively('sync', async (signal) => {
        lost.open(signal);
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      });
    const signal = await lost.opened;
    const state = instance(url).of('crm');
    // As if it had not been renewed, because its process hung; it may be renewed before it is taken.
    const taken = await eventually(async () => {
      await database.query(`UPDATE provider_lease SET expires_ms = 1 WHERE provider = 'crm'`);
      return (await state.exclusively('sync', () => work.then(() => 'taken'))) ?? false;
    });
    expect(taken).toBe('taken');
    expect(signal.reason).toMatchObject({
      name: 'VipLookupError',
      message: 'the exclusive right was lost: another instance took over',
    });
  });

  it('that was lost writes and removes nothing, whether its successor is at it or done', async () => {
    const state = instance(url).of('overtaken');
    await state.write('old', 'a', undefined);
    const refused = {
      name: 'VipLookupError',
      message: expect.stringMatching(/^the exclusive right was lost/),
    };
    await state.exclusively('sync', async (_signal, right) => {
      expect(await state.write('first', 'a', undefined, right)).toBe(true);
      expect(await state.write('first', 'b', undefined, right)).toBe(false);
      expect(await state.write('first', 'b', 1, right)).toBe(true);
      await state.remove('first', right);
      await state.remove('first', right);
      expect(await right.confirm()).toBe(true);
      expect(right.isTakenOver).toBe(false);
      await database.query(`UPDATE provider_lease SET expires_ms = 1 WHERE provider = 'overtaken'`);
      const tryAll = async (_?: AbortSignal, others = right) => {
        expect(others.isTakenOver).toBe(others !== right);
        await expect(state.write('new', 'a', undefined, right)).rejects.toMatchObject(refused);
        await expect(state.write('old', 'b', 1, right)).rejects.toMatchObject(refused);
        await expect(state.remove('old', right)).rejects.toMatchObject(refused);
        expect(await right.confirm()).toBe(false);
        expect(right.isHeld).toBe(false);
      };
      await instance(url).of('overtaken').exclusively('sync', tryAll);
      await tryAll();
    });
    expect(await state.keys()).toEqual(['old']);
    expect(await state.read('old')).toEqual({ text: 'a', version: 1 });
  });

  it.each(['Date', 'performance'] as const)('is not sure by %s once its time is over', async (clock) => {
    const state = instance(url, 30_000).of(clock);
    await state.read('connected');
    fakeOnly(clock);
    try {
      await state.exclusively('sync', async (_signal, right) => {
        expect(right.isHeld).toBe(true);
        jest.advanceTimersByTime(29_999);
        expect(right.isHeld).toBe(true);
        jest.advanceTimersByTime(1);
        expect(right.isHeld).toBe(false);
        expect(await right.confirm()).toBe(true);
        expect(right.isHeld).toBe(true);
      });
    } finally {
      jest.useRealTimers();
    }
  });

  it('refuses names and texts that do not fit', async () => {
    const state = instance(url).of('fitting');
    await expect(state.read('')).rejects.toThrow(/1 to 100 characters/);
    await expect(state.write('k'.repeat(101), '', undefined)).rejects.toThrow(/1 to 100 characters/);
    await expect(state.write('k', 'x'.repeat(1_048_577), undefined)).rejects.toThrow(/1048576 bytes/);
    expect(await state.read('k')).toBeUndefined();
    expect(await state.write('k', 'x'.repeat(1_048_576), undefined)).toBe(true);
    expect((await state.read('k'))?.text).toHaveLength(1_048_576);
  });
});
