import { describe, expect, it } from '@jest/globals';
import type { AppConfig } from '../config/app-config.js';
import { LiveConfig } from '../config/live-config.js';
import { createLogger } from '../observability/logger.js';
import { MetricsService } from '../observability/metrics.service.js';
import { Caller } from '../lookup/port/caller.js';
import type { Call, Decision } from './decision.js';
import { DecisionLog } from './decision-log.js';

function logged(call: Partial<Call>, decision: Partial<Decision>): Record<string, unknown> {
  const lines: string[] = [];
  const logging = { level: 'info', numbers: 'masked' } as const;
  const logger = createLogger(logging, { write: (line) => void lines.push(line) });
  const log = new DecisionLog(new LiveConfig({ logging } as AppConfig), logger, new MetricsService());
  log.decided(
    { anum: '+358501231234', bnum: undefined, targetid: 'Q', extradata: {}, ...call },
    { reason: 'no-match', target: 'Q', reports: [], ...decision },
    'core',
    performance.now(),
  );
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0]!) as Record<string, unknown>;
}

describe('the decision log', () => {
  it('names the call, bounded, and never by a phone number', () => {
    expect(logged({ extradata: { CallId: '3f1c0a4e-6f0c-4a58' } }, {})).toMatchObject({
      callId: '3f1c0a4e-6f0c-4a58',
    });
    expect(logged({ extradata: { CallId: '+358501231234' } }, {})).toMatchObject({ callId: '+35850*****34' });
    expect(logged({ extradata: { CallId: 'call +358501231234 x' } }, {})).toMatchObject({
      callId: 'call +35850*****34 x',
    });
    const guid = '12345678-1234-1234-1234-123456789012';
    expect(logged({ extradata: { CallId: guid } }, {})).toMatchObject({ callId: guid });
    expect(logged({ extradata: { CallId: 'x'.repeat(500) } }, {})).toMatchObject({ callId: 'x'.repeat(64) });
    expect(logged({ extradata: { CallId: { a: 1 } } }, {})).not.toHaveProperty('callId');
  });

  it('warns, with the faults, when a call went on without an answer that there should have been', () => {
    const faults = [{ provider: 'crm', outcome: 'failed', reason: 'HTTP 503', ms: 3 }] as const;
    const reports = [{ provider: 'list', outcome: 'none', source: 'live', ms: 1 }, ...faults] as const;
    const caller = Caller.read('+358501231234');
    expect(logged({}, { reason: 'lookup-failed', reports, caller })).toMatchObject({
      level: 'warn',
      outcome: 204,
      reason: 'lookup-failed',
      caller: '+35850*****34',
      faults,
    });
    const busy = { provider: 'crm', outcome: 'unanswered', ms: 15 } as const;
    expect(logged({}, { reason: 'timeout', reports: [busy], caller })).toMatchObject({ faults: [busy] });
    const record = { number: caller.key, tier: 'gold' };
    expect(logged({}, { reason: 'matched', reports: [busy], caller, record })).not.toHaveProperty('faults');
    expect(logged({}, { reason: 'no-match' })).toMatchObject({ level: 'info', outcome: 204 });
    expect(logged({}, { reason: 'matched', dropped: ['Priority'] })).toMatchObject({
      level: 'warn',
      outcome: 200,
      dropped: ['Priority'],
    });
  });

  it('says of how many records the used one was chosen', () => {
    const caller = Caller.read('+358501231234');
    const used = {
      reason: 'matched',
      provider: 'crm',
      caller,
      record: { number: caller.key, tier: 'gold' },
    } as const;
    const crm = { provider: 'crm', outcome: 'found', source: 'live', ms: 1 } as const;
    const list = { provider: 'list', outcome: 'not-applicable', source: 'live', records: 7, ms: 1 } as const;
    expect(logged({}, { ...used, reports: [list, { ...crm, records: 2 }] })).toMatchObject({ records: 2 });
    expect(logged({}, { ...used, reports: [list, crm] })).not.toHaveProperty('records');
  });
});
