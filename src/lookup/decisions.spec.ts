import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { cacheConfig, guarded, lookupCounts } from '../../test/support/scripted-provider.js';
import type { CacheConfig } from '../config/app-config.js';
import { MetricsService } from '../observability/metrics.service.js';
import { askInOrder } from './decision-clock.js';
import type { GuardedProvider } from './guarded-provider.js';
import { Caller } from './port/caller.js';
import type { VipAnswer, VipLookupProvider } from './port/vip-lookup-provider.js';
import type { VipRecord } from './port/vip-record.js';

const DECISIONS = 100_000;
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
  constructor(private readonly behaviour: Behaviour) {}

  lookup({ key }: Caller, signal: AbortSignal): VipAnswer | Promise<VipAnswer> {
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

async function heapUsed(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < 3; i++) {
    collect();
    await sleep(20);
  }
  return process.memoryUsage().heapUsed;
}

/** What jest and Node themselves come and go with; a leak would be counted in thousands. */
const NOISE = 5;

const pick = ([record]: readonly VipRecord[]): VipRecord | undefined => record;
const callers = Array.from({ length: AT_ONCE }, (_, i) => Caller.read(`+35850${1_000_000 + i}`, 'FI'));

describe(`after ${DECISIONS} decisions`, () => {
  it.each<[string, Partial<CacheConfig> | undefined]>([
    ['without a cache', undefined],
    ['with a cache', { ttlMs: 5, staleWhileRevalidateMs: 5, staleIfErrorMs: 50, maxEntries: 200 }],
  ])(
    'no timer, listener or request is left behind, %s',
    async (_, cache) => {
      const metrics = new MetricsService();
      let odd: Odd[] = [];
      const configured = (behaviour: Behaviour): GuardedProvider => {
        const provider = new Odd(behaviour);
        odd.push(provider);
        return guarded(provider, metrics, {
          name: behaviour,
          timeoutMs: behaviour === 'never' ? TIMEOUT_MS : LONG_MS,
          maxConcurrent: 40,
          maxQueued: 10,
          cache: cache && cacheConfig(cache),
        });
      };
      const run = async (decisions: number): Promise<void> => {
        for (let made = 0; made < decisions; made += PER_PROVIDER) {
          // Anew, since circuit breakers soon keep calls away from those that fail.
          const orders = ORDERS.map((order) => order.map(configured));
          const decide = async (caller: Caller, i: number) =>
            askInOrder(orders[i % orders.length]!, caller, { ...(i < AT_ONCE / 2 ? HASTY : PATIENT), pick });
          for (let round = 0; round < PER_PROVIDER; round += AT_ONCE) await Promise.all(callers.map(decide));
          for (const provider of orders.flat()) void provider.close();
        }
        for (let tries = 0; odd.some(({ pending }) => pending > 0) && tries < 200; tries++) await sleep(5);
        expect(odd.filter(({ pending, listeners }) => pending + listeners !== 0)).toEqual([]);
        odd = [];
      };

      const before = resources();
      await run(DECISIONS / 5);
      const early = await heapUsed();
      await run(DECISIONS - DECISIONS / 5);
      const late = await heapUsed();
      expect(late / early).toBeLessThan(1.3);
      const after = resources();
      for (const kind of Object.keys(after)) {
        expect({ kind, more: after[kind]! - (before[kind] ?? 0) > NOISE }).toEqual({ kind, more: false });
      }
      const counts = await lookupCounts(metrics);
      for (const outcome of ['found', 'none', 'late', 'timeout', 'failed', 'rejected']) {
        expect({ outcome, often: counts[outcome]! > DECISIONS / 200 }).toEqual({ outcome, often: true });
      }
    },
    120_000,
  );
});
