import { describe, expect, it } from '@jest/globals';
import { pass, stopClocks } from '../../test/support/stopped-clock.js';
import { askInOrder as askForCaller } from './decision-clock.js';
import type { Askable, ClockSettings } from './decision-clock.js';
import type { Found, LookupResult, LookupUnderWay, ProviderOutcome } from './outcome.js';
import { Caller } from '../plugin-api/caller.js';
import type { VipRecord } from '../plugin-api/vip-record.js';

const gold: VipRecord = { number: '+358501231234', tier: 'gold' };
const silver: VipRecord = { number: '+358501231234', tier: 'silver' };
const found = (record: VipRecord): Found => ({ kind: 'found', records: [record], source: 'live' });
const old = (record: VipRecord, insteadOf: Found['insteadOf'] = 'failed'): Found => ({
  ...found(record),
  source: 'stale',
  insteadOf,
  reason: 'HTTP 503',
});
const none: ProviderOutcome = { kind: 'none', source: 'live' };
const failed: ProviderOutcome = { kind: 'failed', reason: 'HTTP 503' };
const tooSlow: ProviderOutcome = { kind: 'timeout', reason: 'no answer within 1000 ms' };

/** A provider whose answer the test gives when it wants to. */
class Held implements Askable, LookupUnderWay {
  asked = 0;
  left = 0;
  answer!: (outcome: ProviderOutcome) => void;
  readonly outcome = new Promise<ProviderOutcome>((resolve) => (this.answer = resolve));
  constructor(
    readonly name: string,
    private readonly oldRecord?: VipRecord,
  ) {}
  ask(): LookupUnderWay {
    this.asked++;
    return this;
  }
  standIn(): Found | undefined {
    return this.oldRecord && old(this.oldRecord, 'timeout');
  }
  leave(): void {
    this.left++;
  }
}

const caller = Caller.read('+358501231234', 'FI');
const askInOrder = (providers: readonly Askable[], settings: ClockSettings) =>
  askForCaller(providers, caller, settings);
