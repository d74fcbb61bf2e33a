import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { IS_LONG } from '../../test/support/length.js';
import { bySpecificity, readVipRecord, RECORD_FIELDS, recordApplies } from './vip-record.js';
import { VipRecordError } from './field-reader.js';
import type { VipRecord } from './vip-record.js';
import type { RecordProblem } from './field-reader.js';

const DAY_MS = 86_400_000;

function problemsOf(
  raw: Record<string, unknown>,
  country: string | undefined = 'FI',
): readonly RecordProblem[] {
  try {
    readVipRecord(raw, { country });
  } catch (error) {
    if (error instanceof VipRecordError) return error.problems;
    throw error;
  }
  return [];
}
const fieldsAtFault = (raw: Record<string, unknown>) => problemsOf(raw).map(({ field }) => field);

describe('the fields of a record', () => {
  it.each(['static-file', 'database', 'crm-http'])('are all named in docs/providers/%s.md', (page) => {
    const text = readFileSync(`docs/providers/${page}.md`, 'utf8');
    expect(RECORD_FIELDS.filter((field) => !new RegExp(`\\b${field}\\b`).test(text))).toEqual([]);
  });
});

describe('a record', () => {
  it('is read from texts, as CSV has them', () => {
    expect(
      readVipRecord(
        {
          number: ' 050-123 1234 ',
          tier: ' gold ',
          name: ' Aino Virtanen ',
          targets: 'SALES; SUPPORT ;',
          validFrom: '2026-01-01',
          validUntil: '2026-12-31',
          attributes: '{"company": "Rauta Oy"}',
          instructions: '{"ExtraPriority": 50, "FailTarget": null}',
        },
        { country: 'FI' },
      ),
    ).toEqual({
      number: '+358501231234',
      tier: 'gold',
      name: 'Aino Virtanen',
      targets: ['SALES', 'SUPPORT'],
      validFromMs: Date.UTC(2026, 0, 1),
      validUntilMs: Date.UTC(2027, 0, 1),
      attributes: { company: 'Rauta Oy' },
      instructions: { ExtraPriority: 50, FailTarget: null },
    });
  });

  it('is read from values, as JSON and databases have them', () => {
    expect(
      readVipRecord({
        number: 4711,
        tier: 1,
        name: null,
        targets: ['SALES'],
        validFrom: new Date(Date.UTC(2026, 0, 1, 12)),
        validUntil: '2026-06-30T18:00:00+03:00',
        attributes: { company: 'Rauta Oy' },
        instructions: {},
      }),
    ).toEqual({
      number: '4711',
      tier: '1',
      targets: ['SALES'],
      validFromMs: Date.UTC(2026, 0, 1, 12),
      validUntilMs: Date.UTC(2026, 5, 30, 15),
      attributes: { company: 'Rauta Oy' },
    });
  });

  it('has no property for what is null, empty or blank', () => {
    const nothing = ['', '  ', null, undefined];
    for (const value of nothing) {
      const raw = { number: '4711', tier: 'gold', name: value, validFrom: value, validUntil: value };
      expect(Object.keys(readVipRecord(raw))).toEqual(['number', 'tier']);
    }
    const empty = { number: '4711', tier: 'gold', targets: '', attributes: '', instructions: null };
    expect(Object.keys(readVipRecord(empty))).toEqual(['number', 'tier']);
  });

  it.each([{}, { number: '', tier: '' }, { number: ' ', tier: '\t' }, { number: null, tier: null }])(
    'needs a number and a tier: %j',
    (raw) => {
      expect(problemsOf(raw)).toEqual([
        { field: 'number', message: 'is missing; write a number such as +35850…' },
        { field: 'tier', message: 'is missing; write the tier that routes name, for example gold' },
      ]);
    },
  );

  it('takes the number that was asked for when the answer has none', () => {
    expect(readVipRecord({ tier: 'gold' }, { number: '+358501231234' }).number).toBe('+358501231234');
    expect(readVipRecord({ number: '4711', tier: 'gold' }, { number: '+358501231234' }).number).toBe('4711');
  });

  it('has a range as its number', () => {
    expect(readVipRecord({ number: '09 123*', tier: 'gold' }, { country: 'FI' }).number).toBe('+3589123*');
    expect(problemsOf({ number: '*', tier: 'gold' })).toEqual([
      {
        field: 'number',
        message: 'is not a range; write the beginning of a number and one * at the end, for example +46701*',
        isLeftOut: true,
      },
    ]);
    expect(() => readVipRecord({ number: '09123*', tier: 'gold' })).toThrow(
      'no country is configured, so it must begin with + or 00',
    );
  });

  it.each(['3.58501E+11', '3,58501E+11', '4e+10'])(
    'has no number that a spreadsheet shortened: %s',
    (number) => {
      expect(problemsOf({ number, tier: 'gold' })).toEqual([
        {
          field: 'number',
          message: expect.stringContaining('was shortened by a spreadsheet'),
          isLeftOut: true,
        },
      ]);
    },
  );

  it.each([
    ['2026-06-30', Date.UTC(2026, 5, 30), Date.UTC(2026, 6, 1)],
    ['2026-06-30T18:00', Date.UTC(2026, 5, 30, 18), Date.UTC(2026, 5, 30, 18)],
    ['2026-06-30T18:00:00Z', Date.UTC(2026, 5, 30, 18), Date.UTC(2026, 5, 30, 18)],
    ['2026-06-30 18:00:00.123', Date.UTC(2026, 5, 30, 18, 0, 0, 123), Date.UTC(2026, 5, 30, 18, 0, 0, 123)],
    ['2026-06-30T18:00:00+03:00', Date.UTC(2026, 5, 30, 15), Date.UTC(2026, 5, 30, 15)],
    ['2028-02-29', Date.UTC(2028, 1, 29), Date.UTC(2028, 2, 1)],
  ])('takes %s as UTC, a day without a time as the whole day', (text, from, until) => {
    const raw = { number: '4711', tier: 'gold' };
    expect(readVipRecord({ ...raw, validFrom: text }).validFromMs).toBe(from);
    expect(readVipRecord({ ...raw, validUntil: text }).validUntilMs).toBe(until);
  });

  it.each([
    '31.12.26',
    '12/31/2026',
    '2026-02-30',
    '2026-13-01',
    '2026-02-30T10:00',
    '2026',
    'tomorrow',
    '1767225600000',
    true,
    new Date(NaN),
  ])('has no date %s', (validUntil) => {
    expect(fieldsAtFault({ number: '4711', tier: 'gold', validUntil })).toEqual(['validUntil']);
  });

  it('does not end before it begins', () => {
    const raw = { number: '4711', tier: 'gold', validFrom: '2026-07-01' };
    expect(problemsOf({ ...raw, validUntil: '2026-06-30' })).toEqual([
      { field: 'validUntil', message: 'is before validFrom' },
    ]);
    expect(problemsOf({ ...raw, validUntil: '2026-07-01' })).toEqual([]);
  });

  it('reports every problem at once, and never a value', () => {
    const secret = '+358501231234';
    const raw = {
      number: [secret],
      tier: { is: secret },
      name: secret.repeat(50),
      targets: [1],
      validFrom: secret,
      attributes: secret,
      instructions: [secret],
      [secret]: 'gold',
      teir: 'gold',
    };
    expect(fieldsAtFault(raw)).toEqual([
      '',
      'teir',
      'number',
      'tier',
      'name',
      'targets',
      'validFrom',
      'attributes',
      'instructions',
    ]);
    expect(JSON.stringify(problemsOf(raw))).not.toContain(secret);
    expect(() => readVipRecord(raw)).toThrow(/^has an unknown field.*; teir: is not a field of a record/);
  });

  it.each([
    ['tier', 'x'.repeat(65)],
    ['name', 'x'.repeat(201)],
    ['number', 'x'.repeat(321)],
    ['targets', Array.from({ length: 1_001 }, (_, at) => `Q${at}`)],
    ['instructions', `{"x": "${'x'.repeat(16_384)}"}`],
  ])('limits the length of %s', (field, value) => {
    expect(fieldsAtFault({ number: '4711', tier: 'gold', [field]: value })).toEqual([field]);
  });

  it('throws nothing but its own error, whatever the fields', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom(
            'number',
            'tier',
            'name',
            'targets',
            'validFrom',
            'validUntil',
            'attributes',
            'instructions',
            'x',
          ),
          fc.oneof(fc.anything(), fc.string(), fc.constantFrom('2026-01-01', '+3589*', '4711', 'gold')),
        ),
        (raw) => {
          let record: VipRecord | undefined;
          try {
            record = readVipRecord(raw, { country: 'FI' });
          } catch (error) {
            expect(error).toBeInstanceOf(VipRecordError);
          }
          if (record !== undefined) {
            expect(record.number).not.toBe('');
            expect(record.tier).not.toBe('');
          }
        },
      ),
      { numRuns: IS_LONG ? 2_000 : 400 },
    );
  });
});

