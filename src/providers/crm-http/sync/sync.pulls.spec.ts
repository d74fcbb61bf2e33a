import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { QUICK } from '../../../../test/support/crm-provider.js';
import { contactNumber, contactNumbers } from '../../../../test/support/paging-crm.js';
import { withPagingCrm } from '../../../../test/support/with-paging-crm.js';
import { holdTimeouts } from '../../../../test/support/held-timeouts.js';
import { eventually, patient } from '../../../../test/support/eventually.js';
import { NEVER, recalled, syncedProvider } from '../../../../test/support/synced-provider.js';
import { Caller, VipFileError } from '../../../plugin-api/index.js';
import type { ExclusiveRight, SyncProgress } from '../../../plugin-api/index.js';
import { MemoryState } from '../../../plugin-api/testing/index.js';
import type { CrmHttpProvider } from '../crm-http.provider.js';

const AINO = '+358501231234';
const aino = { id: 9_001, phones: [AINO, '09 123 4567'], tier: 'gold', name: 'Aino Aalto' };
const suite = withPagingCrm();
afterEach(() => void jest.useRealTimers());

function instance(sync: object = {}) {
  const { provider, logged } = syncedProvider(suite.crm.options(sync), new MemoryState());
  suite.ending.push(() => provider.close());
  return { provider, logged };
}

/** Whose reading of the head takes its time on the way back. */
class LateState extends MemoryState {
  isHeld = false;
  go: () => void = () => undefined;
  #next: Promise<void> | undefined;

  /** @returns resolves when it has come */
  holdNextRead(): Promise<void> {
    this.isHeld = false;
    const held = new Promise<void>((resolve) => (this.go = resolve));
    this.#next = held;
    return held;
  }

  override async read(key: string) {
    const text = await super.read(key);
    const held = this.#next;
    if (held === undefined) return text;
    this.#next = undefined;
    this.isHeld = true;
    await held;
    return text;
  }
}

/** In a file that is not there any more. */
class GoneState extends MemoryState {
  isBack = false;

  override async read(key: string) {
    if (!this.isBack) throw new VipFileError('database is not reachable (ENOENT)', '/data/own.sqlite');
    return super.read(key);
  }
}

async function health(provider: CrmHttpProvider) {
  return provider.check(patient());
}

describe('a pull that leaves far fewer contacts', () => {
  it('is refused until it is confirmed', async () => {
    suite.crm.put(...contactNumbers(100));
    const { provider, logged } = instance();
    await provider.sync({});
    await provider.open();
    suite.crm.delete(...Array.from({ length: 31 }, (_, n) => n));
    const problem =
      'a pull was refused: it leaves 69 of 100 contacts, 31 % fewer, and sync.maxShrink is 30%. If that is correct, confirm it with the command sync crm --full --confirm';
    await expect(provider.sync({ full: true })).rejects.toThrow(problem);
    await expect(provider.sync({})).rejects.toThrow('with the command sync crm --confirm');
    expect(recalled(provider, contactNumber(0).phones[0]!)).toHaveLength(1);
    await expect(provider.sync({ full: true })).rejects.toThrow(problem);
    expect(await health(provider)).toMatchObject({ status: 'degraded', reason: problem, entries: 100 });
    expect(logged.filter(({ level }) => level === 'error')).toHaveLength(3);

    expect(await provider.sync({ full: true, confirm: true })).toMatchObject({ entries: 69, before: 100 });
    expect(recalled(provider, contactNumber(0).phones[0]!)).toBeUndefined();
    expect(await health(provider)).toMatchObject({ status: 'up', entries: 69 });
  });

  it('is refused when nobody is left, whatever may be missing', async () => {
    suite.crm.put(aino);
    const { provider } = instance({ maxShrink: '100%' });
    await provider.sync({});
    suite.crm.delete(aino.id);
    await expect(provider.sync({ full: true })).rejects.toThrow('it leaves 0 of 1 contacts');
  });

  it('is taken as it is where no more is missing than may be', async () => {
    suite.crm.put(...contactNumbers(10));
    const { provider } = instance();
    await provider.sync({});
    suite.crm.delete(0, 1, 2);
    expect(await provider.sync({})).toMatchObject({ kind: 'changes', entries: 7, before: 10 });
  });
});