/** What comes of a question when its deadline is over, and not before. */
async function inTheEnd(providers: readonly Askable[], settings: ClockSettings) {
  let isDecided = false;
  const result = (async () => askInOrder(providers, settings))().finally(() => (isDecided = true));
  await pass(settings.deadlineMs - 1);
  expect(isDecided).toBe(false);
  await pass(1);
  return result;
}
const at = (name: string, outcome: ProviderOutcome): Askable => ({ name, ask: () => outcome });
const NEVER = 600_000;
const outcomes = ({ reports }: LookupResult): string[] => reports.map(({ outcome }) => outcome);
const pick = (records: readonly VipRecord[]): VipRecord | undefined => records[0];
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the decision clock', () => {
  stopClocks();

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

  it('says no-match only when every provider knows that the caller is not a VIP', async () => {
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
    await pass(4);
    expect(next.asked).toBe(0);
    await pass(1);
    expect(next.asked).toBe(1);
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
    await pass(staggerMs * 10);
    first.answer(found(gold));
    expect(await result).toMatchObject({ provider: 'crm', record: gold });
    expect(third.asked).toBe(0);
  });

  it('uses the later provider as soon as the earlier one turns out to know nothing', async () => {
    for (const earlier of [none, failed]) {
      const first = new Held('crm');
      const second = new Held('list');
      const result = askInOrder([first, second], { staggerMs: 1, deadlineMs: NEVER, pick });
      await pass(1);
      expect(second.asked).toBe(1);
      second.answer(found(silver));
      await turn();
      first.answer(earlier);
      expect(await result).toMatchObject({ provider: 'list', record: silver });
    }
  });

  it('answers at the deadline with the best so far', async () => {
    const hanging = new Held('crm');
    const result = await inTheEnd([hanging, at('list', found(silver))], {
      staggerMs: 1,
      deadlineMs: 60,
      pick,
    });
    expect(result).toMatchObject({ reason: 'matched', provider: 'list', record: silver });
    expect(outcomes(result)).toEqual(['unanswered', 'found']);
  });

  it('says timeout when the deadline finds nothing', async () => {
    const hanging = new Held('crm');
    const settings = { staggerMs: 1, deadlineMs: 40, pick };
    const result = await inTheEnd([hanging, at('list', none)], settings);
    expect(result.reason).toBe('timeout');
    hanging.answer(found(gold)); // too late: nothing happens
    await turn();
    expect(result.record).toBeUndefined();
  });

  it('tells of how many records the used one was the best, where there are several', async () => {
    const settings = { staggerMs: 25, deadlineMs: 1_000, pick };
    const several: Found = { kind: 'found', records: [gold, silver], source: 'live' };
    const { reports } = await askInOrder([{ name: 'crm', ask: () => several }], settings);
    expect(reports).toMatchObject([{ outcome: 'found', records: 2 }]);
    const one = await askInOrder([{ name: 'crm', ask: () => found(gold) }], settings);
    expect(one.reports[0]).not.toHaveProperty('records');
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

  it('starts nobody behind a record that waits for an earlier provider', async () => {
    const [first, second, third, fourth] = [
      new Held('a'),
      new Held('b'),
      new Held('c'),
      new Held('d'),
    ] as const;
    const result = askInOrder([first, second, third, fourth], { staggerMs: 1, deadlineMs: NEVER, pick });
    await pass(1);
    await pass(1);
    expect(third.asked).toBe(1);
    second.answer(found(silver));
    third.answer(none);
    await pass(20);
    first.answer(failed);
    expect(await result).toMatchObject({ provider: 'b', record: silver });
    expect(fourth.asked).toBe(0);
    expect(outcomes(await result)).toEqual(['failed', 'found', 'none', 'not-asked']);
  });

  it('asks all at once with a stagger of 0, but nobody behind a record that is there at once', async () => {
    const [first, second, last] = [new Held('a'), new Held('b'), new Held('c')] as const;
    const settings = { staggerMs: 0, deadlineMs: NEVER, pick };
    const result = askInOrder([first, second, at('list', found(gold)), last], settings);
    expect([first.asked, second.asked, last.asked]).toEqual([1, 1, 0]);
    first.answer(none);
    second.answer(none);
    expect(await result).toMatchObject({ provider: 'list' });
  });

  it('is a plain value when everybody who had to be asked answered at once', () => {
    const settings = { staggerMs: NEVER, deadlineMs: NEVER, pick };
    const behind = new Held('crm');
    expect(askInOrder([at('list', none), at('db', found(gold)), behind], settings)).toMatchObject({
      reason: 'matched',
      provider: 'db',
    });
    expect(askInOrder([at('list', none)], settings)).toMatchObject({ reason: 'no-match' });
    expect(askInOrder([at('list', none)], { ...settings, deadlineMs: -5 })).toMatchObject({
      reason: 'no-match',
    });
  });

  it('takes the old record of a busy provider at the deadline, in the order of precedence', async () => {
    const settings = { staggerMs: 0, deadlineMs: 20, pick };
    const crm = new Held('crm', gold);
    expect(await inTheEnd([crm, at('list', found(silver))], settings)).toMatchObject({
      reason: 'matched',
      provider: 'crm',
      record: gold,
      reports: [{ outcome: 'found', source: 'stale', reason: 'HTTP 503' }, { outcome: 'found' }],
    });
    const behind = await inTheEnd([at('list', none), new Held('crm', gold)], settings);
    expect(behind).toMatchObject({ reason: 'matched', provider: 'crm' });
    expect(crm.left).toBe(1);
  });

  it('does not take an old record that does not apply for "not a VIP"', async () => {
    const settings = { staggerMs: NEVER, deadlineMs: NEVER, pick: () => undefined };
    expect(await askInOrder([at('crm', old(gold))], settings)).toMatchObject({
      reason: 'lookup-failed',
      reports: [{ outcome: 'not-applicable', source: 'stale' }],
    });
    expect((await askInOrder([at('crm', found(gold))], settings)).reason).toBe('no-match');
  });

  it('says timeout when an old record that does not apply stood in for lack of time', async () => {
    const settings = { staggerMs: NEVER, deadlineMs: 20, pick: () => undefined };
    const result = await inTheEnd([new Held('crm', gold)], settings);
    expect(result).toMatchObject({ reason: 'timeout', reports: [{ outcome: 'not-applicable' }] });
    expect((await askInOrder([at('crm', old(gold, 'timeout'))], settings)).reason).toBe('timeout');
    expect((await askInOrder([at('crm', old(gold, 'rejected'))], settings)).reason).toBe('lookup-failed');
  });

  it('says lookup-failed, not timeout, when one failed before the deadline', async () => {
    const settings = { staggerMs: NEVER, deadlineMs: 20, pick };
    expect((await inTheEnd([at('db', failed), new Held('crm')], settings)).reason).toBe('lookup-failed');
    expect((await inTheEnd([at('db', tooSlow), new Held('crm')], settings)).reason).toBe('timeout');
  });

  it('tells each lookup once that it no longer waits, and only those that are still busy', async () => {
    const [answered, busy, early] = [new Held('a'), new Held('b'), new Held('c')] as const;
    const result = askInOrder([early, answered, busy], { staggerMs: 0, deadlineMs: NEVER, pick });
    answered.answer(none);
    await turn();
    early.answer(found(gold));
    await result;
    expect([early.left, answered.left, busy.left]).toEqual([0, 0, 1]);
  });
});
