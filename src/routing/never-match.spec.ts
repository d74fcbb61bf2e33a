import { describe, expect, it, jest } from '@jest/globals';
import { EntryTally } from '../plugin-api/index.js';
import type { EntryPlace, VipRecord } from '../plugin-api/index.js';
import { judgeEntries } from './never-match.js';
import type { TargetConfig } from './targets.config.js';

const NOW_MS = Date.parse('2026-11-30T12:00:00Z');

function target(
  name: string,
  tiers: (readonly string[] | undefined)[],
  providers = ['list'],
): [string, TargetConfig] {
  const routes = tiers.map((one) => ({ tiers: one, when: new Map(), instructions: {} }));
  return [name, { name, providers, country: undefined, deadlineMs: 1_500, staggerMs: 25, routes }];
}

const SALES = target('SALES', [['gold', 'Silver'], ['silver']]);
const SUPPORT = target('SUPPORT', [['platinum']]);
const OTHERS = target('OTHERS', [undefined], ['another']);

const entry = (over: Partial<VipRecord> = {}): VipRecord => ({
  number: '+358501231234',
  tier: 'gold',
  ...over,
});

function judge(records: readonly VipRecord[], targets = [SALES, SUPPORT, OTHERS], place = 'line') {
  const tally = new EntryTally(place);
  records.forEach((record, index) => tally.add(record, index + 2));
  return judgeTally(tally, targets);
}

function judgeTally(tally: EntryTally, targets = [SALES, SUPPORT, OTHERS], show?: (text: string) => string) {
  return judgeEntries(tally, {
    targets: new Map(targets),
    providers: ['list'],
    nowMs: NOW_MS,
    ...(show !== undefined && { show }),
  });
}

