import { beforeEach, describe, expect, it } from '@jest/globals';
import { MetricsService } from './metrics.service.js';

describe('the metrics', () => {
  let metrics: MetricsService;
  beforeEach(() => {
    metrics = new MetricsService();
    for (const provider of ['list', 'crm']) {
      metrics.breakerState(provider, 'closed');
      metrics.lookup(provider, 'found', 0.01);
      metrics.lookup(provider, 'cached');
    }
    for (const target of ['SALES', 'SUPPORT', 'unknown'])
      metrics.decision({ target, reason: 'matched' }, 0.01);
  });

  const lines = async (pattern: RegExp): Promise<string[]> =>
    (await metrics.registry.metrics()).split('\n').filter((line) => pattern.test(line));

  it('forget providers and targets that are configured no more, and nothing else', async () => {
    await metrics.configured(['list'], ['SALES']);
    expect(await lines(/crm|SUPPORT/)).toEqual([]);
    expect(
      await lines(/^smartrouting_(provider_(lookups_total|breaker_state|duration_seconds_count)|decisions)/),
    ).toEqual([
      'smartrouting_decisions_total{target="unknown",reason="overloaded"} 0',
      'smartrouting_decisions_total{target="SALES",reason="matched"} 1',
      'smartrouting_decisions_total{target="unknown",reason="matched"} 1',
      'smartrouting_provider_lookups_total{provider="list",outcome="found"} 1',
      'smartrouting_provider_lookups_total{provider="list",outcome="cached"} 1',
      'smartrouting_provider_duration_seconds_count{provider="list"} 1',
      'smartrouting_provider_breaker_state{provider="list"} 0',
    ]);
  });

  it('count what still comes in for them under no name of theirs', async () => {
    await metrics.configured(['list'], ['SALES']);
    metrics.lookup('crm', 'late', 2);
    metrics.breakerState('crm', 'open');
    metrics.decision({ target: 'SUPPORT', reason: 'matched' }, 0.01);
    expect(await lines(/crm|SUPPORT/)).toEqual([]);
    expect(await lines(/target="unknown",reason="matched"/)).toEqual([
      'smartrouting_decisions_total{target="unknown",reason="matched"} 2',
    ]);
  });

  it('count anew for a name that is configured again', async () => {
    await metrics.configured(['list'], ['SALES']);
    await metrics.configured(['list', 'crm'], ['SALES', 'SUPPORT']);
    metrics.breakerState('crm', 'closed');
    metrics.lookup('crm', 'found', 0.01);
    metrics.decision({ target: 'SUPPORT', reason: 'matched' }, 0.01);
    expect(await lines(/(crm|SUPPORT).*(found|matched)|_count\{.*crm/)).toEqual([
      'smartrouting_decisions_total{target="SUPPORT",reason="matched"} 1',
      'smartrouting_provider_lookups_total{provider="crm",outcome="found"} 1',
      'smartrouting_provider_duration_seconds_count{provider="crm"} 1',
    ]);
    expect(await lines(/breaker_state\{provider="crm"\} 0/)).toHaveLength(1);
  });
});
