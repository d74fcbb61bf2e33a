import { afterEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProviderConfig } from '../config/app-config.js';
import { createLogger } from '../observability/logger.js';
import { MetricsService } from '../observability/metrics.service.js';
import { GuardedProvider } from './guarded-provider.js';
import { Caller } from './port/caller.js';
import type { ProviderStatus, VipAnswer, VipLookupProvider } from './port/vip-lookup-provider.js';
import { VipLookupError } from './port/vip-lookup-provider.js';

const gold = { number: '+358501231234', tier: 'gold' };
const caller = Caller.read('+358501231234', 'FI');
const metrics = new MetricsService();

class Scripted implements VipLookupProvider {
  calls: string[] = [];
  signals: AbortSignal[] = [];
  constructor(public answer: (caller: Caller, signal: AbortSignal) => Promise<VipAnswer>) {}
  lookup(asked: Caller, signal: AbortSignal): Promise<VipAnswer> {
    this.calls.push(asked.key);
    this.signals.push(signal);
    return this.answer(asked, signal);
  }
  check: () => Promise<ProviderStatus> = async () => ({ status: 'up' });
}

const config = (more: Partial<ProviderConfig> = {}): ProviderConfig => ({
  name: 'crm',
  kind: 'scripted',
  country: 'FI',
  timeoutMs: 30_000,
  cache: undefined,
  options: {},
  ...more,
});
const guard = (provider: Scripted, more: Partial<ProviderConfig> = {}): GuardedProvider =>
  new GuardedProvider(config(more), provider, metrics, createLogger({ level: 'silent', numbers: 'masked' }));
const cache = { ttlMs: 60_000, negativeTtlMs: 60_000, staleIfErrorMs: 0, maxEntries: 100 };

async function count(outcome: string): Promise<number> {
  const { values } = await metrics.registry.getSingleMetric('smartrouting_provider_lookups_total')!.get();
  return values.find(({ labels }) => labels['outcome'] === outcome)?.value ?? 0;
}

afterEach(() => metrics.registry.resetMetrics());

