import { beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  cacheConfig,
  guarded,
  HoldingProvider,
  isUnderWay,
  lookupCounts,
  outcomeOf,
  ScriptedProvider,
  until,
} from '../../test/support/scripted-provider.js';
import type { ProviderConfig } from '../config/app-config.js';
import { MetricsService } from '../observability/metrics.service.js';
import type { GuardedProvider } from './guarded-provider.js';
import type { ProviderOutcome } from './outcome.js';
import { Caller } from './port/caller.js';
import { VipLookupError } from './port/vip-lookup-provider.js';

const gold = { number: '+358501231234', tier: 'gold' };
const caller = Caller.read(gold.number, 'FI');
const down = () => Promise.reject(new VipLookupError('HTTP 500'));
const ISO = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T/);

let metrics: MetricsService;
let logged: Record<string, unknown>[];
let calls = 0;
beforeEach(() => {
  metrics = new MetricsService();
  logged = [];
});

const guard = (provider: ScriptedProvider, more: Partial<ProviderConfig> = {}): GuardedProvider =>
  guarded(provider, metrics, more, logged);
const ask = async (provider: GuardedProvider, asked = caller): Promise<ProviderOutcome> =>
  outcomeOf(provider.ask(asked));
/** Somebody who has not called before. */
const stranger = (): Caller => Caller.read(`+35840${String(++calls).padStart(7, '0')}`, 'FI');
const breakerMetric = async (): Promise<number> =>
  (await metrics.registry.getSingleMetric('smartrouting_provider_breaker_state')!.get()).values[0]!.value;
const messages = (): unknown[] => logged.map(({ msg }) => msg);

async function broken(provider: ScriptedProvider, more: Partial<ProviderConfig> = {}) {
  const crm = guard(provider, more);
  const answer = provider.answer;
  provider.answer = down;
  for (let i = 0; i < 5; i++) await ask(crm, stranger());
  expect(crm.breakerState).toBe('open');
  provider.answer = answer;
  provider.calls.length = 0;
  return crm;
}

describe('a provider that keeps failing', () => {
  it('is left alone, and everybody turned away at once', async () => {
    const provider = new ScriptedProvider(async () => gold);
    const crm = await broken(provider);
    expect(crm.ask(caller)).toEqual({ kind: 'rejected', reason: 'circuit breaker is open' });
    expect(provider.calls).toEqual([]);
    expect(await breakerMetric()).toBe(2);
    expect(await crm.health()).toEqual({
      status: 'degraded',
      reason: 'lookups kept failing, the circuit breaker is open',
      since: ISO,
      breaker: 'open',
    });
  });

  it('is tried by one lookup at a time, while the others are turned away at once', async () => {
    const provider = new HoldingProvider();
    const crm = await broken(provider);
    await until(() => crm.breakerState === 'half-open');
    expect(await breakerMetric()).toBe(1);
    const trial = crm.ask(caller);
    expect(isUnderWay(trial)).toBe(true);
    for (let i = 0; i < 20; i++) {
      expect(crm.ask(stranger())).toEqual({ kind: 'rejected', reason: 'circuit breaker is half-open' });
    }
    expect(provider.calls).toEqual([caller.key]);
    provider.held[0]!.answer(gold);
    expect(await outcomeOf(trial)).toMatchObject({ kind: 'found' });
    expect(crm.breakerState).toBe('closed');
    expect(await breakerMetric()).toBe(0);
    expect((await crm.health()).status).toBe('up');
  });

  it('is found again within 5 s of its recovery, by constant calls and by a single one', async () => {
    const provider = new ScriptedProvider(async () => gold);
    const [busy, quiet] = [await broken(provider), await broken(provider)];
    const recoveredMs = performance.now();
    while ((await ask(busy, stranger())).kind !== 'found') await sleep(5);
    expect(performance.now() - recoveredMs).toBeLessThan(5_000);
    await until(() => quiet.breakerState === 'half-open');
    expect(await ask(quiet, stranger())).toMatchObject({ kind: 'found' });
  });

  it('says in the log that it broke and that it recovered, and nothing in between', async () => {
    const provider = new ScriptedProvider(down);
    const crm = await broken(provider);
    for (let trials = 0; trials < 2; trials++) {
      await until(() => crm.breakerState === 'half-open');
      await ask(crm);
      expect(crm.breakerState).toBe('open');
    }
    provider.answer = async () => gold;
    await until(() => crm.breakerState === 'half-open');
    await ask(crm);
    expect(messages()).toEqual([
      'provider keeps failing, circuit breaker opened',
      'provider answers again, circuit breaker closed',
    ]);
  });

  it('is tried without letting a caller wait who has an old record', async () => {
    const provider = new ScriptedProvider(async () => gold);
    const crm = guard(provider, { cache: cacheConfig({ ttlMs: 20, staleIfErrorMs: 600_000 }) });
    await ask(crm);
    provider.answer = down;
    await sleep(40);
    for (let i = 0; i < 5; i++) await ask(crm, stranger());
    expect(crm.ask(caller)).toMatchObject({ source: 'stale', reason: 'circuit breaker is open' });
    await until(() => crm.breakerState === 'half-open');
    provider.answer = async () => gold;
    expect(crm.ask(caller)).toMatchObject({ source: 'stale', reason: 'circuit breaker is half-open' });
    await sleep(1);
    expect(crm.breakerState).toBe('closed');
    expect(crm.ask(caller)).toMatchObject({ source: 'cache' });
    expect(await lookupCounts(metrics)).toEqual({ found: 2, failed: 5, rejected: 1, stale: 2, cached: 1 });
  });
});

