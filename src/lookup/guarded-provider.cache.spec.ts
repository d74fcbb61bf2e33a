import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  cacheConfig,
  guarded,
  HoldingProvider,
  isUnderWay,
  lookupCounts,
  outcomeOf,
  ScriptedProvider,
} from '../../test/support/scripted-provider.js';
import { pass, stopClocks } from '../../test/support/stopped-clock.js';
import type { CacheConfig } from './providers.config.js';
import { MetricsService } from '../observability/metrics.service.js';
import type { GuardedProvider } from './guarded-provider.js';
import { Caller } from '../plugin-api/caller.js';
import { VipLookupError } from '../plugin-api/vip-lookup-provider.js';

const gold = { number: '+358501231234', tier: 'gold' };
const silver = { ...gold, tier: 'silver' };
const caller = Caller.read(gold.number, 'FI');
const stranger = Caller.read('+358509999999', 'FI');
const down = () => Promise.reject(new VipLookupError('HTTP 500'));

const TTL_MS = 20;
const LONG_MS = 600_000;

stopClocks();

let metrics: MetricsService;
beforeEach(() => {
  metrics = new MetricsService();
});
const guard = (
  provider: ScriptedProvider,
  cache: Partial<CacheConfig>,
  timeoutMs = 30_000,
): GuardedProvider => guarded(provider, metrics, { cache: cacheConfig(cache), timeoutMs });
const ask = async (provider: GuardedProvider, asked = caller) => outcomeOf(provider.ask(asked));

describe('the cache of a provider', () => {
  it('answers hits and misses at once, each until its own time is over', async () => {
    const provider = new ScriptedProvider(async ({ key }) => (key === gold.number ? gold : null));
    const crm = guard(provider, { negativeTtlMs: TTL_MS });
    await ask(crm);
    await ask(crm, stranger);
    expect(crm.ask(caller)).toEqual({ kind: 'found', records: [gold], source: 'cache' });
    await pass(TTL_MS);
    expect(await ask(crm, stranger)).toEqual({ kind: 'none', source: 'live' });
    expect(crm.ask(stranger)).toEqual({ kind: 'none', source: 'cache' });
    expect(provider.calls).toEqual([gold.number, stranger.key, stranger.key]);
    expect(await lookupCounts(metrics)).toEqual({ found: 1, none: 2, cached: 2 });
  });

  it('keeps no failure', async () => {
    const provider = new ScriptedProvider(down);
    const crm = guard(provider, { staleIfErrorMs: LONG_MS });
    await ask(crm);
    expect(await ask(crm)).toEqual({ kind: 'failed', reason: 'HTTP 500' });
    expect(provider.calls).toHaveLength(2);
  });

  it('forgets the caller unused for longest when it is full', async () => {
    const provider = new ScriptedProvider(async () => gold);
    const crm = guard(provider, { maxEntries: 2 });
    const [first, second, third] = ['+358501', '+358502', '+358503'].map((text) => Caller.read(text));
    for (const asked of [first, second, first, third, first, second]) await ask(crm, asked);
    expect(provider.calls).toEqual(['+358501', '+358502', '+358503', '+358502']);
  });

  it('remembers a late answer', async () => {
    const provider = new HoldingProvider();
    const crm = guard(provider, {});
    const asked = crm.ask(caller);
    if (!isUnderWay(asked)) throw new Error('answered at once');
    asked.leave();
    provider.held[0]!.answer(gold);
    await asked.outcome;
    expect(crm.ask(caller)).toEqual({ kind: 'found', records: [gold], source: 'cache' });
  });

  it('does not age when the clock jumps', async () => {
    const provider = new ScriptedProvider(async () => gold);
    const crm = guard(provider, { ttlMs: 300_000 });
    await ask(crm);
    const nowMs = Date.now();
    for (const hours of [1, -1]) {
      jest.setSystemTime(nowMs + hours * 3_600_000);
      expect(crm.ask(caller)).toMatchObject({ source: 'cache' });
    }
  });

  it('keeps no "not a VIP" with a negativeTtl of 0, nor the record that it contradicts', async () => {
    const provider = new ScriptedProvider(async () => gold);
    const crm = guard(provider, {
      ttlMs: TTL_MS,
      negativeTtlMs: 0,
      staleWhileRevalidateMs: LONG_MS,
      staleIfErrorMs: 2 * LONG_MS,
    });
    await ask(crm);
    await pass(TTL_MS);
    provider.answer = async () => null;
    expect(await ask(crm)).toMatchObject({ source: 'cache' }); // and asks again in the background
    await pass(0);
    expect(await ask(crm)).toEqual({ kind: 'none', source: 'live' });
    provider.answer = down;
    expect(await ask(crm)).toEqual({ kind: 'failed', reason: 'HTTP 500' });
  });
});