describe('entries that can never match', () => {
  it('are none where a route of some target takes each', async () => {
    const records = [
      entry(),
      entry({ tier: ' SILVER ' }),
      entry({ tier: 'platinum', targets: ['SUPPORT', 'GONE'] }),
      entry({ number: '4711' }),
      entry({ number: '+3589123*' }),
      entry({ number: 'sip:+358501231234@sip.example' }),
      entry({ validUntilMs: NOW_MS + 1 }),
    ];
    expect(await judge(records)).toEqual({ entries: 7, faults: [], notes: [] });
  });

  it('are told by reason, the most frequent first, with the first lines', async () => {
    const records = [
      ...Array.from({ length: 5 }, () => entry({ tier: 'glod' })),
      entry({ tier: 'blue' }),
      entry({ tier: 'Blue ' }),
      entry({ targets: ['SALE', 'NOWHERE'] }),
      entry({ targets: ['OTHERS'] }),
      entry({ number: '0501231234' }),
      entry({ number: '+12' }),
      entry({ number: '050 123 1234 ext. 5' }),
    ];
    expect(await judge(records)).toEqual({
      entries: 12,
      faults: [
        'tier "glod", which no route names; did you mean "gold"?: 5 entries (line 2, line 3, line 4, …)',
        'compared as text, although it looks like a telephone number; write + and the country code, or set country: 3 entries (line 11, line 12, line 13)',
        'tier "blue", which no route names: 2 entries (line 7, line 8)',
        'limited to target "SALE", which is not configured; did you mean "SALES"?, and target "NOWHERE", which is not configured: 1 entry (line 9)',
        'limited to target "OTHERS", which does not ask this provider: 1 entry (line 10)',
      ],
      notes: [],
    });
  });

  it('are judged by the routes of the targets that they are limited to', async () => {
    expect(await judge([entry({ targets: ['SUPPORT'] })])).toMatchObject({
      faults: ['tier "gold", which no route of SUPPORT names: 1 entry (line 2)'],
    });
  });

  it('are no mistake when they have expired, whatever else is wrong with them', async () => {
    const expired = entry({ tier: 'blue', number: '0501231234', validUntilMs: NOW_MS - 86_400_000 });
    expect(await judge([expired, expired])).toEqual({
      entries: 2,
      faults: [],
      notes: ['expired: 2 entries (line 2, line 3)'],
    });
  });

  it('are noted where only the default target could take calls to what is not configured', async () => {
    const targets = [SALES, target('default', [undefined])];
    expect(await judge([entry({ targets: ['SALE'] })], targets)).toEqual({
      entries: 1,
      faults: [],
      notes: ['limited to target "SALE", which is not configured; did you mean "SALES"?: 1 entry (line 2)'],
    });
  });

  it('are limited to what is never a targetid, though the default target asks for them', async () => {
    const targets = [SALES, target('default', [undefined])];
    const records = [entry({ targets: ['default'] }), entry({ targets: ['default', 'SALES'] })];
    expect(await judge(records, targets)).toEqual({
      entries: 2,
      faults: [
        'limited to target "default", which is never a targetid; leave targets empty for calls to all: 1 entry (line 2)',
      ],
      notes: [],
    });
  });

  it('have no number', async () => {
    const records = [
      'anonymous',
      'Private',
      '',
      ' ',
      'NULL',
      'n/a',
      'sip:anonymous@anonymous.invalid',
      '4711',
    ];
    expect((await judge(records.map((number) => entry({ number })))).faults).toEqual([
      'without a number: empty, or a word for none such as anonymous or NULL; write the number, or take the entry out: 7 entries (line 2, line 3, line 4, …)',
    ]);
  });

  it('count as noted where no target asks the provider', async () => {
    expect(await judge([entry()], [OTHERS])).toMatchObject({
      faults: [],
      notes: ['in a list that no target asks: 1 entry (line 2)'],
    });
  });

  it('are told with what could not be read, and with numbers that have two tiers', async () => {
    const tally = new EntryTally('row');
    tally.addUnreadable(3, 'validUntil: is not an ISO 8601 date');
    for (const row of [9, 4, 7, 5]) tally.addRepeat(row);
    expect(await judgeTally(tally)).toEqual({
      entries: 0,
      faults: ['not readable: 1 entry (row 3: validUntil: is not an ISO 8601 date)'],
      notes: [
        'with the number of another entry and another tier, for the same targets and time: 4 entries (row 4, row 5, row 7, …)',
      ],
    });
  });

  it('show no telephone number that stands in the wrong column', async () => {
    const tally = new EntryTally('contact');
    tally.add(entry({ tier: '+358501231234' }), '00358501231235' satisfies EntryPlace);
    tally.add(entry({ targets: ['0501231234'] }), 'a');
    expect(JSON.stringify(await judgeTally(tally))).not.toMatch(/\d{7}/);
  });

  it('of a list with more reasons than anybody reads are told together', async () => {
    const records = Array.from({ length: 20 }, (_, index) => entry({ tier: `tier number ${index}` }));
    const { faults } = await judge(records);
    expect(faults).toHaveLength(9);
    expect(faults.at(-1)).toBe('for other such reasons: 12 entries');
  });

  it('are told with the same words where many have the same mistake, which are found once', async () => {
    const tally = new EntryTally('line');
    for (let line = 2; line < 9; line++) tally.add(entry({ tier: `t${line}`, targets: ['SALE'] }), line);
    const show = jest.fn((text: string) => text);
    const { faults } = await judgeTally(tally, [SALES], show);
    expect(faults).toEqual([
      'limited to target "SALE", which is not configured; did you mean "SALES"?: 7 entries (line 2, line 3, line 4, …)',
    ]);
    expect(show).toHaveBeenCalledTimes(1);
  });

  it('make way for calls, however few of them take long', async () => {
    const tally = new EntryTally('line');
    for (let line = 2; line < 12; line++) tally.add(entry({ targets: [`NOWHERE${line}`] }), line);
    let turns = 0;
    let isJudged = false;
    const count = (): void => {
      if (isJudged) return;
      turns++;
      setImmediate(count);
    };
    setImmediate(count);
    const slowly = (text: string): string => {
      for (const sinceMs = performance.now(); performance.now() - sinceMs < 10;);
      return text;
    };
    await judgeTally(tally, [SALES], slowly);
    isJudged = true;
    expect(turns).toBeGreaterThan(5);
  });

  it('are counted without keeping an entry for each, and what is not examined is told', async () => {
    const tally = new EntryTally('line');
    for (let line = 1; line <= 10_005; line++) tally.add(entry({ tier: `t${line}` }), line);
    const { entries, notes } = await judgeTally(tally);
    expect(entries).toBe(10_005);
    expect(notes).toEqual([
      'not examined, because the list has too many different tiers, targets and dates: 5 entries',
    ]);
  });
});