describe('a provider that more ask than may', () => {
  it('gets as many lookups at once as it may, the others in their order', async () => {
    const provider = new HoldingProvider();
    const crm = guard(provider, { maxConcurrent: 2, maxQueued: 10 });
    const callers = Array.from({ length: 6 }, stranger);
    const asked = callers.map((one) => ask(crm, one));
    const keys = callers.map(({ key }) => key);
    expect(provider.calls).toEqual(keys.slice(0, 2));
    provider.held[1]!.answer(gold);
    await asked[1];
    expect(provider.calls).toEqual(keys.slice(0, 3));
    for (let i = 0; i < 6; i++) {
      await until(() => provider.held.length > i);
      provider.held[i]!.answer(gold);
    }
    expect((await Promise.all(asked)).map(({ kind }) => kind)).toEqual(Array(6).fill('found'));
    expect(provider.calls).toEqual(keys);
    expect(await lookupCounts(metrics)).toEqual({ found: 6 });
  });

  it('counts what answers at once as no lookup under way, in the queue too', async () => {
    const provider = new HoldingProvider();
    const crm = guard(provider, { maxConcurrent: 1, maxQueued: 500 });
    const first = ask(crm);
    const waiting = Array.from({ length: 500 }, () => ask(crm, stranger()));
    provider.answer = () => gold;
    provider.held[0]!.answer(gold);
    expect((await Promise.all([first, ...waiting])).every(({ kind }) => kind === 'found')).toBe(true);
    expect(isUnderWay(crm.ask(stranger()))).toBe(false);
  });

  it('turns the rest away at once with a reason, which opens no breaker and shows in health', async () => {
    const provider = new HoldingProvider();
    const crm = guard(provider, { maxConcurrent: 1, maxQueued: 2 });
    const asked = [1, 2, 3].map(() => ask(crm, stranger()));
    const reason = 'maxConcurrent (1) lookups are under way and maxQueued (2) wait';
    for (let i = 0; i < 10; i++) expect(crm.ask(stranger())).toEqual({ kind: 'rejected', reason });
    expect(crm.breakerState).toBe('closed');
    expect(await crm.health()).toEqual({
      status: 'degraded',
      reason: 'lookups were turned away: too many were under way and waiting (maxConcurrent, maxQueued)',
      since: ISO,
      breaker: 'closed',
    });
    expect(messages()).toEqual(['lookups are turned away: too many at once']);
    for (let i = 0; i < 3; i++) {
      await until(() => provider.held.length > i);
      provider.held[i]!.answer(null);
    }
    await Promise.all(asked);
    expect(await lookupCounts(metrics)).toEqual({ none: 3, rejected: 10 });
  });

  it('lets nobody wait beyond the timeout, the time in the queue included', async () => {
    const provider = new HoldingProvider();
    const timeoutMs = 100;
    const crm = guard(provider, { maxConcurrent: 1, maxQueued: 10, timeoutMs });
    const holding = ask(crm, stranger());
    await sleep(timeoutMs / 2);
    const startedMs = performance.now();
    const waiting = ask(crm, stranger());
    expect((await holding).kind).toBe('timeout');
    await until(() => provider.calls.length === 2);
    expect(await waiting).toMatchObject({ kind: 'timeout', reason: `no answer within ${timeoutMs} ms` });
    // Counted from its turn, it would be 1.5 times the timeout.
    expect(performance.now() - startedMs).toBeLessThan(timeoutMs * 1.5);
    expect(provider.signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  });

  it('is not blamed for those whose turn does not come', async () => {
    const provider = new HoldingProvider();
    const crm = guard(provider, { maxConcurrent: 1, maxQueued: 50, timeoutMs: 30 });
    const outcomes = await Promise.all(Array.from({ length: 21 }, () => ask(crm, stranger())));
    expect(outcomes.at(-1)).toEqual({
      kind: 'timeout',
      reason: 'no turn within 30 ms: maxConcurrent (1) lookups are under way',
    });
    expect(crm.breakerState).toBe('closed');
    expect(provider.calls).toHaveLength(1);
  });

  it('turns all away who wait when its breaker opens', async () => {
    const provider = new HoldingProvider();
    const crm = guard(provider, { maxConcurrent: 5, maxQueued: 50 });
    const asked = Array.from({ length: 15 }, () => ask(crm, stranger()));
    for (const { fail } of provider.held.splice(0)) fail(new VipLookupError('HTTP 500'));
    await until(() => provider.held.length > 0 || crm.breakerState === 'open');
    for (const { fail } of provider.held.splice(0)) fail(new VipLookupError('HTTP 500'));
    const kinds = (await Promise.all(asked)).map(({ kind }) => kind);
    expect(kinds.slice(0, 5)).toEqual(Array(5).fill('failed'));
    expect(kinds.slice(-5)).toEqual(Array(5).fill('rejected'));
  });
});
