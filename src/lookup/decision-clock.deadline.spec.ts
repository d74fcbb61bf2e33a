import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { cacheConfig, guarded, ScriptedProvider } from '../../test/support/scripted-provider.js';
import { pass, stopClocks } from '../../test/support/stopped-clock.js';
import type { ProviderConfig } from './providers.config.js';
import { MetricsService } from '../observability/metrics.service.js';
import { askInOrder } from './decision-clock.js';
import type { ClockSettings } from './decision-clock.js';
import type { GuardedProvider } from './guarded-provider.js';
import type { LookupResult } from './outcome.js';
import { Caller } from '../plugin-api/caller.js';
import type { VipAnswer } from '../plugin-api/vip-lookup-provider.js';

const NEVER = 600_000;
const gold = { number: '+358501231234', tier: 'gold' };
const silver = { ...gold, tier: 'silver' };
const caller = Caller.read(gold.number, 'FI');

stopClocks();

let metrics: MetricsService;
beforeEach(() => {
  metrics = new MetricsService();
});

const named = (name: string, answer: ScriptedProvider['answer'], more: Partial<ProviderConfig> = {}) => {
  const provider = new ScriptedProvider(answer);
  return { provider, subject: guarded(provider, metrics, { name, ...more }) };
};
const hang = (): Promise<VipAnswer> => new Promise(() => undefined);
const list = (answer: VipAnswer) => named('list', () => answer);
/** Time goes by, and no timer comes: the thread is held. */
let heldMs = 0;
beforeEach(() => {
  heldMs = 0;
  const now = performance.now.bind(performance);
  jest.spyOn(performance, 'now').mockImplementation(() => now() + heldMs);
});
const holding = (ms: number) =>
  named('holds', () => {
    heldMs += ms;
    return null;
  });

/** One that has been asked before, and was waited for. */
async function slow(name: string, more: Partial<ProviderConfig> = {}, said: VipAnswer = null) {
  const made = named(name, () => new Promise((done) => setTimeout(done, 5, said)), more);
  made.subject.ask(caller);
  await pass(5);
  made.provider.answer = hang;
  made.provider.calls.length = 0;
  return made;
}

function decide(settings: Partial<ClockSettings>, ...providers: { subject: GuardedProvider }[]) {
  const subjects = providers.map(({ subject }) => subject);
  return askInOrder(subjects, caller, {
    staggerMs: NEVER,
    deadlineMs: 300,
    pick: ([record]) => record,
    ...settings,
  });
}

async function decidedAfter(ms: number, asked: LookupResult | Promise<LookupResult>): Promise<LookupResult> {
  let result: LookupResult | undefined;
  void Promise.resolve(asked).then((decided) => (result = decided));
  await pass(ms - 1);
  expect(result).toBeUndefined();
  await pass(1);
  return result!;
}

describe('the deadline of a decision', () => {
  it('counts from before the first provider is asked, who may hold the thread', async () => {
    const asked = decide({}, holding(250), named('crm', hang));
    expect(await decidedAfter(50, asked)).toMatchObject({ reason: 'timeout' });
  });

  it('keeps those from being begun that are waited for, once the thread was held so long', async () => {
    const crm = await slow('crm');
    const asked = decide({}, holding(200), holding(200), crm, list(gold));
    expect(asked).toMatchObject({
      reason: 'matched',
      provider: 'list',
      reports: [{ outcome: 'none' }, { outcome: 'none' }, { outcome: 'not-asked' }, {}],
    });
    expect(crm.provider.calls).toEqual([]);
  });

  it('does not keep the first provider from being asked when the call comes after it', async () => {
    const asked = decide(
      { deadlineMs: -5 },
      named('list', async () => gold),
    );
    await pass(0);
    expect(await asked).toMatchObject({ reason: 'matched' });
  });
});

describe('at the deadline', () => {
  it('who needs no waiting is still asked, in their order, until one has a record', async () => {
    const last = list(gold);
    const asked = decide({}, named('crm', hang), list(null), list(silver), last);
    expect(await decidedAfter(300, asked)).toMatchObject({
      reason: 'matched',
      record: silver,
      reports: [
        { outcome: 'unanswered' },
        { outcome: 'none' },
        { outcome: 'found' },
        { outcome: 'not-asked' },
      ],
    });
    expect(last.provider.calls).toEqual([]);
  });

  it('what is in memory behind a promise is found, at its place in the order', async () => {
    const crm = named('crm', hang);
    const memory = named('memory', async () => gold);
    expect(await decidedAfter(300, decide({}, crm, list(null), memory, list(silver)))).toMatchObject({
      record: gold,
      provider: 'memory',
    });
    expect(await decidedAfter(300, decide({}, named('other', hang), memory))).toMatchObject({ record: gold });
  });

  it('nobody is asked behind a record, also an old one that stands in', async () => {
    const crm = await slow('crm', { cache: cacheConfig({ ttlMs: 1, staleIfErrorMs: NEVER }) }, gold);
    await pass(1);
    const behind = list(silver);
    expect(await decidedAfter(300, decide({}, crm, behind))).toMatchObject({ record: gold, provider: 'crm' });
    expect(behind.provider.calls).toEqual([]);
  });

  it('nothing is begun that has to be waited for', async () => {
    const crm = await slow('crm');
    const result = await decidedAfter(300, decide({}, named('first', hang), crm, list(null)));
    expect(result).toMatchObject({
      reason: 'timeout',
      reports: [{ outcome: 'unanswered' }, { outcome: 'not-asked' }, { outcome: 'none' }],
    });
    expect(crm.provider.calls).toEqual([]);
  });

  it('one who had to be waited for is asked again after a second', async () => {
    const crm = await slow('crm');
    crm.provider.answer = () => gold;
    const ask = () => decidedAfter(300, decide({}, named('first', hang), crm));
    await ask();
    await ask();
    expect(crm.provider.calls).toEqual([]);
    await pass(200);
    await ask();
    expect(await ask()).toMatchObject({ record: gold });
  });

  it.each([
    ['cache', 60_000],
    ['stale', 1],
  ])('what is kept of one who has to be waited for counts, here from %s', async (source, ttlMs) => {
    const crm = await slow('crm', { cache: cacheConfig({ ttlMs, staleIfErrorMs: NEVER }) }, gold);
    await pass(1);
    const result = await decidedAfter(300, decide({}, named('first', hang), crm, list(silver)));
    expect(result).toMatchObject({ record: gold, provider: 'crm', reports: [{}, { source }, {}] });
    expect(crm.provider.calls).toEqual([]);
  });

  it('what one with a copy has of the caller counts', async () => {
    const crm = await slow('crm');
    Object.assign(crm.provider, { recall: () => gold });
    const result = await decidedAfter(300, decide({}, named('first', hang), crm));
    expect(result).toMatchObject({ record: gold, reports: [{}, { source: 'copy' }] });
  });

  it('one who held the thread when last asked is not asked', async () => {
    const busy = holding(100);
    busy.subject.ask(caller);
    busy.provider.calls.length = 0;
    await decidedAfter(300, decide({}, named('first', hang), busy));
    expect(busy.provider.calls).toEqual([]);
  });
});

describe('the stagger of a decision', () => {
  it('counts from before a provider is asked, who may hold the thread', async () => {
    const behind = list(gold);
    const slowToStart = named('crm', () => {
      heldMs += 20;
      return hang();
    });
    void decide({ staggerMs: 25 }, slowToStart, behind);
    await pass(4);
    expect(behind.provider.calls).toEqual([]);
    await pass(1);
    expect(behind.provider.calls).toHaveLength(1);
  });
});