describe('an answer whose ttl is over', () => {
  it('is given at once while one request refreshes it (staleWhileRevalidate)', async () => {
    const provider = new HoldingProvider();
    const crm = guard(provider, { ttlMs: TTL_MS, staleWhileRevalidateMs: LONG_MS });
    const first = ask(crm);
    provider.held[0]!.answer(gold);
    await first;
    await pass(TTL_MS);
    for (let i = 0; i < 5; i++) {
      expect(crm.ask(caller)).toEqual({ kind: 'found', records: [gold], source: 'cache' });
    }
    expect(provider.calls).toHaveLength(2);
    provider.held[1]!.answer(silver);
    await pass(0);
    expect(crm.ask(caller)).toEqual({ kind: 'found', records: [silver], source: 'cache' });
    expect(provider.calls).toHaveLength(2);
    expect(await lookupCounts(metrics)).toEqual({ found: 2, cached: 6 });
  });

  it('is given at once for "not a VIP" too, and when the refresh fails', async () => {
    const provider = new ScriptedProvider(async () => null);
    const crm = guard(provider, { ttlMs: TTL_MS, negativeTtlMs: TTL_MS, staleWhileRevalidateMs: LONG_MS });
    await ask(crm);
    await pass(TTL_MS);
    provider.answer = down;
    for (let i = 0; i < 2; i++) {
      expect(crm.ask(caller)).toEqual({ kind: 'none', source: 'cache' });
      await pass(0);
    }
    expect(await lookupCounts(metrics)).toEqual({ none: 1, cached: 2, failed: 2 });
  });

  it('is given while the circuit breaker is open if it is a record, and "not a VIP" is not', async () => {
    const provider = new ScriptedProvider(async ({ key }) => (key === gold.number ? gold : null));
    const crm = guard(provider, { ttlMs: TTL_MS, negativeTtlMs: TTL_MS, staleWhileRevalidateMs: LONG_MS });
    await ask(crm);
    await ask(crm, stranger);
    await pass(TTL_MS);
    provider.answer = down;
    for (let i = 0; i < 5; i++) await ask(crm, Caller.read(`+35840123456${i}`, 'FI'));
    expect(crm.breakerState).toBe('open');
    expect(crm.ask(stranger)).toEqual({ kind: 'rejected', reason: 'circuit breaker is open' });
    for (let i = 0; i < 3; i++) {
      expect(crm.ask(caller)).toEqual({ kind: 'found', records: [gold], source: 'cache' });
    }
    // A refresh that is not tried is no lookup turned away.
    expect(await lookupCounts(metrics)).toEqual({ found: 1, none: 1, failed: 5, rejected: 1, cached: 3 });
  });

  it.each([
    ['fails', down, 'HTTP 500'],
    ['is too slow', () => new Promise<never>(() => undefined), 'no answer within 50 ms'],
  ])('stands in when the provider %s, and only then (staleIfError)', async (_, trouble, reason) => {
    const provider = new ScriptedProvider(async () => gold);
    const crm = guard(provider, { ttlMs: TTL_MS, staleIfErrorMs: LONG_MS }, 50);
    await ask(crm);
    await pass(TTL_MS);
    provider.answer = trouble;
    const insteadOf = trouble === down ? 'failed' : 'timeout';
    const asked = ask(crm);
    await pass(50);
    expect(await asked).toEqual({ kind: 'found', records: [gold], source: 'stale', insteadOf, reason });
    provider.answer = async () => null;
    expect(await ask(crm)).toEqual({ kind: 'none', source: 'live' });
    expect(await lookupCounts(metrics)).toMatchObject({ stale: 1, found: 1, none: 1 });
  });

  it('no longer stands in when staleIfError is over as well', async () => {
    const provider = new ScriptedProvider(async () => gold);
    const crm = guard(provider, { ttlMs: TTL_MS, staleIfErrorMs: TTL_MS });
    await ask(crm);
    await pass(2 * TTL_MS);
    provider.answer = down;
    expect(await ask(crm)).toEqual({ kind: 'failed', reason: 'HTTP 500' });
  });

  it('does not stand in for "not a VIP": what could not be told now is not known', async () => {
    const provider = new ScriptedProvider(async () => null);
    const crm = guard(provider, { ttlMs: TTL_MS, negativeTtlMs: TTL_MS, staleIfErrorMs: LONG_MS });
    await ask(crm);
    await pass(TTL_MS);
    provider.answer = down;
    const kinds = new Set<string>();
    for (let i = 0; i < 7; i++) kinds.add((await ask(crm)).kind);
    expect([...kinds]).toEqual(['failed', 'rejected']);
    expect(await lookupCounts(metrics)).not.toHaveProperty('stale');
  });

  it('is what a decision may use that can wait no longer, if it is a record', async () => {
    const provider = new ScriptedProvider(async ({ key }) => (key === gold.number ? gold : null));
    const crm = guard(provider, { ttlMs: TTL_MS, negativeTtlMs: TTL_MS, staleIfErrorMs: LONG_MS });
    await ask(crm);
    await ask(crm, stranger);
    await pass(TTL_MS);
    provider.answer = () => new Promise(() => undefined);
    const [known, unknown] = [crm.ask(caller), crm.ask(stranger)];
    if (!isUnderWay(known) || !isUnderWay(unknown)) throw new Error('answered at once');
    const reason = 'no answer before the deadline';
    expect(known.standIn()).toEqual({
      kind: 'found',
      records: [gold],
      source: 'stale',
      insteadOf: 'timeout',
      reason,
    });
    expect(unknown.standIn()).toBeUndefined();
  });
});
