import { describe, expect, it } from '@jest/globals';
import { KINDS, numberOf } from './callers.js';
import type { Kind } from './callers.js';
import { complaints, FLOOR, missing, RECOVERY_MS } from './result.js';
import type { Phase, Result } from './result.js';
import type { Scenario } from './scenario.js';
import { Tally } from './tally.js';

const scenario: Scenario = { fault: 'X', begin: async () => undefined, end: async () => undefined };

/** A phase in which these were all served, in time. */
function served(kinds: readonly Kind[] = KINDS, calls = FLOOR): Tally {
  const tally = new Tally();
  for (const kind of kinds) {
    for (let call = 0; call < calls; call++) {
      tally.sent++;
      tally.time(3, false);
      tally.served(kind);
    }
  }
  return tally;
}

function result(phases: Partial<Record<Phase, Tally>> = {}, recoveredMs = 900): Result {
  const green = { before: served(), during: served(), recovering: new Tally(), after: served() };
  return { fault: 'X', recoveredMs, ...green, ...phases };
}

function changed(change: (tally: Tally) => void): Tally {
  const tally = served();
  change(tally);
  return tally;
}

describe('a scenario', () => {
  it('is green when all calls were right and in time', () => {
    expect(complaints(scenario, result())).toEqual([]);
  });

  it.each<[string, Tally, string]>([
    [
      'late',
      changed((tally) => (tally.sent++, tally.time(2_100, true), tally.served('list'))),
      'late: 2100 ms',
    ],
    [
      'lost',
      changed(
        (tally) => (tally.sent++, tally.lose({ kind: 'list', number: numberOf('list', 1) }, 'ECONNRESET')),
      ),
      'lost, list +358500000001: ECONNRESET',
    ],
    [
      'without an account',
      changed((tally) => tally.sent++),
      `of ${KINDS.length * FLOOR + 1} calls ${KINDS.length * FLOOR} were in time`,
    ],
  ])('is red when one call is %s', (_, recovering, complaint) => {
    expect(complaints(scenario, result({ recovering })).join('\n')).toContain(
      `- X, recovering: ${complaint}`,
    );
  });

  it('is red when not everybody is recognised within 5 s', () => {
    expect(complaints(scenario, result({}, RECOVERY_MS + 1))).toEqual([
      '- X, recovering: not all again within 5 s',
    ]);
  });

  it.each(['before', 'during', 'after'] as const)('is red when everything was void %s', (phase) => {
    const tally = new Tally();
    tally.sent = tally.void = 100;
    expect(complaints(scenario, result({ [phase]: tally }))).toEqual(
      KINDS.map((kind) => `- X, ${phase}: ${kind}: 0 of ${FLOOR} right answers`),
    );
  });

  it('is red when one kind of caller had too few right answers', () => {
    const during = served(KINDS.filter((kind) => kind !== 'crm known'));
    expect(complaints(scenario, result({ during }))).toEqual([
      `- X, during: crm known: 0 of ${FLOOR} right answers`,
    ]);
    expect(complaints({ ...scenario, kinds: ['list'] }, result({ during }))).toEqual([]);
  });

  it('needs no time before a fault that was there from the start', () => {
    const before = new Tally();
    expect(complaints({ ...scenario, fromStart: true }, result({ before }))).toEqual([]);
    expect(complaints(scenario, result({ before }))).toHaveLength(KINDS.length);
  });
});

describe('the floor', () => {
  it('can count from a moment on', () => {
    const since = new Map(KINDS.map((kind) => [kind, 1]));
    expect(missing(served(['list']), ['list'], since)).toEqual([
      `list: ${FLOOR - 1} of ${FLOOR} right answers`,
    ]);
    expect(missing(served(['list'], FLOOR + 1), ['list'], since)).toEqual([]);
  });
});
