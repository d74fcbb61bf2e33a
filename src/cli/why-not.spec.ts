import { describe, expect, it } from '@jest/globals';
import type { GuardedProvider } from '../lookup/guarded-provider.js';
import type { ProviderReport } from '../lookup/outcome.js';
import { Caller, readVipRecord, VipLookupError } from '../plugin-api/index.js';
import type { VipRecord } from '../plugin-api/index.js';
import { whyNot } from './why-not.js';

describe('why a record does not count', () => {
  it.each(['Europe/Helsinki', 'America/New_York', 'UTC'])('is told by the days of %s', async (timezone) => {
    const read = (field: string, date: string) =>
      readVipRecord({ tier: 'gold', [field]: date }, { number: '+358501231234', timezone });
    const records = [read('validFrom', '2099-02-01'), read('validUntil', '2020-01-31')];
    const guarded = { ask: () => ({ kind: 'found', records }) } as unknown as GuardedProvider;
    const report = { outcome: 'not-applicable' } as ProviderReport;
    const caller = Caller.read('+358501231234');
    const asked = { caller, targetid: undefined, nowMs: Date.UTC(2026, 10, 30), timezone };
    expect(await whyNot(guarded, report, asked)).toBe(
      'tier gold: not valid before 2099-02-01; tier gold: expired on 2020-01-31',
    );
  });

  it('is not known of a provider that only answers that there is none', async () => {
    const asked = { caller: Caller.read('+358501231234'), targetid: undefined, nowMs: 0, timezone: 'UTC' };
    const note = (provider: object) =>
      whyNot({ provider } as unknown as GuardedProvider, { provider: 'plug-in', outcome: 'none' }, asked);
    expect(await note({})).toBe('it answered that this is not a VIP; its kind gives no reasons');
    expect(await note({ explain: () => Promise.resolve('2 contacts without a tier') })).toBe(
      '2 contacts without a tier',
    );
    expect(await note({ explain: () => Promise.reject(new VipLookupError('HTTP 500')) })).toBe(
      'why not could not be found out: HTTP 500',
    );
  });

  it('is told of those that are passed over for the one that is used, and of no other', async () => {
    const [exact, range, wider] = ['+358501231234', '+35850123*', '+35850*'];
    const record = (number: string, more: object = {}) => readVipRecord({ number, tier: 'gold', ...more });
    const [expired, limited] = [{ validUntil: '2020-01-31' }, { targets: 'SALES_QUEUE' }];
    const note = (records: VipRecord[]) =>
      whyNot(
        { ask: () => ({ kind: 'found', records }) } as unknown as GuardedProvider,
        { provider: 'list', outcome: 'found', records: records.length },
        { caller: Caller.read(exact), targetid: 'OTHER', nowMs: Date.UTC(2026, 10, 30), timezone: 'UTC' },
      );
    expect(await note([record(exact, expired), record(range, limited), record(wider)])).toBe(
      'tier gold: expired on 2020-01-31; tier gold: limited to targets SALES_QUEUE',
    );
    expect(await note([record(exact), record(range, expired)])).toBeUndefined();
  });
});
