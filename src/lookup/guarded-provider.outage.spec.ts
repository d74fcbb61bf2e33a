import { beforeEach, describe, expect, it } from '@jest/globals';
import { guarded, isUnderWay, lookupCounts, ScriptedProvider } from '../../test/support/scripted-provider.js';
import { pass, stopClocks } from '../../test/support/stopped-clock.js';
import { MetricsService } from '../observability/metrics.service.js';
import { BREAKER } from './circuit-breaker.js';
import type { GuardedProvider } from './guarded-provider.js';
import { Caller } from '../plugin-api/caller.js';
import type { VipAnswer } from '../plugin-api/vip-lookup-provider.js';

const TIMEOUT_MS = 1_000;

stopClocks();

let metrics: MetricsService;
let calls = 0;
beforeEach(() => {
  metrics = new MetricsService();
});

const stranger = (): Caller => Caller.read(`+35840${String(++calls).padStart(7, '0')}`, 'FI');
const hang = (): Promise<VipAnswer> => new Promise(() => undefined);
const after = (ms: number) => (): Promise<VipAnswer> => new Promise((done) => setTimeout(done, ms, null));
const limited = (provider: ScriptedProvider, maxConcurrent: number): GuardedProvider =>
  guarded(provider, metrics, { maxConcurrent, timeoutMs: TIMEOUT_MS });

/** A call each `everyMs`. @returns how often the breaker was not closed after a call */
async function callFor(forMs: number, everyMs: number, crm: GuardedProvider): Promise<number> {
  let notClosed = 0;
  for (let spentMs = 0; spentMs < forMs; spentMs += everyMs) {
    crm.ask(stranger());
    if (crm.breakerState !== 'closed') notClosed++;
    await pass(everyMs);
  }
  return notClosed;
}

describe('the breaker of a provider that hangs', () => {
  it.each([
    ['all get a place', 50, 50],
    ['some wait for one', 10, 50],
    ['all wait for most of their time', 2, 50],
    ['only one may ask', 1, 50],
    ['most find no place to wait', 1, 2],
  ])('opens within three timeouts where %s', async (_, maxConcurrent, everyMs) => {
    const crm = limited(new ScriptedProvider(hang), maxConcurrent);
    await callFor(3 * TIMEOUT_MS, everyMs, crm);
    expect(crm.breakerState).not.toBe('closed');
  });

  it('opens within three timeouts when the outage begins while more ask than it can answer', async () => {
    const provider = new ScriptedProvider(after(100));
    const crm = limited(provider, 10);
    expect(await callFor(5 * TIMEOUT_MS, 8, crm)).toBe(0);
    provider.answer = hang;
    await callFor(3 * TIMEOUT_MS, 8, crm);
    expect(crm.breakerState).not.toBe('closed');
  });

  it('opens when calls come in crowds that share some of the lookups', async () => {
    const crm = limited(new ScriptedProvider(hang), 2);
    for (let crowds = 0; crowds < 4; crowds++) {
      for (let i = 0; i < 10; i++) {
        const caller = stranger();
        for (let twice = 0; twice < 2; twice++) {
          const asked = crm.ask(caller);
          if (isUnderWay(asked)) asked.leave();
        }
      }
      await pass(TIMEOUT_MS);
    }
    expect(crm.breakerState).not.toBe('closed');
  });

  it('is tried by a lookup that has its whole time, whoever waited before', async () => {
    const provider = new ScriptedProvider(hang);
    const crm = limited(provider, 2);
    await callFor(3 * TIMEOUT_MS, 50, crm);
    await pass(TIMEOUT_MS + BREAKER.openMs);
    expect(crm.breakerState).toBe('half-open');
    provider.calls.length = 0;
    provider.answer = after(0.95 * TIMEOUT_MS);
    await callFor(0.9 * TIMEOUT_MS, 50, crm);
    expect(provider.calls).toHaveLength(1);
    await pass(0.05 * TIMEOUT_MS);
    expect(crm.breakerState).toBe('closed');
  });
});

describe('the breaker of a slow provider that more ask than it can answer', () => {
  it.each([0.15, 0.3, 0.6, 0.8, 0.95])(
    'stays closed when a lookup takes %d of the timeout, and the provider answers as many as it can',
    async (part) => {
      const maxConcurrent = 4;
      const lookupMs = part * TIMEOUT_MS;
      const crm = limited(new ScriptedProvider(after(lookupMs)), maxConcurrent);
      const forMs = 30 * TIMEOUT_MS;
      expect(await callFor(forMs, lookupMs / maxConcurrent / 1.5, crm)).toBe(0);
      const { none = 0 } = await lookupCounts(metrics);
      expect(none).toBeGreaterThan((0.6 * forMs * maxConcurrent) / lookupMs);
    },
  );

  it('stays closed when lookups take very different times', async () => {
    const lengths = [0.05, 0.1, 0.7, 0.2, 0.05, 0.4, 0.1, 0.9];
    let asked = 0;
    const provider = new ScriptedProvider(() => after(lengths[asked++ % lengths.length]! * TIMEOUT_MS)());
    const crm = limited(provider, 4);
    expect(await callFor(30 * TIMEOUT_MS, 50, crm)).toBe(0);
  });
});
