import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { instantText, readInstant } from './instant.js';
import type { DateOptions } from './instant.js';
import { readVipRecord, recordTexts } from './vip-record.js';

const HOUR_MS = 3_600_000;
const HELSINKI = { timezone: 'Europe/Helsinki' };
const iso = (text: string, end: 'start' | 'end', options?: DateOptions) => {
  const read = readInstant(text, end, options);
  return typeof read === 'string' ? read : new Date(read).toISOString();
};

describe('a date without a time', () => {
  it('is the whole day in the time zone, both ends included', () => {
    expect(iso('2026-12-31', 'start', HELSINKI)).toBe('2026-12-30T22:00:00.000Z');
    expect(iso('2026-12-31', 'end', HELSINKI)).toBe('2026-12-31T22:00:00.000Z');
    expect(iso('2026-12-31', 'end')).toBe('2027-01-01T00:00:00.000Z');
  });

  it.each([
    ['2026-03-29', 23],
    ['2026-10-25', 25],
    ['2026-07-01', 24],
  ])('of %s has %d hours where clocks are changed', (day, hours) => {
    const [start, end] = [readInstant(day, 'start', HELSINKI), readInstant(day, 'end', HELSINKI)];
    expect((Number(end) - Number(start)) / HOUR_MS).toBe(hours);
  });
});

describe('a date as people write it', () => {
  it.each([
    ['31.12.2026', '2026-12-31T22:00:00.000Z'],
    ['1.1.2026', '2026-01-01T22:00:00.000Z'],
    ['01.01.2026', '2026-01-01T22:00:00.000Z'],
    ['31. 12. 2026', '2026-12-31T22:00:00.000Z'],
    ['31.12.2026 18:00', '2026-12-31T16:00:00.000Z'],
    ['31.12.2026 18.00', '2026-12-31T16:00:00.000Z'],
    ['31.12.2026 9:05:30', '2026-12-31T07:05:30.000Z'],
    ['31.12.2026, 18:00', '2026-12-31T16:00:00.000Z'],
    ['2026-12-31 18:00', '2026-12-31T16:00:00.000Z'],
    ['2026-12-31T18:00:00Z', '2026-12-31T18:00:00.000Z'],
    ['2026-12-31T18:00:00+05:00', '2026-12-31T13:00:00.000Z'],
  ])('%s is meant in the time zone unless it has an offset', (text, instant) => {
    expect(iso(text, 'end', HELSINKI)).toBe(instant);
  });

  it.each([
    ['mdy', '12/31/2026', '2027-01-01T00:00:00.000Z'],
    ['mdy', '1/2/2026', '2026-01-03T00:00:00.000Z'],
    ['dmy', '1/2/2026', '2026-02-02T00:00:00.000Z'],
    ['dmy', '31-12-2026', '2027-01-01T00:00:00.000Z'],
    ['mdy', '12/31/2026 6:00 PM', '2026-12-31T18:00:00.000Z'],
    ['mdy', '12/31/2026, 6:00\u202fPM', '2026-12-31T18:00:00.000Z'],
    ['mdy', '12/31/2026 12:30 AM', '2026-12-31T00:30:00.000Z'],
    ['mdy', '12/31/2026 12:30 p.m.', '2026-12-31T12:30:00.000Z'],
    ['dmy', '31/12/2026 18:00', '2026-12-31T18:00:00.000Z'],
    // Dots say the order by themselves.
    ['mdy', '1.2.2026', '2026-02-02T00:00:00.000Z'],
  ] as const)('in the order %s, %s is read', (dateOrder, text, instant) => {
    expect(iso(text, 'end', { dateOrder })).toBe(instant);
  });

  it.each(['12/31/2026', '31/12/2026', '1-2-2026', '12/31/2026 6:00 PM'])(
    '%s needs to be told the order, although one part may be no month',
    (text) => {
      expect(readInstant(text, 'end')).toBe(
        'does not say whether day or month comes first; write 2026-12-31, or for a file set dateOrder to dmy or mdy (import: --date-order)',
      );
    },
  );

  it.each([
    ['31/12/2026', 'mdy'],
    ['12/31/2026', 'dmy'],
    ['2/30/2026', 'mdy'],
    ['12/31/2026 13:00 PM', 'mdy'],
  ] as const)('%s is refused in the order %s', (text, dateOrder) => {
    expect(readInstant(text, 'end', { dateOrder })).toBe(
      `is not a date in the order ${dateOrder} (dateOrder); write 2026-12-31`,
    );
  });

  it.each(['30.2.2026', '31.12.26', '1.13.2026', '0.1.2026', '31.12.2026 25:00', '46387', '31,12,2026'])(
    '%s is refused',
    (text) => {
      expect(readInstant(text, 'end')).toBe(
        'is not an ISO 8601 date; write 2026-12-31 or 2026-12-31T18:00:00Z',
      );
    },
  );
});

