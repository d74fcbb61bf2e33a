import { describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { askInOrder } from './decision-clock.js';
import type { Askable } from './decision-clock.js';
import type { LookupResult, ProviderOutcome } from './outcome.js';
import type { VipRecord } from './port/vip-record.js';

const gold: VipRecord = { number: '+358501231234', tier: 'gold' };
const silver: VipRecord = { number: '+358501231234', tier: 'silver' };
const found = (record: VipRecord): ProviderOutcome => ({ kind: 'found', records: [record], source: 'live' });
const none: ProviderOutcome = { kind: 'none', source: 'live' };
const failed: ProviderOutcome = { kind: 'failed', reason: 'HTTP 503' };
const tooSlow: ProviderOutcome = { kind: 'timeout', reason: 'no answer within 1000 ms' };

/** A provider whose answer the test gives when it wants to. */
class Held implements Askable {
  asked = 0;
  answer!: (outcome: ProviderOutcome) => void;
  constructor(readonly name: string) {}
  ask(): Promise<ProviderOutcome> {
    this.asked++;
    return new Promise((resolve) => (this.answer = resolve));
  }
}

const at = (name: string, outcome: ProviderOutcome): Askable => ({ name, ask: () => outcome });
const NEVER = 600_000;
const outcomes = ({ reports }: LookupResult): string[] => reports.map(({ outcome }) => outcome);
const pick = (records: readonly VipRecord[]): VipRecord | undefined => records[0];
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the decision clock', () => {
  it('takes the first provider that has a record and does not ask those behind it', async () => {
    const behind = new Held('crm');
    const result = await askInOrder([at('list', none), at('db', found(gold)), behind], {
      staggerMs: NEVER,
      deadlineMs: NEVER,
      pick,
    });
    expect(result).toMatchObject({ reason: 'matched', record: gold, provider: 'db' });
    expect(outcomes(result)).toEqual(['none', 'found', 'not-asked']);
    expect(behind.asked).toBe(0);
  });

  it('says no-match only when every provider knows that the caller is no VIP', async () => {
    const settings = { staggerMs: NEVER, deadlineMs: NEVER, pick };
    expect((await askInOrder([at('list', none), at('db', none)], settings)).reason).toBe('no-match');
    expect((await askInOrder([at('list', none), at('db', failed)], settings)).reason).toBe('lookup-failed');
    expect((await askInOrder([at('list', failed), at('db', failed)], settings)).reason).toBe('lookup-failed');
    expect((await askInOrder([at('list', none), at('db', tooSlow)], settings)).reason).toBe('timeout');
    expect((await askInOrder([at('list', failed), at('db', tooSlow)], settings)).reason).toBe(
      'lookup-failed',
    );
    expect((await askInOrder([], settings)).reason).toBe('no-match');
  });

  it('starts the next provider when the one before fails', async () => {
    const result = await askInOrder([at('crm', failed), at('list', found(silver))], {
      staggerMs: NEVER,
      deadlineMs: NEVER,
      pick,
    });
    expect(result).toMatchObject({ reason: 'matched', record: silver, provider: 'list' });
  });

  it('starts the next provider when the one before has been busy for the stagger time', async () => {
    const slow = new Held('crm');
    const next = new Held('list');
    const result = askInOrder([slow, next], { staggerMs: 5, deadlineMs: NEVER, pick });
    expect(next.asked).toBe(0);
    while (next.asked === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    next.answer(none);
    slow.answer(found(gold));
    expect(await result).toMatchObject({ provider: 'crm', record: gold });
  });

  it('lets the earlier provider win although a later one answered first, and asks nobody behind that one', async () => {
    const first = new Held('crm');
    const third = new Held('db');
    const staggerMs = 10;
    const result = askInOrder([first, at('list', found(silver)), third], {
      staggerMs,
      deadlineMs: NEVER,
      pick,
    });
    await sleep(staggerMs * 10);
    first.answer(found(gold));
    expect(await result).toMatchObject({ provider: 'crm', record: gold });
    expect(third.asked).toBe(0);
  });

  it('uses the later provider as soon as the earlier one turns out to know nothing', async () => {
    for (const earlier of [none, failed]) {
      const first = new Held('crm');
      const second = new Held('list');
      const result = askInOrder([first, second], { staggerMs: 1, deadlineMs: NEVER, pick });
      while (second.asked === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      second.answer(found(silver));
      await turn();
      first.answer(earlier);
      expect(await result).toMatchObject({ provider: 'list', record: silver });
    }
  });

  it('answers at the deadline with the best so far', async () => {
    const hanging = new Held('crm');
    const result = await askInOrder([hanging, at('list', found(silver))], {
      staggerMs: 1,
      deadlineMs: 60,
      pick,
    });
    expect(result).toMatchObject({ reason: 'matched', provider: 'list', record: silver });
    expect(outcomes(result)).toEqual(['unanswered', 'found']);
  });

  it('says timeout when the deadline finds nothing', async () => {
    const hanging = new Held('crm');
    const result = await askInOrder([hanging, at('list', none)], { staggerMs: 1, deadlineMs: 40, pick });
    expect(result.reason).toBe('timeout');
    hanging.answer(found(gold)); // too late: nothing happens
    await turn();
    expect(result.record).toBeUndefined();
  });

  it('passes over records that do not apply to the call', async () => {
    const onlyGold = (records: readonly VipRecord[]): VipRecord | undefined =>
      records.find(({ tier }) => tier === 'gold');
    const result = await askInOrder([at('list', found(silver)), at('db', found(gold))], {
      staggerMs: NEVER,
      deadlineMs: NEVER,
      pick: onlyGold,
    });
    expect(result).toMatchObject({ provider: 'db', record: gold });
    expect(outcomes(result)).toEqual(['not-applicable', 'found']);
  });

  it('leaves no timer behind', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    const before = timers();
    for (let i = 0; i < 200; i++) {
      await askInOrder([at('list', none), { name: 'db', ask: async () => found(gold) }], {
        staggerMs: NEVER,
        deadlineMs: NEVER,
        pick,
      });
    }
    expect(timers()).toBe(before);
  });
});
