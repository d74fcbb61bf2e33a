import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '../../test/support/eventually.js';
import { fakeOnly } from '../../test/support/fake-time.js';
import { LiveConfig } from '../config/live-config.js';
import type { GuardedProvider } from '../lookup/guarded-provider.js';
import type { ProviderRegistry } from '../lookup/provider-registry.js';
import type { Logger } from '../observability/logger.js';
import { EntryTally, VipLookupError } from '../plugin-api/index.js';
import type { VipLookupProvider } from '../plugin-api/index.js';
import { EntryCensus } from './entry-census.js';
import type { TargetsConfig } from './targets.config.js';

type Count = NonNullable<VipLookupProvider['countEntries']>;

const routed = (...tiers: string[]): TargetsConfig => {
  const routes = [{ tiers, when: new Map(), instructions: {} }];
  const target = { name: 'SALES', country: undefined, deadlineMs: 1_500, staggerMs: 25, routes };
  return { country: undefined, targets: new Map([['SALES', { ...target, providers: ['a', 'b'] }]]) };
};

const tallyOf = (...tiers: string[]): EntryTally => {
  const tally = new EntryTally('line');
  tiers.forEach((tier, index) => tally.add({ number: '+358501231234', tier }, index + 2));
  return tally;
};

const undo: (() => void)[] = [];
afterEach(() => {
  undo.splice(0).forEach((step) => step());
  jest.useRealTimers();
});

function census(counts: Record<string, Count>, tiers = ['gold']) {
  const all = Object.entries(counts).map(([name, countEntries]) => ({
    name,
    provider: { countEntries },
    troubles: {},
  })) as unknown as GuardedProvider[];
  const registry = { all: () => all, entriesChanged: () => undefined } as unknown as ProviderRegistry;
  const logged: [string, object, string][] = [];
  const log = (level: string) => (fields: object, message: string) =>
    void logged.push([level, fields, message]);
  const logger = { info: log('info'), warn: log('warn') } as unknown as Logger;
  const live = new LiveConfig(routed(...tiers));
  const subject = new EntryCensus(live, registry, logger);
  undo.push(() => subject.onApplicationShutdown());
  const changed = (name: string): void =>
    registry.entriesChanged(all.find((one) => one.name === name)!.provider);
  const faults = (name: string) => all.find((one) => one.name === name)!.troubles.neverMatch?.faults;
  return { subject, changed, faults, logged, live, all };
}

describe('what is counted of providers', () => {
  it('is counted when the service takes calls, and not before', async () => {
    const count = jest.fn<Count>(() => Promise.resolve(tallyOf('gold')));
    const { subject, changed, faults } = census({ a: count });
    changed('a');
    await new Promise(setImmediate);
    expect(count).not.toHaveBeenCalled();
    subject.start();
    await eventually(() => expect(faults('a')).toEqual([]));
    expect(count).toHaveBeenCalledTimes(1);
  });

  it('is judged again with other routes, without counting again, and logged when it has changed', async () => {
    const count = jest.fn<Count>(() => Promise.resolve(tallyOf('blue')));
    const { subject, changed, faults, logged, live } = census({ a: count });
    changed('a');
    subject.start();
    await eventually(() => expect(faults('a')).toHaveLength(1));
    live.prepare(routed('gold', 'silver'))();
    live.prepare(routed('Blue'))();
    await eventually(() => expect(faults('a')).toEqual([]));
    expect(count).toHaveBeenCalledTimes(1);
    expect(logged).toEqual([
      [
        'warn',
        {
          provider: 'a',
          entries: 1,
          neverMatch: ['tier "blue", which no route names: 1 entry (line 2)'],
        },
        'some entries can never match',
      ],
      ['info', { provider: 'a', entries: 1 }, 'all entries can match again'],
    ]);
  });

  it('is judged again every hour, since entries expire', async () => {
    const tally = new EntryTally('line');
    tally.add({ number: '+358501231234', tier: 'gold', validUntilMs: Date.now() + 3_600_000 }, 2);
    const { subject, changed, faults, logged } = census({ a: () => Promise.resolve(tally) });
    fakeOnly('setInterval', 'clearInterval', 'Date');
    changed('a');
    subject.start();
    await eventually(() => expect(faults('a')).toEqual([]));
    // The day of expiry counts.
    jest.setSystemTime(Date.now() + 2 * 86_400_000);
    await new Promise(setImmediate);
    expect(logged).toEqual([]);
    jest.advanceTimersByTime(3_600_000);
    await eventually(() =>
      expect(logged).toMatchObject([
        ['info', { neverMatch: ['expired: 1 entry (line 2)'] }, 'some entries can never match'],
      ]),
    );
  });

  it('does not wait for a provider that never comes to an end', async () => {
    const { subject, changed, faults } = census({
      a: () => new Promise(() => undefined),
      b: () => Promise.resolve(tallyOf('blue')),
    });
    for (const name of ['a', 'b', 'a']) changed(name);
    subject.start();
    await eventually(() => expect(faults('b')).toHaveLength(1));
    expect(faults('a')).toBeUndefined();
  });

  it('is counted again at the next turn when that failed', async () => {
    const count = jest.fn<Count>(() => Promise.resolve(tallyOf('blue')));
    count.mockRejectedValueOnce(new VipLookupError('the table is locked'));
    const { subject, changed, faults, logged, live } = census({ a: count });
    changed('a');
    subject.start();
    await eventually(() => expect(logged).toHaveLength(1));
    live.prepare(routed('gold', 'silver'))();
    await eventually(() => expect(faults('a')).toHaveLength(1));
    expect(count).toHaveBeenCalledTimes(2);
  });

  it('is told when it cannot be counted, unless the provider is gone meanwhile', async () => {
    const failing: Count = () => Promise.reject(new VipLookupError('the table is gone'));
    const { subject, changed, logged, all } = census({ a: failing, b: failing });
    const [, b] = all;
    changed('a');
    subject.start();
    const told = [
      'warn',
      { provider: 'a', reason: 'the table is gone' },
      'the entries of a provider could not be counted',
    ];
    await eventually(() => expect(logged).toEqual([told]));
    let fail!: (error: Error) => void;
    (b!.provider as { countEntries: Count }).countEntries = () => new Promise((_, reject) => (fail = reject));
    changed('b');
    await eventually(() => expect(fail).toBeDefined());
    all.pop();
    fail(new VipLookupError('closed'));
    await new Promise(setImmediate);
    // That of the other one is tried again.
    expect(logged).toEqual([told, told]);
  });
});
