import { describe, expect, it } from '@jest/globals';
import type { AppConfig } from '../app/app.config.js';
import { LiveConfig } from '../config/live-config.js';
import { createLogger } from '../observability/logger.js';
import { MetricsService } from '../observability/metrics.service.js';
import { Problem } from '../http/problem.js';
import { Caller } from '../plugin-api/caller.js';
import type { Call, Decision } from './decision.js';
import { DecisionLog } from './decision-log.js';
import type { Asked } from './decision-log.js';

type Line = Record<string, unknown>;

/** A log at work, and the lines that it has written. */
function makeLog(
  numbers: 'masked' | 'plain' = 'masked',
  level: 'info' | 'warn' = 'info',
): [DecisionLog, Line[]] {
  const lines: Line[] = [];
  const config = new LiveConfig({ logging: { level, numbers } } as AppConfig);
  const logger = createLogger(config.current.logging, {
    write: (line) => void lines.push(JSON.parse(line) as Line),
  });
  return [new DecisionLog(config, logger, new MetricsService()), lines];
}

const CALL: Call = { anum: '+358501231234', bnum: undefined, targetid: 'Q', extradata: {} };
const DECISION: Decision = { reason: 'no-match', target: 'Q', reports: [] };
const asked = (): Asked => ({ arrivedMs: performance.now(), client: { id: 'core', targets: undefined } });

function logged(call: Partial<Call>, decision: Partial<Decision>): Line {
  const [log, lines] = makeLog();
  log.decided({ ...CALL, ...call }, { ...DECISION, ...decision }, asked());
  expect(lines).toHaveLength(1);
  return lines[0]!;
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
  });

  it('gives a call that Core gave no CallId an id of its own, which no other call and no other instance has', () => {
    const ids = new Set<unknown>();
    const odd: Call['extradata'][] = [
      {},
      { CallId: '' },
      { CallId: { a: 1 } },
      { CallId: 7 },
      { CallId: null },
    ];
    for (const extradata of odd) {
      const { callId } = logged({ extradata }, {});
      expect(callId).toMatch(/^req-[0-9a-f]{8}-\d+$/);
      ids.add(callId);
    }
    const [log, lines] = makeLog();
    log.decided(CALL, DECISION, asked());
    log.decided(CALL, DECISION, asked());
    for (const { callId } of lines) ids.add(callId);
    expect(ids.size).toBe(7);
  });

  it('names a call that was refused, or that failed, likewise', () => {
    const [log, lines] = makeLog();
    const body = { anum: 7, extradata: { CallId: 'call-1' } };
    log.refused(new Problem(400, 'not usable'), body, asked());
    log.failed(new Error('a defect'), body, asked());
    expect(lines).toEqual([
      expect.objectContaining({ level: 'warn', callId: 'call-1', outcome: 400, reason: 'invalid-request' }),
      expect.objectContaining({ level: 'error', callId: 'call-1', outcome: 204, reason: 'lookup-failed' }),
    ]);
    for (const odd of [undefined, 'text', [], { extradata: 'text' }]) {
      log.refused(new Problem(400, 'not usable'), odd, asked());
      expect(lines.at(-1)!['callId']).toMatch(/^req-/);
    }
  });

  it('shows the caller as logging.numbers says', () => {
    const caller = Caller.read('+358501231234');
    for (const [numbers, shown] of [
      ['masked', '+35850*****34'],
      ['plain', '+358501231234'],
    ] as const) {
      const [log, lines] = makeLog(numbers);
      log.decided(CALL, { ...DECISION, caller }, asked());
      expect(lines[0]).toMatchObject({ caller: shown });
    }
  });

  it('keeps to itself what is below logging.level', () => {
    const [log, lines] = makeLog('masked', 'warn');
    log.decided(CALL, DECISION, asked());
    expect(lines).toEqual([]);
    log.decided(CALL, { ...DECISION, reason: 'timeout' }, asked());
    expect(lines).toHaveLength(1);
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