describe('whether a record applies', () => {
  const noon = Date.UTC(2026, 5, 15, 12);
  const record: VipRecord = { number: '4711', tier: 'gold' };

  it('is true without limits', () => {
    expect(recordApplies(record, 'SALES', noon)).toBe(true);
    expect(recordApplies(record, undefined, noon)).toBe(true);
  });

  it('depends on the time, the first instant included and the last one not', () => {
    const limited = { ...record, validFromMs: noon, validUntilMs: noon + DAY_MS };
    const at = [noon - 1, noon, noon + DAY_MS - 1, noon + DAY_MS];
    expect(at.map((nowMs) => recordApplies(limited, 'SALES', nowMs))).toEqual([false, true, true, false]);
  });

  it('depends on the targetid, compared exactly', () => {
    const limited = { ...record, targets: ['SALES', 'SUPPORT'] };
    const targets = ['SALES', 'SUPPORT', 'sales', 'SALE', undefined];
    expect(targets.map((targetid) => recordApplies(limited, targetid, noon))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});

describe('the order of records', () => {
  it('is exact number, then ranges, longest first, equals as they were', () => {
    const numbers = ['+3*', '+358501231234', '+35850*', '4711', '+358501231234*'];
    const records = numbers.map((number, at) => ({ number, tier: String(at) }));
    expect(records.sort(bySpecificity).map(({ number }) => number)).toEqual([
      '+358501231234',
      '4711',
      '+358501231234*',
      '+35850*',
      '+3*',
    ]);
  });
});
