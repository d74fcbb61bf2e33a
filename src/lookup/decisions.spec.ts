import { describe, expect, it } from '@jest/globals';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { eventually } from '../../test/support/eventually.js';
import { IS_LONG } from '../../test/support/length.js';
import { cacheConfig, guarded, lookupCounts } from '../../test/support/scripted-provider.js';
import type { CacheConfig } from './providers.config.js';
import { MetricsService } from '../observability/metrics.service.js';
import { askInOrder } from './decision-clock.js';
import type { GuardedProvider } from './guarded-provider.js';
import { Caller } from '../plugin-api/caller.js';
import type { VipAnswer, VipLookupProvider } from '../plugin-api/vip-lookup-provider.js';
import type { VipRecord } from '../plugin-api/vip-record.js';

const DECISIONS = IS_LONG ? 100_000 : 6_000;
const AT_ONCE = 500;
const PER_PROVIDER = 2_000;
const LATE_MS = 6;
const TIMEOUT_MS = 8;
/** A timer of this length that nobody cleared would still be there at the end. */
const LONG_MS = 600_000;
const HASTY = { staggerMs: 1, deadlineMs: 4 };
const PATIENT = { staggerMs: LONG_MS, deadlineMs: LONG_MS };

type Behaviour = 'at once' | 'soon' | 'late' | 'never' | 'fails' | 'throws';

/** Counts what is left on the signals it gets, and what it leaves itself. */
class Odd implements VipLookupProvider {
  listeners = 0;
  pending = 0;
  constructor(
    private readonly behaviour: Behaviour,
    private readonly passing: WeakRef<Caller | AbortSignal>[],
  ) {}

  lookup({ key }: Caller, signal: AbortSignal): VipAnswer | Promise<VipAnswer> {
    this.passing.push(new WeakRef(signal));
    const answer = Number(key.at(-2)) % 2 ? { number: key, tier: 'gold' } : null;
    switch (this.behaviour) {
      case 'at once':
        return answer;
      case 'soon':
        return Promise.resolve(answer);
      case 'late':
        return this.#until(signal, LATE_MS, answer);
      case 'never':
        return this.#until(signal, undefined, answer);
      case 'fails':
        return Promise.reject(new Error('down'));
      case 'throws':
        throw new Error('down');
    }
  }

  async check() {
    return { status: 'up' as const };
  }

  #until(signal: AbortSignal, ms: number | undefined, answer: VipAnswer): Promise<VipAnswer> {
    return new Promise((resolve, reject) => {
      this.pending++;
      this.listeners++;
      const timer = ms === undefined ? undefined : setTimeout(() => done(() => resolve(answer)), ms);
      const stop = (): void => done(() => reject(signal.reason as Error));
      const done = (settle: () => void): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', stop);
        this.listeners--;
        this.pending--;
        settle();
      };
      signal.addEventListener('abort', stop);
    });
  }
}

const ORDERS: readonly (readonly Behaviour[])[] = [
  ['at once', 'never'],
  ['soon', 'late'],
  ['late', 'at once'],
  ['never', 'soon'],
  ['never', 'late', 'never'],
  ['fails', 'throws', 'soon'],
  ['late', 'fails'],
  ['throws', 'never', 'at once'],
];

function resources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

const collectGarbage = ((): (() => void) => {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
})();

/** What jest and Node themselves come and go with; a leak would be counted in hundreds. */
const NOISE = 5;

const pick = ([record]: readonly VipRecord[]): VipRecord | undefined => record;
const callers = (): Caller[] =>
  Array.from({ length: AT_ONCE }, (_, i) => Caller.read(`+35850${1_000_000 + i}`, 'FI'));

describe(`after ${DECISIONS} decisions`, () => {
  it.each<[string, Partial<CacheConfig> | undefined]>([
    ['without a cache', undefined],
    ['with a cache', { ttlMs: 5, staleWhileRevalidateMs: 5, staleIfErrorMs: 50, maxEntries: 200 }],
  ])('no timer, listener, request or memory is left behind, %s', async (_, cache) => {
    const metrics = new MetricsService();
    const asked: GuardedProvider[] = [];
    const odd: Odd[] = [];
    const passing: WeakRef<Caller | AbortSignal>[] = [];
    const configured = (behaviour: Behaviour): GuardedProvider => {
      const provider = new Odd(behaviour, passing);
      odd.push(provider);
      const subject = guarded(provider, metrics, {
        name: behaviour,
        timeoutMs: behaviour === 'never' ? TIMEOUT_MS : LONG_MS,
        maxConcurrent: 40,
        maxQueued: 10,
        cache: cache && cacheConfig(cache),
      });
      asked.push(subject);
      return subject;
    };
    const decideAll = async (): Promise<void> => {
      for (let made = 0; made < DECISIONS; made += PER_PROVIDER) {
        // Anew, since circuit breakers soon keep calls away from those that fail.
        const orders = ORDERS.map((order) => order.map(configured));
        const decide = async (caller: Caller, i: number) => {
          passing.push(new WeakRef(caller));
          return askInOrder(orders[i % orders.length]!, caller, {
            ...(i < AT_ONCE / 2 ? HASTY : PATIENT),
            pick,
          });
        };
        for (let round = 0; round < PER_PROVIDER; round += AT_ONCE) await Promise.all(callers().map(decide));
        for (const provider of orders.flat()) void provider.close();
      }
    };

    const before = resources();
    await decideAll();
    await eventually(() => odd.every(({ pending }) => pending === 0));
    expect(odd.filter(({ listeners }) => listeners !== 0)).toEqual([]);
    await eventually(() => {
      const after = resources();
      const more = Object.keys(after).filter((kind) => after[kind]! - (before[kind] ?? 0) > NOISE);
      expect(more).toEqual([]);
    });
    // While all that was asked is there, nothing of what it was asked is.
    await eventually(() => {
      collectGarbage();
      expect(passing.filter((one) => one.deref() !== undefined)).toHaveLength(0);
    });
    expect(passing.length).toBeGreaterThan(DECISIONS);
    expect(asked).toHaveLength((DECISIONS / PER_PROVIDER) * ORDERS.flat().length);
    const counts = await lookupCounts(metrics);
    for (const outcome of ['found', 'none', 'late', 'timeout', 'failed', 'rejected']) {
      expect({ outcome, often: counts[outcome]! > DECISIONS / 200 }).toEqual({ outcome, often: true });
    }
  });
});
