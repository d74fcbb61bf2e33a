import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  guarded,
  HoldingProvider,
  outcomeOf,
  ScriptedProvider,
} from '../../test/support/scripted-provider.js';
import { pass, stopClocks } from '../../test/support/stopped-clock.js';
import { MetricsService } from '../observability/metrics.service.js';
import { BREAKER } from './circuit-breaker.js';
import type { GuardedProvider } from './guarded-provider.js';
import { Caller } from '../plugin-api/caller.js';
import { VipLookupError } from '../plugin-api/vip-lookup-provider.js';
import type { ProviderStatus } from '../plugin-api/vip-lookup-provider.js';

/** Results of checks are shared for 2 s. */
const ANOTHER_CHECK_MS = 2_001;
const HALF_OPEN = {
  status: 'degraded',
  reason: 'lookups kept failing, the circuit breaker is half open: the next one tries the provider',
  since: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T/),
  breaker: 'half-open',
};

stopClocks();

let provider: ScriptedProvider;
let crm: GuardedProvider;
let logged: Record<string, unknown>[];
let calls = 0;
beforeEach(async () => {
  logged = [];
  provider = new ScriptedProvider(() => Promise.reject(new VipLookupError('HTTP 500')));
  crm = guarded(provider, new MetricsService(), {}, logged);
  await failOften();
});

const ask = async () => outcomeOf(crm.ask(Caller.read(`+35840${String(++calls).padStart(7, '0')}`, 'FI')));
async function failOften(): Promise<void> {
  for (let i = 0; i < BREAKER.failures; i++) await ask();
  expect(crm.breakerState).toBe('open');
}
const becomeHalfOpen = () => pass(BREAKER.openMs);

describe('the health of a provider whose breaker is half open', () => {
  it('is degraded since it opened, until it closes', async () => {
    const { since } = await crm.health();
    await pass(60_000);
    provider.check = async () => ({ status: 'up', entries: 7 });
    expect(await crm.health()).toEqual({ ...HALF_OPEN, since, entries: 7 });
    provider.answer = async () => null;
    await ask();
    expect(await crm.health()).toEqual({ status: 'up', entries: 7, breaker: 'closed' });
  });

  it('is degraded while a lookup tries the provider, which no check does meanwhile', async () => {
    await becomeHalfOpen();
    const holding = new HoldingProvider();
    provider.answer = () => holding.answer(Caller.read('+358401', 'FI'), new AbortController().signal);
    const trial = ask();
    for (let checks = 0; checks < 3; checks++) {
      expect(await crm.health()).toEqual(HALF_OPEN);
      await pass(ANOTHER_CHECK_MS);
    }
    holding.held[0]!.fail(new VipLookupError('HTTP 500'));
    await trial;
    expect(crm.breakerState).toBe('open');
  });
});

describe('a check of a provider whose breaker is half open', () => {
  it('is the trial where there are no calls', async () => {
    await becomeHalfOpen();
    expect(await crm.health()).toEqual(HALF_OPEN);
    expect(crm.breakerState).toBe('closed');
    expect(await crm.health()).toEqual({ status: 'up', breaker: 'closed' });
    expect(logged.at(-1)).toMatchObject({ msg: 'provider answers again, circuit breaker closed' });
  });

  it.each<[string, () => Promise<ProviderStatus>]>([
    ['rejects', () => Promise.reject(new VipLookupError('HTTP 500'))],
    ['says that the provider is degraded', async () => ({ status: 'degraded', reason: 'no token' })],
    ['says nothing that is a status', async () => ({ status: 'great' }) as never],
    ['is not there', undefined as never],
  ])('leaves it so when it %s', async (_, check) => {
    await becomeHalfOpen();
    provider.check = check;
    expect(await crm.health()).toMatchObject({ status: 'degraded', breaker: 'half-open' });
    expect(crm.breakerState).toBe('half-open');
  });

  it('leaves it so when it takes too long, whatever it says in the end', async () => {
    await becomeHalfOpen();
    let say!: (status: ProviderStatus) => void;
    provider.check = () => new Promise((done) => (say = done));
    const health = crm.health();
    await pass(2_000);
    say({ status: 'up' });
    expect(await health).toMatchObject({ reason: 'no answer within 2000 ms' });
    expect(crm.breakerState).toBe('half-open');
  });

  it('tells nothing when it began before', async () => {
    let say!: (status: ProviderStatus) => void;
    provider.check = () => new Promise((done) => (say = done));
    const health = crm.health();
    await becomeHalfOpen();
    say({ status: 'up' });
    await health;
    expect(await crm.health()).toEqual(HALF_OPEN);
    expect(crm.breakerState).toBe('half-open');
  });

  it('is not believed again when lookups went on failing, until one has succeeded', async () => {
    await becomeHalfOpen();
    await crm.health();
    await failOften();
    await pass(ANOTHER_CHECK_MS);
    for (let checks = 0; checks < 3; checks++) {
      expect(await crm.health()).toEqual(HALF_OPEN);
      await pass(ANOTHER_CHECK_MS);
    }
    const { answer } = provider;
    provider.answer = async () => null;
    await ask();
    expect(crm.breakerState).toBe('closed');
    provider.answer = answer;
    await failOften();
    await pass(ANOTHER_CHECK_MS);
    await crm.health();
    expect(crm.breakerState).toBe('closed');
  });
});
