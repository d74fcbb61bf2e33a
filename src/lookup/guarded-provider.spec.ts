import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  guarded,
  HoldingProvider,
  isUnderWay,
  lookupCounts,
  outcomeOf,
  ScriptedProvider,
} from '../../test/support/scripted-provider.js';
import { pass, stopClocks } from '../../test/support/stopped-clock.js';
import type { ProviderConfig } from './providers.config.js';
import { MetricsService } from '../observability/metrics.service.js';
import type { GuardedProvider } from './guarded-provider.js';
import { Caller } from '../plugin-api/caller.js';
import type { VipAnswer } from '../plugin-api/vip-lookup-provider.js';
import { VipLookupError } from '../plugin-api/vip-lookup-provider.js';

const gold = { number: '+358501231234', tier: 'gold' };
const caller = Caller.read('+358501231234', 'FI');

stopClocks();

let metrics: MetricsService;
beforeEach(() => {
  metrics = new MetricsService();
});
const guard = (provider: ScriptedProvider, more: Partial<ProviderConfig> = {}): GuardedProvider =>
  guarded(provider, metrics, more);
const ask = async (provider: GuardedProvider, asked = caller) => outcomeOf(provider.ask(asked));

describe('a guarded provider', () => {
  it('tells a record, several, and "known not to be a VIP" apart', async () => {
    const provider = new ScriptedProvider(async () => gold);
    const guardedOne = guard(provider);
    expect(await ask(guardedOne)).toEqual({ kind: 'found', records: [gold], source: 'live' });
    provider.answer = async () => [gold, { ...gold, tier: 'silver' }];
    expect(await ask(guardedOne)).toMatchObject({
      kind: 'found',
      records: [{ tier: 'gold' }, { tier: 'silver' }],
    });
    provider.answer = async () => null;
    expect(await ask(guardedOne)).toEqual({ kind: 'none', source: 'live' });
    provider.answer = async () => [];
    expect(await ask(guardedOne)).toEqual({ kind: 'none', source: 'live' });
    expect(await lookupCounts(metrics)).toEqual({ found: 2, none: 2 });
  });

  it('is closed once, however often that is asked', async () => {
    let closed = 0;
    const provider = Object.assign(new ScriptedProvider(async () => gold), {
      close: async () => {
        closed++;
        await Promise.resolve();
      },
    });
    const guardedOne = guard(provider);
    await Promise.all([guardedOne.close(), guardedOne.close()]);
    expect(closed).toBe(1);
  });

  it('never takes a fault for "not a VIP"', async () => {
    const faults: (() => VipAnswer | Promise<VipAnswer>)[] = [
      async () => {
        throw new VipLookupError('HTTP 503');
      },
      () => {
        throw new VipLookupError('HTTP 503');
      },
      ...[undefined, 'gold', 7, {}, [null], [gold, { number: '1' }], { ...gold, targets: 'SALES' }].flatMap(
        (answer) => [() => answer as VipAnswer, async () => answer as VipAnswer],
      ),
    ];
    for (const fault of faults) {
      const outcome = await ask(guard(new ScriptedProvider(fault)));
      expect(outcome).toEqual({ kind: 'failed', reason: expect.stringMatching(/^(HTTP 503|TypeError)$/) });
    }
    expect(await lookupCounts(metrics)).toEqual({ failed: faults.length });
  });

  it('gives an answer that needs no waiting without a promise', () => {
    const provider = new ScriptedProvider(() => gold);
    const guardedOne = guard(provider);
    expect(guardedOne.ask(caller)).toEqual({ kind: 'found', records: [gold], source: 'live' });
    provider.answer = () => null;
    expect(guardedOne.ask(caller)).toEqual({ kind: 'none', source: 'live' });
    provider.answer = () => {
      throw new VipLookupError('no list loaded');
    };
    expect(guardedOne.ask(caller)).toEqual({ kind: 'failed', reason: 'no list loaded' });
    expect(provider.signals.map(({ aborted }) => aborted)).toEqual([false, false, false]);
  });

  it('shows of a foreign error its code only', async () => {
    const provider = new ScriptedProvider(() =>
      Promise.reject(Object.assign(new Error('password hunter2'), { code: 'ECONNREFUSED' })),
    );
    expect(await ask(guard(provider))).toEqual({ kind: 'failed', reason: 'ECONNREFUSED' });
  });

  it('gives up after the timeout, even on a provider that ignores its signal', async () => {
    const provider = new HoldingProvider();
    const asked = ask(guard(provider, { timeoutMs: 20 }));
    await pass(19);
    expect(provider.signals[0]!.aborted).toBe(false);
    await pass(1);
    expect(await asked).toEqual({ kind: 'timeout', reason: 'no answer within 20 ms' });
    expect(provider.signals[0]!.aborted).toBe(true);
    provider.held[0]!.answer(gold); // nobody is there any more
    await pass(0);
    expect(await lookupCounts(metrics)).toEqual({ timeout: 1 });
  });

  it.each<[string, PropertyDescriptor]>([
    [
      'whose then throws',
      {
        value: () => {
          throw new VipLookupError('no promise');
        },
      },
    ],
    [
      'whose constructor throws',
      {
        get: () => {
          throw new VipLookupError('no promise');
        },
      },
    ],
  ])('takes a promise %s for a failure, and has its place for the next', async (what, property) => {
    const provider = new ScriptedProvider(() =>
      Object.defineProperty(Promise.resolve(gold), what.includes('then') ? 'then' : 'constructor', property),
    );
    const guardedOne = guard(provider, { maxConcurrent: 1 });
    expect(await ask(guardedOne)).toEqual({ kind: 'failed', reason: 'no promise' });
    provider.answer = async () => gold;
    expect(await ask(guardedOne)).toMatchObject({ kind: 'found' });
  });

  it.each<[string, () => VipAnswer]>([
    ['answers', () => null],
    [
      'throws',
      () => {
        throw new VipLookupError('HTTP 500');
      },
    ],
  ])('is named when it holds the thread, also when it %s in the end', async (_, end) => {
    const provider = new ScriptedProvider(() => {
      jest.advanceTimersByTime(51);
      return end();
    });
    const guardedOne = guard(provider);
    await ask(guardedOne);
    expect(await guardedOne.health()).toMatchObject({
      status: 'degraded',
      reason: expect.stringContaining('blocked the event loop'),
    });
  });

  it('shares one request among calls for the same number', async () => {
    const provider = new HoldingProvider();
    const guardedOne = guard(provider);
    const asked = [ask(guardedOne), ask(guardedOne), ask(guardedOne)];
    provider.held[0]!.answer(gold);
    expect(await Promise.all(asked)).toEqual(
      Array(3).fill({ kind: 'found', records: [gold], source: 'live' }),
    );
    expect(provider.calls).toHaveLength(1);
    void ask(guardedOne);
    expect(provider.calls).toHaveLength(2);
    provider.held[1]!.answer(null);
  });

  it('goes on with a request that some decisions no longer wait for', async () => {
    const provider = new HoldingProvider();
    const guardedOne = guard(provider);
    const [first, second] = [guardedOne.ask(caller), guardedOne.ask(caller)];
    if (!isUnderWay(first) || !isUnderWay(second)) throw new Error('answered at once');
    first.leave();
    expect(provider.signals[0]!.aborted).toBe(false);
    provider.held[0]!.answer(gold);
    expect(await second.outcome).toMatchObject({ kind: 'found' });
    expect(await lookupCounts(metrics)).toEqual({ found: 1 });
  });

  it.each([
    ['a record', (provider: HoldingProvider) => provider.held[0]!.answer(gold), { late: 1 }],
    ['"not a VIP"', (provider: HoldingProvider) => provider.held[0]!.answer(null), { late: 1 }],
    ['a failure', (provider: HoldingProvider) => provider.held[0]!.fail(new Error()), { failed: 1 }],
  ])('counts %s that no decision waited for any more once', async (_, end, counted) => {
    const provider = new HoldingProvider();
    const guardedOne = guard(provider);
    for (let i = 0; i < 3; i++) {
      const asked = guardedOne.ask(caller);
      if (isUnderWay(asked)) asked.leave();
    }
    end(provider);
    await pass(0);
    expect(await lookupCounts(metrics)).toEqual(counted);
  });

  it('is not blamed for lookups that end with the service', async () => {
    const logged: Record<string, unknown>[] = [];
    const provider = new ScriptedProvider(() => Promise.reject(new VipLookupError('closed')));
    const guardedOne = guarded(provider, metrics, {}, logged);
    await guardedOne.close();
    for (let i = 0; i < 6; i++) await ask(guardedOne);
    expect(logged).toEqual([]);
  });
});