describe('midnight without an offset', () => {
  it.each([
    '2026-12-31T00:00',
    '2026-12-31T00:00:00',
    '2026-12-31 00:00:00.000',
    '2026-12-31 00:00:00,0',
    '2026-12-31 0:00:00',
    '2026-12-31 00:00:00.0000000',
    '31.12.2026 0:00',
    '31.12.2026 0:00:00',
    '31.12.2026 00.00.00',
    '31.12.2026 00:00:00.000',
    '31. 12. 2026, 00:00',
  ])('%s is the whole day, as programs write a date', (text) => {
    expect(iso(text, 'end', HELSINKI)).toBe('2026-12-31T22:00:00.000Z');
    expect(iso(text, 'start', HELSINKI)).toBe('2026-12-30T22:00:00.000Z');
  });

  it.each([
    ['mdy', '12/31/2026 12:00:00 AM'],
    ['mdy', '12/31/2026 0:00'],
    ['dmy', '31/12/2026 00:00:00'],
    ['dmy', '31-12-2026 00:00'],
  ] as const)('in the order %s, %s is the whole day', (dateOrder, text) => {
    expect(iso(text, 'end', { ...HELSINKI, dateOrder })).toBe('2026-12-31T22:00:00.000Z');
  });

  it.each([
    ['2026-12-31T00:00:00Z', '2026-12-31T00:00:00.000Z'],
    ['2026-12-31T00:00:00.000Z', '2026-12-31T00:00:00.000Z'],
    ['2026-12-31 00:00:00+02', '2026-12-30T22:00:00.000Z'],
    ['2026-12-31T24:00:00', '2026-12-31T22:00:00.000Z'],
    ['2026-12-31T00:00:00.001', '2026-12-30T22:00:00.001Z'],
    ['2026-12-31 00:01', '2026-12-30T22:01:00.000Z'],
    ['31.12.2026 12:00', '2026-12-31T10:00:00.000Z'],
  ])('is not what %s is', (text, instant) => {
    expect(iso(text, 'end', HELSINKI)).toBe(instant);
  });

  it.each(['2026-02-30T00:00:00', '31.11.2026 0:00:00', '2026-12-31T00:60', '2026-12-31T00:00:0'])(
    'does not make a date of %s',
    (text) => {
      expect(readInstant(text, 'end', HELSINKI)).toMatch(/^is not an ISO 8601 date/);
    },
  );
});

describe('a time as databases write it', () => {
  it.each([
    ['2026-12-31 15:00:00+02', '2026-12-31T13:00:00.000Z'],
    ['2026-12-31 15:00:00.123456-05', '2026-12-31T20:00:00.123Z'],
    ['2026-12-31 15:00:00+0530', '2026-12-31T09:30:00.000Z'],
    ['2026-12-31 15:00:00 +0200', '2026-12-31T13:00:00.000Z'],
    ['2026-12-31 15:00:00 UTC', '2026-12-31T15:00:00.000Z'],
    ['2026-12-31 9:05', '2026-12-31T07:05:00.000Z'],
  ])('%s is read', (text, instant) => {
    expect(iso(text, 'end', HELSINKI)).toBe(instant);
  });

  it.each([
    'NULL',
    '-',
    '\\N',
    'n/a',
    '#N/A',
    'none',
    '0000-00-00',
    '0000-00-00 00:00:00',
    '00.00.0000',
    '00000000',
    '00/00/0000',
  ])('%s is none', (validUntil) => {
    expect(
      readVipRecord({ number: '+358501231234', tier: 'gold', validFrom: validUntil, validUntil }),
    ).toEqual({
      number: '+358501231234',
      tier: 'gold',
    });
  });

  it.each(['0', '00:00', '0000-00-01', 'never'])('%s is not none', (validUntil) => {
    expect(() => readVipRecord({ number: '+358501231234', tier: 'gold', validUntil })).toThrow(
      /^validUntil: /,
    );
  });
});

describe('an instant', () => {
  const zones = [
    'UTC',
    'Europe/Helsinki',
    'America/New_York',
    'Africa/Cairo',
    'America/Havana',
    'Pacific/Apia',
  ];

  it('is written so that it is read back the same, a whole day as its date', () => {
    expect(instantText(Date.UTC(2026, 11, 31, 22), 'end', 'Europe/Helsinki')).toBe('2026-12-31');
    expect(instantText(Date.UTC(2026, 11, 31), 'end', 'Europe/Helsinki')).toBe('2026-12-31T00:00:00.000Z');
    expect(instantText(Date.UTC(2027, 0, 1), 'end')).toBe('2026-12-31');
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.constantFrom('start' as const, 'end' as const),
        fc.oneof(
          fc.date({ min: new Date('0000-01-02'), max: new Date('9999-12-30'), noInvalidDate: true }),
          // Whole hours, and with that midnights.
          fc.integer({ min: 0, max: 600_000 }).map((hours) => new Date(hours * HOUR_MS)),
        ),
        (timezone, end, date) => {
          const text = instantText(date.getTime(), end, timezone);
          expect(readInstant(text, end, { timezone })).toBe(date.getTime());
        },
      ),
    );
  });

  it.each(zones)('at the ends of what can be written is written so as well, in %s', (timezone) => {
    for (const validUntil of ['9999-12-31', '0000-01-01', '9999-12-31T23:59:59.999-23:59']) {
      const record = readVipRecord({ number: '4711', tier: 'gold', validUntil }, { timezone });
      const [, , , , , text] = recordTexts(record, { timezone });
      expect(readInstant(text!, 'end', { timezone })).toBe(record.validUntilMs);
    }
  });
});
