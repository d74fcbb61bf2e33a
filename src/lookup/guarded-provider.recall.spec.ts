import { beforeEach, describe, expect, it } from '@jest/globals';
import { cacheConfig, guarded, outcomeOf, ScriptedProvider } from '../../test/support/scripted-provider.js';
import { MetricsService } from '../observability/metrics.service.js';
import { Caller } from '../plugin-api/caller.js';
import type { VipAnswer } from '../plugin-api/vip-lookup-provider.js';
import { VipLookupError } from '../plugin-api/vip-lookup-provider.js';

const gold = { number: '+358501231234', tier: 'gold' };
const silver = { number: '+358501231234', tier: 'silver' };
const caller = Caller.read(gold.number, 'FI');
const stranger = (n: number): Caller => Caller.read(`+35840000000${n}`, 'FI');

/** A provider with a copy: who is in it need not be asked for. */
class CopyingProvider extends ScriptedProvider {
  recalled: (asked: Caller) => VipAnswer | undefined = ({ key }) => (key === gold.number ? gold : undefined);

  recall(asked: Caller): VipAnswer | undefined {
    return this.recalled(asked);
  }
}

let provider: CopyingProvider;
beforeEach(() => {
  provider = new CopyingProvider(async () => silver);
});

describe('a provider with a copy', () => {
  it('is not asked about who is in it', () => {
    expect(guarded(provider, new MetricsService()).ask(caller)).toEqual({
      kind: 'found',
      records: [gold],
      source: 'copy',
    });
    expect(provider.calls).toEqual([]);
  });

  it('is not asked about who is known to be in no copy', () => {
    provider.recalled = () => null;
    expect(guarded(provider, new MetricsService()).ask(caller)).toEqual({ kind: 'none', source: 'copy' });
  });

  it('that could not open is well again when the copy answers', async () => {
    const crm = guarded(provider, new MetricsService());
    const opening = crm.troubles.opening(() => Promise.reject(new VipLookupError('gone')));
    await expect(opening).rejects.toThrow('gone');
    expect(await crm.health()).toMatchObject({ status: 'degraded', reason: 'it could not open: gone' });
    crm.ask(caller);
    expect(await crm.health()).toMatchObject({ status: 'up' });
  });

  it('answers from it while its circuit breaker is open', async () => {
    const crm = guarded(provider, new MetricsService());
    provider.answer = () => Promise.reject(new VipLookupError('HTTP 500'));
    for (let n = 0; n < 5; n++) await outcomeOf(crm.ask(stranger(n)));
    expect(crm.breakerState).toBe('open');
    expect(crm.ask(stranger(9))).toMatchObject({ kind: 'rejected' });
    expect(crm.ask(caller)).toMatchObject({ kind: 'found', source: 'copy' });
  });

  it('answers from it rather than from the cache, so that a new copy counts at once', async () => {
    const crm = guarded(provider, new MetricsService(), { cache: cacheConfig() });
    provider.recalled = () => undefined;
    expect(await outcomeOf(crm.ask(caller))).toMatchObject({ records: [silver], source: 'live' });
    expect(crm.ask(caller)).toMatchObject({ records: [silver], source: 'cache' });
    provider.recalled = () => gold;
    expect(crm.ask(caller)).toMatchObject({ records: [gold], source: 'copy' });
  });

  it.each<[string, () => VipAnswer]>([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['is not a record', () => 'gold' as unknown as VipAnswer],
  ])('is asked when what it recalls %s', async (_, recalled) => {
    provider.recalled = recalled;
    expect(await outcomeOf(guarded(provider, new MetricsService()).ask(caller))).toMatchObject({
      records: [silver],
      source: 'live',
    });
  });
});
