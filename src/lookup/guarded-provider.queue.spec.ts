import { beforeEach, describe, expect, it } from '@jest/globals';
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
import type { ProviderOutcome } from './outcome.js';
import { Caller } from '../plugin-api/caller.js';
import type { VipAnswer } from '../plugin-api/vip-lookup-provider.js';
import { VipLookupError } from '../plugin-api/vip-lookup-provider.js';

const gold = { number: '+358501231234', tier: 'gold' };
const caller = Caller.read(gold.number, 'FI');
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
const messages = (): unknown[] => logged.map(({ msg }) => msg);

/** Answers as many as are asked one after another, when each has got its turn. */
async function answerAll(provider: HoldingProvider, count: number, answer: VipAnswer): Promise<void> {
  for (let i = 0; i < count; i++) {
    await pass(0);
    provider.held[i]!.answer(answer);
  }
  await pass(0);
}

describe('a provider that more ask than may', () => {
  it('gets no more at once than it can work on, however many it is configured for', async () => {
    const provider = Object.assign(new HoldingProvider(), { maxConcurrent: 2 });
    const crm = guard(provider, { maxConcurrent: 3, maxQueued: 1 });
    for (let i = 0; i < 3; i++) void ask(crm, stranger());
    expect(provider.calls).toHaveLength(2);
    expect(crm.ask(caller)).toMatchObject({ reason: expect.stringContaining('maxConcurrent (2)') });
    expect((await crm.health()).status).toBe('degraded');
    await answerAll(provider, 3, null);
  });

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
    await answerAll(provider, 6, gold);
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
    const reason = 'maxConcurrent (1) lookups are in progress and maxQueued (2) wait';
    for (let i = 0; i < 10; i++) expect(crm.ask(stranger())).toEqual({ kind: 'rejected', reason });
    expect(crm.breakerState).toBe('closed');
    expect(await crm.health()).toEqual({
      status: 'degraded',
      reason: 'lookups were turned away: too many were under way and waiting (maxConcurrent, maxQueued)',
      since: ISO,
      breaker: 'closed',
    });
    expect(messages()).toEqual(['lookups are turned away: too many at once']);
    await answerAll(provider, 3, null);
    await Promise.all(asked);
    expect(await lookupCounts(metrics)).toEqual({ none: 3, rejected: 10 });
  });

  it('lets nobody wait beyond the timeout, the time in the queue included', async () => {
    const provider = new HoldingProvider();
    const timeoutMs = 1_000;
    const crm = guard(provider, { maxConcurrent: 1, maxQueued: 10, timeoutMs });
    const holding = ask(crm, stranger());
    await pass(timeoutMs / 2);
    const waiting = ask(crm, stranger());
    await pass(timeoutMs / 2);
    expect((await holding).kind).toBe('timeout');
    expect(provider.calls).toHaveLength(2);
    // Counted from its turn, it would be a whole timeout more.
    await pass(timeoutMs / 2);
    expect(await waiting).toMatchObject({ kind: 'timeout', reason: `no answer within ${timeoutMs} ms` });
    expect(provider.signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  });

  it('is not blamed for time-outs of those who had to wait for their turn', async () => {
    const provider = new HoldingProvider();
    const crm = guard(provider, { maxConcurrent: 4, maxQueued: 50, timeoutMs: 1_000 });
    const asked = Array.from({ length: 4 }, () => ask(crm, stranger()));
    await pass(500);
    for (let i = 0; i < 4; i++) asked.push(ask(crm, stranger()));
    await pass(1_000);
    expect((await Promise.all(asked)).map(({ kind }) => kind)).toEqual(Array(8).fill('timeout'));
    expect(provider.calls).toHaveLength(8);
    expect(crm.breakerState).toBe('closed');
  });

  it('is not blamed for those whose turn does not come', async () => {
    const provider = new HoldingProvider();
    const crm = guard(provider, { maxConcurrent: 1, maxQueued: 50, timeoutMs: 800 });
    const asked = Array.from({ length: 21 }, () => ask(crm, stranger()));
    await pass(800);
    const outcomes = await Promise.all(asked);
    expect(outcomes.at(-1)).toEqual({
      kind: 'timeout',
      reason: 'no turn within 800 ms: maxConcurrent (1) lookups are under way',
    });
    expect(crm.breakerState).toBe('closed');
    expect(provider.calls).toHaveLength(1);
  });

  it('is not asked by one whose turn comes too late for an answer, who is told so', async () => {
    const provider = new HoldingProvider();
    const crm = guard(provider, { maxConcurrent: 1, maxQueued: 50, timeoutMs: 800 });
    const asked = [ask(crm, stranger()), ask(crm, stranger())];
    await pass(600);
    provider.held[0]!.answer(null);
    expect(await Promise.all(asked)).toEqual([
      { kind: 'none', source: 'live' },
      { kind: 'timeout', reason: 'its turn came with less time left than lookups usually take' },
    ]);
    expect(provider.calls).toHaveLength(1);
  });

  it('may answer with a foreign promise that throws or calls back at once, in the queue too', async () => {
    const odd = (then: (done: (answer: unknown) => void) => void) => ({ then }) as Promise<typeof gold>;
    const provider = new HoldingProvider();
    const crm = guard(provider, { maxConcurrent: 1, maxQueued: 20_000 });
    const first = ask(crm);
    const broken = ask(crm, stranger());
    const waiting = Array.from({ length: 5_000 }, () => ask(crm, stranger()));
    provider.answer = () => {
      provider.answer = () => odd((done) => done(gold));
      return odd(() => {
        throw new VipLookupError('no promise');
      });
    };
    provider.held[0]!.answer(gold);
    expect(await broken).toEqual({ kind: 'failed', reason: 'no promise' });
    expect((await Promise.all([first, ...waiting])).every(({ kind }) => kind === 'found')).toBe(true);
    provider.answer = () => gold;
    expect(isUnderWay(crm.ask(stranger()))).toBe(false);
  });

  it('turns all away who wait when its breaker opens', async () => {
    const provider = new HoldingProvider();
    const crm = guard(provider, { maxConcurrent: 5, maxQueued: 50 });
    const asked = Array.from({ length: 15 }, () => ask(crm, stranger()));
    for (const { fail } of provider.held.splice(0)) fail(new VipLookupError('HTTP 500'));
    await pass(0);
    expect(crm.breakerState).toBe('open');
    for (const { fail } of provider.held.splice(0)) fail(new VipLookupError('HTTP 500'));
    const kinds = (await Promise.all(asked)).map(({ kind }) => kind);
    expect(kinds.slice(0, 5)).toEqual(Array(5).fill('failed'));
    expect(kinds.slice(-5)).toEqual(Array(5).fill('rejected'));
  });

  it('is not asked any more once it is closed; who waits for his turn is turned away when it comes', async () => {
    const provider = new HoldingProvider();
    const crm = guard(provider, { maxConcurrent: 1, maxQueued: 10 });
    const asked = Array.from({ length: 4 }, () => ask(crm, stranger()));
    crm.retire();
    provider.held[0]!.answer(null);
    await pass(0);
    expect(provider.calls).toHaveLength(2);
    await crm.close();
    provider.held[1]!.answer(null);
    const closed = { kind: 'rejected', reason: 'the provider is closed' };
    expect((await Promise.all(asked)).slice(2)).toEqual([closed, closed]);
    expect(provider.calls).toHaveLength(2);
  });
});