describe('the progress of a pull', () => {
  it('is told after each page, and why it waits', async () => {
    suite.crm.put(...contactNumbers(250));
    suite.crm.missingFromPage = 3;
    const { provider } = instance();
    const told: SyncProgress[] = [];
    const onProgress = (progress: SyncProgress): void => {
      if (progress.waiting !== undefined) suite.crm.missingFromPage = Infinity;
      told.push(progress);
    };
    await provider.sync({ onProgress });
    const two = { pages: 2, entries: 200 };
    expect(told).toEqual([
      { pages: 1, entries: 100 },
      two,
      { ...two, waiting: expect.stringMatching(/^HTTP 404; trying again in [\d.]+ s$/) },
      { pages: 3, entries: 250 },
    ]);
  });
});

describe('contacts of a copy', () => {
  it('are found under each of their numbers, however those are written', async () => {
    suite.crm.put({
      ...aino,
      phones: ['050 123 1234', '+46 70 123 45 67', '4670 765 43 21', '', 'ask reception'],
    });
    const { provider } = instance();
    await provider.sync({});
    await provider.open();
    for (const number of [AINO, '+46701234567', '+46707654321']) {
      expect(recalled(provider, number)).toEqual([{ number, tier: 'gold', name: 'Aino Aalto' }]);
    }
  });

  it('share a number, the highest tier first', async () => {
    suite.crm.put(
      { ...aino, id: 1, tier: 'silver' },
      { ...aino, id: 2, tier: 'gold' },
      { ...aino, id: 3, tier: 'other' },
    );
    const { provider } = instance();
    await provider.sync({});
    await provider.open();
    expect(recalled(provider, AINO)).toMatchObject([{ tier: 'gold' }, { tier: 'silver' }, { tier: 'other' }]);
  });

  it('are dropped when they are no VIPs any more, and move with their numbers', async () => {
    const other = { id: 5, phones: ['+358405550000'], tier: 'gold' };
    suite.crm.put(aino, other, ...contactNumbers(8));
    const { provider } = instance();
    await provider.sync({});
    await provider.open();
    suite.crm.put({ ...aino, tier: null }, { ...other, phones: ['+358405551111'] });
    expect(await provider.sync({})).toMatchObject({ kind: 'changes', entries: 8, before: 9 });
    expect(recalled(provider, AINO)).toBeUndefined();
    expect(recalled(provider, '+358405550000')).toBeUndefined();
    expect(recalled(provider, '+358405551111')).toHaveLength(1);
  });

  it('that cannot be read are left out and told', async () => {
    suite.crm.put(aino, { id: 2, phones: ['+358405550000'], tier: 'x'.repeat(1_000) });
    const { provider, logged } = instance();
    const report = await provider.sync({});
    expect(report).toMatchObject({ entries: 1, skipped: 1, problem: expect.stringContaining('tier') });
    expect(logged).toContainEqual(
      expect.objectContaining({ fields: { skipped: 1, problem: report!.problem } }),
    );
  });
});

describe('callers who are not in the copy', () => {
  it('are asked for live', async () => {
    suite.crm.put(aino);
    const { provider } = instance();
    await provider.sync({});
    await provider.open();
    suite.crm.put({ id: 2, phones: ['+358405550000'], tier: 'gold' });
    expect(recalled(provider, '+358405550000')).toBeUndefined();
    expect(await provider.lookup(Caller.read('+358405550000'), NEVER)).toMatchObject([{ tier: 'gold' }]);
  });

  it('are no VIPs with live: false, once there is a copy', async () => {
    suite.crm.put(aino);
    const { provider } = instance({ live: false });
    const stranger = Caller.read('+358405550000');
    expect(provider.recall(stranger)).toBeUndefined();
    expect(() => provider.lookup(stranger, NEVER)).toThrow('there is no copy yet');
    expect(await health(provider)).toMatchObject({ status: 'degraded' });
    await provider.sync({});
    await provider.open();
    expect(provider.lookup(stranger, NEVER)).toBeNull();
    expect(suite.crm.asked('/search')).toEqual([]);
    expect(await health(provider)).toMatchObject({ status: 'up', entries: 1 });
  });
});

