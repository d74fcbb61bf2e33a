import { beforeEach, describe, expect, it } from '@jest/globals';
import { hostname } from 'node:os';
import type { AppConfig } from './app.config.js';
import { LiveConfig } from '../config/live-config.js';
import { createLogger } from '../observability/logger.js';
import type { MetricsService } from '../observability/metrics.service.js';
import { Problem } from '../http/problem.js';
import { Caller } from '../plugin-api/caller.js';
import { DecisionListeners } from '../routing/decision-listeners.js';
import type { Outcome } from '../routing/decision-listeners.js';
import type { Decision } from '../routing/decision.js';
import { DecisionLog } from './decision-log.js';

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
  const metrics = { decision: (labels: object) => void counted.push(labels) } as unknown as MetricsService;
  return [new DecisionLog(new DecisionListeners(logger), config, logger, metrics), lines];
}

let counted: object[] = [];
beforeEach(() => {
  counted = [];
});

const DECISION: Decision = { reason: 'no-match', target: 'Q', reports: [] };

function outcome(of: Partial<Outcome>): Outcome {
  const client = { id: 'core', targets: undefined };
  return {
    client,
    callId: 'call-1',
    reason: 'no-match',
    status: 204,
    ms: 1.23456,
    traceId: undefined,
    ...of,
  };
}

function decided(of: Partial<Decision>): Outcome {
  const decision = { ...DECISION, ...of };
  return outcome({ decision, reason: decision.reason, status: decision.reason === 'matched' ? 200 : 204 });
}

function logged(decision: Partial<Decision>): Line {
  const [log, lines] = makeLog();
  log.told(decided(decision));
  expect(lines).toHaveLength(1);
  return lines[0]!;
}

describe('the decision log', () => {
  it('counts each request, and logs all but those that were shed', () => {
    const [log, lines] = makeLog();
    log.told(decided({}));
    log.told(outcome({ reason: 'invalid-request', status: 400, refusal: new Problem(400, 'not usable') }));
    log.told(outcome({ reason: 'overloaded' }));
    log.told(outcome({ reason: 'lookup-failed', defect: new Error('a defect') }));
    const instance = hostname();
    const common = { time: expect.any(String), credential: 'core', callId: 'call-1', ms: 1.235, instance };
    expect(lines).toEqual([
      { ...common, level: 'info', msg: 'decision', target: 'Q', outcome: 204, reason: 'no-match' },
      {
        ...common,
        level: 'warn',
        msg: 'decision',
        outcome: 400,
        reason: 'invalid-request',
        detail: 'not usable',
      },
      {
        ...common,
        level: 'error',
        msg: 'decision failed unexpectedly',
        outcome: 204,
        reason: 'lookup-failed',
        error: expect.objectContaining({ message: 'a defect' }),
      },
    ]);
    expect(counted).toEqual([
      { target: 'Q', reason: 'no-match' },
      { target: 'unknown', reason: 'invalid-request' },
      { target: 'unknown', reason: 'overloaded' },
      { target: 'unknown', reason: 'lookup-failed' },
    ]);
  });

  it('shows the caller as logging.numbers says', () => {
    const caller = Caller.read('+358501231234');
    for (const [numbers, shown] of [
      ['masked', '+35850*****34'],
      ['plain', '+358501231234'],
    ] as const) {
      const [log, lines] = makeLog(numbers);
      log.told(decided({ caller }));
      expect(lines[0]).toMatchObject({ caller: shown });
    }
  });

  it('keeps to itself what is below logging.level', () => {
    const [log, lines] = makeLog('masked', 'warn');
    log.told(decided({}));
    expect(lines).toEqual([]);
    log.told(decided({ reason: 'timeout' }));
    expect(lines).toHaveLength(1);
  });

  it('warns, with the faults, when a call went on without an answer that there should have been', () => {
    const faults = [{ provider: 'crm', outcome: 'failed', reason: 'HTTP 503', ms: 3 }] as const;
    const reports = [{ provider: 'list', outcome: 'none', source: 'live', ms: 1 }, ...faults] as const;
    const caller = Caller.read('+358501231234');
    expect(logged({ reason: 'lookup-failed', reports, caller })).toMatchObject({
      level: 'warn',
      outcome: 204,
      reason: 'lookup-failed',
      caller: '+35850*****34',
      faults,
    });
    const busy = { provider: 'crm', outcome: 'unanswered', ms: 15 } as const;
    expect(logged({ reason: 'timeout', reports: [busy], caller })).toMatchObject({ faults: [busy] });
    const record = { number: caller.key, tier: 'gold' };
    expect(logged({ reason: 'matched', reports: [busy], caller, record })).not.toHaveProperty('faults');
    expect(logged({ reason: 'no-match' })).toMatchObject({ level: 'info', outcome: 204 });
    expect(logged({ reason: 'matched', dropped: ['Priority'] })).toMatchObject({
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
    expect(logged({ ...used, reports: [list, { ...crm, records: 2 }] })).toMatchObject({ records: 2 });
    expect(logged({ ...used, reports: [list, crm] })).not.toHaveProperty('records');
  });

  it("has the record's tier, and how long each provider that was asked took", () => {
    const caller = Caller.read('+358501231234');
    const list = { provider: 'list', outcome: 'none', source: 'live', ms: 0.012 } as const;
    const crm = { provider: 'crm', outcome: 'found', source: 'live', ms: 87 } as const;
    const reports = [list, crm, { provider: 'own', outcome: 'not-asked' }] as const;
    const record = { number: caller.key, tier: 'gold' };
    expect(logged({ reason: 'matched', provider: 'crm', caller, record, reports })).toMatchObject({
      tier: 'gold',
      providerMs: { list: 0.012, crm: 87 },
    });
    const line = logged({ reason: 'no-number' });
    expect(line).not.toHaveProperty('tier');
    expect(line).not.toHaveProperty('providerMs');
  });

  it.each([
    ['SALES_QUEUE', 'SALES_QUEUE'],
    ['q\n{"level":"info"}\u202e', 'q {"level":"info"} '],
    ['x'.repeat(65), 'x'.repeat(64)],
    ['call +358501231234', 'call +35850*****34'],
    [undefined, undefined],
  ])('has the targetid as sent, cut and cleaned: %j', (targetid, shown) => {
    const [log, lines] = makeLog();
    const call = { anum: undefined, bnum: undefined, targetid, extradata: {} };
    log.told({ ...decided({ target: 'unknown' }), call });
    expect(lines[0]!['targetid']).toBe(shown);
  });
});