describe('the health of a guarded provider', () => {
  it('says since when it is degraded', async () => {
    const provider = new ScriptedProvider(async () => gold);
    provider.check = () => Promise.reject(new VipLookupError('connection refused'));
    expect(await guard(provider).health()).toEqual({
      status: 'degraded',
      reason: 'connection refused',
      since: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T/),
      breaker: 'closed',
    });
  });

  it('says since when what it gives as the reason is so, not something else', async () => {
    const provider = new ScriptedProvider(async () => gold);
    const crm = guard(provider);
    provider.answer = () => Promise.reject(new VipLookupError('HTTP 500'));
    for (let i = 0; i < 5; i++) await ask(crm, Caller.read(`+35850123456${i}`, 'FI'));
    const broken = await crm.health();
    expect(broken.reason).toContain('circuit breaker');
    await pass(2_001); // a check is shared for 2 s
    provider.check = () => Promise.reject(new VipLookupError('connection refused'));
    const unwell = await crm.health();
    expect(unwell.reason).toBe('connection refused');
    expect(Date.parse(unwell.since!) - Date.parse(broken.since!)).toBe(2_001);
  });

  it('is checked within 2 s, whatever its timeout', async () => {
    const provider = new ScriptedProvider(async () => gold);
    provider.check = () => new Promise(() => undefined);
    const health = guard(provider).health();
    await pass(2_000);
    expect(await health).toMatchObject({ status: 'degraded', reason: 'no answer within 2000 ms' });
  });
});
