import { beforeEach, describe, expect, it } from '@jest/globals';
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
import type { ProviderConfig } from './providers.config.js';
import { MetricsService } from '../observability/metrics.service.js';
import type { GuardedProvider } from './guarded-provider.js';
import type { ProviderOutcome } from './outcome.js';
import { BREAKER } from './circuit-breaker.js';
import { Caller } from '../plugin-api/caller.js';
import { VipLookupError } from '../plugin-api/vip-lookup-provider.js';

const gold = { number: '+358501231234', tier: 'gold' };
const caller = Caller.read(gold.number, 'FI');
const down = () => Promise.reject(new VipLookupError('HTTP 500'));
const ISO = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T/);

stopClocks();

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

  it('is left alone after five time-outs, no more', async () => {
    const provider = new HoldingProvider();
    const crm = guard(provider, { timeoutMs: 20 });
    for (let timeouts = 0; timeouts < 5; timeouts++) {
      expect(crm.breakerState).toBe('closed');
      const asked = ask(crm, stranger());
      await pass(20);
      expect((await asked).kind).toBe('timeout');
    }
    expect(crm.breakerState).toBe('open');
    expect(await lookupCounts(metrics)).toEqual({ timeout: 5 });
  });

  it('is tried by one lookup at a time, while the others are turned away at once', async () => {
    const provider = new HoldingProvider();
    const crm = await broken(provider);
    await pass(BREAKER.openMs);
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
    while ((await ask(busy, stranger())).kind !== 'found') await pass(50);
    expect(performance.now() - recoveredMs).toBeLessThan(5_000);
    expect(await ask(quiet, stranger())).toMatchObject({ kind: 'found' });
  });

  it('says in the log that it broke and that it recovered, and nothing in between', async () => {
    const provider = new ScriptedProvider(down);
    const crm = await broken(provider);
    for (let trials = 0; trials < 2; trials++) {
      await pass(BREAKER.openMs);
      expect(await ask(crm)).toMatchObject({ reason: 'HTTP 500' });
      expect(crm.breakerState).toBe('open');
    }
    provider.answer = async () => gold;
    await pass(BREAKER.openMs);
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
    await pass(20);
    for (let i = 0; i < 5; i++) await ask(crm, stranger());
    expect(crm.ask(caller)).toMatchObject({ source: 'stale', reason: 'circuit breaker is open' });
    await pass(BREAKER.openMs);
    provider.answer = async () => gold;
    expect(crm.ask(caller)).toMatchObject({ source: 'stale', reason: 'circuit breaker is half-open' });
    await pass(0);
    expect(crm.breakerState).toBe('closed');
    expect(crm.ask(caller)).toMatchObject({ source: 'cache' });
    expect(await lookupCounts(metrics)).toEqual({ found: 2, failed: 5, rejected: 1, stale: 2, cached: 1 });
  });
});

describe('a provider that keeps failing and answers at once when it is tried', () => {
  const cache = cacheConfig({ ttlMs: 20, negativeTtlMs: 0, staleIfErrorMs: 600_000 });
  async function tryable() {
    const provider = new ScriptedProvider(() => gold);
    const crm = guard(provider, { cache });
    await ask(crm);
    await pass(20);
    provider.answer = down;
    for (let i = 0; i < 5; i++) await ask(crm, stranger());
    await pass(BREAKER.openMs);
    provider.calls.length = 0;
    return { provider, crm };
  }

  it('is believed, whatever it said before', async () => {
    const { provider, crm } = await tryable();
    const silver = { ...gold, tier: 'silver' };
    provider.answer = () => silver;
    expect(crm.ask(caller)).toEqual({ kind: 'found', records: [silver], source: 'live' });
    const other = await tryable();
    other.provider.answer = () => null;
    expect(other.crm.ask(caller)).toEqual({ kind: 'none', source: 'live' });
    expect(other.provider.calls).toEqual([caller.key]);
  });

  it('has its old record stand in when it fails again', async () => {
    const { provider, crm } = await tryable();
    provider.answer = () => {
      throw new VipLookupError('HTTP 500');
    };
    expect(crm.ask(caller)).toMatchObject({ source: 'stale', reason: 'HTTP 500', records: [gold] });
    expect(provider.calls).toEqual([caller.key]);
    expect(crm.breakerState).toBe('open');
  });
});