describe('a guarded provider', () => {
  it('tells a record, several, and "known not to be a VIP" apart', async () => {
    const provider = new Scripted(async () => gold);
    const guarded = guard(provider);
    expect(await guarded.ask(caller)).toEqual({ kind: 'found', records: [gold], source: 'live' });
    provider.answer = async () => [gold, { ...gold, tier: 'silver' }];
    expect(await guarded.ask(caller)).toMatchObject({
      kind: 'found',
      records: [{ tier: 'gold' }, { tier: 'silver' }],
    });
    provider.answer = async () => null;
    expect(await guarded.ask(caller)).toEqual({ kind: 'none', source: 'live' });
    provider.answer = async () => [];
    expect(await guarded.ask(caller)).toEqual({ kind: 'none', source: 'live' });
    expect(await count('found')).toBe(2);
    expect(await count('none')).toBe(2);
  });

  it('never takes a fault for "not a VIP"', async () => {
    const provider = new Scripted(async () => {
      throw new VipLookupError('HTTP 503');
    });
    const guarded = guard(provider);
    expect(await guarded.ask(caller)).toEqual({ kind: 'failed', reason: 'HTTP 503' });
    provider.answer = async () => undefined as unknown as VipAnswer;
    expect(await guarded.ask(caller)).toMatchObject({ kind: 'failed' });
    provider.answer = () => {
      throw new Error('thrown before any promise');
    };
    expect(await guarded.ask(caller)).toEqual({ kind: 'failed', reason: 'Error' });
    expect(await count('failed')).toBe(3);
  });

  it('shows of a foreign error its code only', async () => {
    const guarded = guard(
      new Scripted(() =>
        Promise.reject(Object.assign(new Error('password hunter2'), { code: 'ECONNREFUSED' })),
      ),
    );
    expect(await guarded.ask(caller)).toEqual({ kind: 'failed', reason: 'ECONNREFUSED' });
  });

  it('gives up after the timeout, even on a provider that ignores its signal', async () => {
    const provider = new Scripted(() => new Promise(() => undefined));
    const outcome = await guard(provider, { timeoutMs: 20 }).ask(caller);
    expect(outcome).toEqual({ kind: 'timeout', reason: 'no answer within 20 ms' });
    expect(provider.signals[0]!.aborted).toBe(true);
  });

  it('shares one request among calls for the same number', async () => {
    let release!: (answer: VipAnswer) => void;
    const provider = new Scripted(() => new Promise((resolve) => (release = resolve)));
    const guarded = guard(provider);
    const asked = [guarded.ask(caller), guarded.ask(caller), guarded.ask(caller)];
    await sleep(1);
    release(gold);
    expect(await Promise.all(asked.map(async (outcome) => outcome))).toEqual(
      Array(3).fill({ kind: 'found', records: [gold], source: 'live' }),
    );
    expect(provider.calls).toHaveLength(1);
    void guarded.ask(caller);
    await sleep(1);
    expect(provider.calls).toHaveLength(2);
    release(null);
  });

  it('answers from the cache, hits and misses, until their time is over', async () => {
    const provider = new Scripted(async ({ key }) => (key === gold.number ? gold : null));
    const guarded = guard(provider, { cache: { ...cache, ttlMs: 60_000, negativeTtlMs: 30 } });
    const stranger = Caller.read('+358509999999', 'FI');
    await guarded.ask(caller);
    await guarded.ask(stranger);
    expect(guarded.ask(caller)).toEqual({ kind: 'found', records: [gold], source: 'cache' });
    await sleep(60);
    expect(await guarded.ask(stranger)).toEqual({ kind: 'none', source: 'live' });
    expect(provider.calls).toEqual([gold.number, stranger.key, stranger.key]);
    expect(await count('cached')).toBe(1);
  });

  it('answers a stale entry when the provider fails, and only then', async () => {
    const provider = new Scripted(async () => gold);
    const guarded = guard(provider, { cache: { ...cache, ttlMs: 10, staleIfErrorMs: 60_000 } });
    await guarded.ask(caller);
    await sleep(30);
    provider.answer = () => Promise.reject(new VipLookupError('HTTP 500'));
    expect(await guarded.ask(caller)).toEqual({ kind: 'found', records: [gold], source: 'stale' });
    provider.answer = async () => null;
    expect(await guarded.ask(caller)).toEqual({ kind: 'none', source: 'live' });
  });

  it('leaves a provider alone that keeps failing, and tries again later', async () => {
    const provider = new Scripted(() => Promise.reject(new VipLookupError('HTTP 500')));
    const guarded = guard(provider);
    for (let i = 0; i < 5; i++) await guarded.ask(caller);
    expect(await guarded.ask(caller)).toEqual({ kind: 'rejected', reason: 'circuit breaker is open' });
    expect(provider.calls).toHaveLength(5);
    expect(guarded.breakerState).toBe('open');
    expect(await guarded.health()).toMatchObject({
      status: 'degraded',
      breaker: 'open',
      reason: expect.stringContaining('circuit breaker'),
    });
    provider.answer = async () => gold;
    await sleep(2_100);
    expect(await guarded.ask(caller)).toMatchObject({ kind: 'found' });
    expect(guarded.breakerState).toBe('closed');
  });

  it('says in its health since when it is degraded', async () => {
    const provider = new Scripted(async () => gold);
    provider.check = () => Promise.reject(new VipLookupError('connection refused'));
    const guarded = guard(provider);
    expect(await guarded.health()).toEqual({
      status: 'degraded',
      reason: 'connection refused',
      since: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T/),
      breaker: 'closed',
    });
  });

  it('is checked within 2 s, whatever its timeout', async () => {
    const provider = new Scripted(async () => gold);
    provider.check = () => new Promise(() => undefined);
    expect(await guard(provider).health()).toMatchObject({
      status: 'degraded',
      reason: 'no answer within 2000 ms',
    });
  });

  it('is not blamed for lookups that end with the service', async () => {
    const lines: string[] = [];
    const provider = new Scripted(() => Promise.reject(new VipLookupError('closed')));
    const logger = createLogger(
      { level: 'info', numbers: 'masked' },
      { write: (line) => void lines.push(line) },
    );
    const guarded = new GuardedProvider(config(), provider, metrics, logger);
    guarded.closing = true;
    for (let i = 0; i < 6; i++) await guarded.ask(caller);
    expect(lines).toEqual([]);
  });
});
