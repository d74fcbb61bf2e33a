import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  cacheConfig,
  guarded,
  HoldingProvider,
  lookupCounts,
  outcomeOf,
  ScriptedProvider,
} from '../../test/support/scripted-provider.js';
import { pass, stopClocks } from '../../test/support/stopped-clock.js';
import { MetricsService } from '../observability/metrics.service.js';
import type { ProviderOutcome } from './outcome.js';
import type { GuardedProvider } from './guarded-provider.js';
import { BREAKER } from './circuit-breaker.js';
import { Caller } from '../plugin-api/caller.js';
import { VipEntryError, VipLookupBusyError, VipLookupError } from '../plugin-api/vip-lookup-provider.js';

const gold = { number: '+358501231234', tier: 'gold' };
const caller = Caller.read(gold.number, 'FI');
const BUSY = { kind: 'rejected', reason: 'rateLimit (5/s) is used up' };
const busy = () => Promise.reject(new VipLookupBusyError('rateLimit (5/s) is used up', 200));
const down = () => Promise.reject(new VipLookupError('HTTP 500'));

stopClocks();

let metrics: MetricsService;
let calls = 0;
beforeEach(() => {
  metrics = new MetricsService();
});
const ask = async (provider: GuardedProvider, asked = caller): Promise<ProviderOutcome> =>
  outcomeOf(provider.ask(asked));
const stranger = (): Caller => Caller.read(`+35840${String(++calls).padStart(7, '0')}`, 'FI');

describe('a provider that cannot be asked now', () => {
  it.each([
    ['later', busy],
    [
      'at once',
      () => {
        throw Object.assign(new Error('rateLimit (5/s) is used up'), { name: 'VipLookupBusyError' });
      },
    ],
  ])('and says so %s is no broken one', async (_, answer) => {
    const crm = guarded(new ScriptedProvider(answer), metrics);
    for (let i = 0; i < 20; i++) expect(await ask(crm, stranger())).toEqual(BUSY);
    expect(crm.breakerState).toBe('closed');
    expect(await lookupCounts(metrics)).toEqual({ rejected: 20 });
  });

  it('lets an old record stand in', async () => {
    const provider = new ScriptedProvider(async () => gold);
    const crm = guarded(provider, metrics, { cache: cacheConfig({ ttlMs: 1, staleIfErrorMs: 60_000 }) });
    await ask(crm);
    await pass(1);
    provider.answer = busy;
    expect(await ask(crm)).toMatchObject({ kind: 'found', source: 'stale', insteadOf: 'rejected' });
  });

  it('says nothing of failures before and after', async () => {
    const provider = new ScriptedProvider(down);
    const crm = guarded(provider, metrics);
    for (const answer of [down, down, busy, busy, down, down, busy]) {
      provider.answer = answer;
      await ask(crm, stranger());
    }
    expect(crm.breakerState).toBe('closed');
    provider.answer = down;
    await ask(crm, stranger());
    expect(crm.breakerState).toBe('open');
    await crm.close();
  });

  it('leaves the trial of a half-open breaker to the next lookup', async () => {
    const provider = new HoldingProvider();
    const crm = guarded(provider, metrics);
    for (let i = 0; i < 5; i++) {
      const asked = ask(crm, stranger());
      provider.held.at(-1)!.fail(new VipLookupError('HTTP 500'));
      await asked;
    }
    await pass(BREAKER.openMs);
    const trial = ask(crm, stranger());
    provider.held.at(-1)!.fail(new VipLookupBusyError('rateLimit (5/s) is used up'));
    expect(await trial).toEqual(BUSY);
    expect(crm.breakerState).toBe('half-open');
    const next = ask(crm);
    provider.held.at(-1)!.answer(gold);
    expect(await next).toMatchObject({ kind: 'found' });
    expect(crm.breakerState).toBe('closed');
  });
});

describe('a provider whose entry of a caller cannot be used', () => {
  const unreadable = () => Promise.reject(new VipEntryError('a row of table "customers" cannot be read'));

  it('has answered: however often, nobody else is kept from it, and the lookup has failed', async () => {
    const crm = guarded(new ScriptedProvider(unreadable), metrics);
    for (let i = 0; i < 20; i++) {
      expect(await ask(crm)).toEqual({ kind: 'failed', reason: 'a row of table "customers" cannot be read' });
    }
    expect(crm.breakerState).toBe('closed');
    expect(await lookupCounts(metrics)).toEqual({ failed: 20 });
  });

  it('passes the trial of a half-open breaker', async () => {
    const provider = new ScriptedProvider(down);
    const crm = guarded(provider, metrics);
    for (let i = 0; i < 5; i++) await ask(crm, stranger());
    await pass(BREAKER.openMs);
    provider.answer = unreadable;
    await ask(crm);
    expect(crm.breakerState).toBe('closed');
  });
});