/** Where the right to do something exclusively is not refused but waited for. */
class QueueingState extends MemoryState {
  #last: Promise<unknown> = Promise.resolve();
  turns = 0;

  override async exclusively<T>(
    name: string,
    work: (signal: AbortSignal, right: ExclusiveRight) => Promise<T>,
  ) {
    const turn = this.#last.then(() => super.exclusively(name, work));
    this.#last = turn.finally(() => this.turns++);
    return turn;
  }
}

describe('a pull', () => {
  it('is not made again by an instance that only gets its turn when another has made it', async () => {
    suite.crm.put(aino);
    const state = new QueueingState();
    const both = [
      syncedProvider(suite.crm.options(), state).provider,
      syncedProvider(suite.crm.options(), state).provider,
    ];
    suite.ending.push(async () => {
      await Promise.all(both.map((provider) => provider.close()));
    });
    await Promise.all(both.map((provider) => provider.open()));
    await eventually(() => state.turns === 2);
    expect(suite.crm.asked('/contacts')).toHaveLength(1);
    expect(suite.crm.asked('/changes')).toEqual([]);
  });

  it('keeps to half of the rate limit', async () => {
    suite.crm.put(...contactNumbers(50));
    suite.crm.pageSize = 10;
    const options = { ...suite.crm.options(), rateLimit: '50/s' };
    const { provider } = syncedProvider(options, new MemoryState());
    const startedMs = performance.now();
    expect(await provider.sync({})).toMatchObject({ pages: 5 });
    expect(performance.now() - startedMs).toBeGreaterThan(4 * 36);
    await provider.close();
  });

  it('asks again for a page that does not come in its time, and then gives up', async () => {
    suite.crm.put(...contactNumbers(250));
    suite.crm.heldFromPage = 2;
    const { provider } = syncedProvider(suite.crm.options(), new MemoryState());
    suite.ending.push(() => provider.close());
    holdTimeouts();
    const pulling = provider.sync({});
    for (let times = 1; times <= 3; times++) {
      await eventually(() => suite.crm.asked('/contacts?page=2').length === times);
      jest.advanceTimersByTime(QUICK.pageLimitMs + 1);
    }
    await expect(pulling).rejects.toThrow('stopped before the answer was complete');
    expect(suite.crm.asked('/contacts?page=2')).toHaveLength(3);
  });

  it('is not forgotten for what was read before it', async () => {
    suite.crm.put(...contactNumbers(3));
    const state = new LateState();
    const { provider } = syncedProvider(suite.crm.options(), state);
    suite.ending.push(() => provider.close());
    suite.ending.push(async () => state.go());
    await provider.sync({});
    await provider.open();
    await suite.crm.stop();
    await expect(provider.sync({ full: true })).rejects.toMatchObject({ name: 'VipLookupError' });
    const late = state.holdNextRead();
    await eventually(() => state.isHeld);
    await suite.crm.start();
    await provider.sync({ full: true });
    state.go();
    void state.holdNextRead();
    await late;
    await eventually(() => state.isHeld);
    expect(await health(provider)).toEqual({ status: 'up', entries: 3, loadedAt: expect.any(String) });
  });

  it('cannot be opened while a local file keeps it, and is used as soon as that is back', async () => {
    suite.crm.put(aino);
    const state = new GoneState();
    const { provider } = syncedProvider(suite.crm.options(), state);
    suite.ending.push(() => provider.close());
    await expect(provider.open()).rejects.toMatchObject({ name: 'VipFileError', path: '/data/own.sqlite' });
    state.isBack = true;
    await eventually(() => expect(recalled(provider, AINO)).toMatchObject([{ tier: 'gold' }]));
  });

  it('is given up when the provider closes, and is no failure', async () => {
    suite.crm.put(...contactNumbers(250));
    suite.crm.heldFromPage = 2;
    const state = new MemoryState();
    const { provider, logged } = syncedProvider(suite.crm.options(), state);
    await provider.open();
    await eventually(() => suite.crm.asked('/contacts?page=2').length === 1);
    await provider.close();
    expect(logged.filter(({ level }) => level !== 'info')).toEqual([]);
    expect(await state.read('sync')).toBeUndefined();
    expect(await state.exclusively('sync', async () => 'free')).toBe('free');
  });
});
