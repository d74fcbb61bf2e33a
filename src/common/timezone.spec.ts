import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isTimezone, nearTimezone, WallClock } from './timezone.js';

describe('the name of a time zone', () => {
  it.each([
    'Europe/Helsinki',
    'europe/helsinki',
    'UTC',
    'Europe/Kyiv',
    'Etc/GMT+2',
    'America/Argentina/Ushuaia',
  ])('is %s', (name) => {
    expect(isTimezone(name)).toBe(true);
  });

  it.each(['+02:00', 'Helsinki', 'FLE Standard Time', 'Z', '', 'Europe', 'Europe/Helsinky'])(
    'is not %s',
    (name) => {
      expect(isTimezone(name)).toBe(false);
    },
  );

  it.each([
    ['Europe/Helsinky', 'Europe/Helsinki'],
    ['Helsinki', 'Europe/Helsinki'],
    ['new york', 'America/New_York'],
    ['UCT+', 'UTC'],
    ['Middle-earth/Shire', undefined],
  ])('is near where it is %s', (written, near) => {
    expect(nearTimezone(written)).toBe(near);
  });
});

describe('a clock on the wall', () => {
  const instantOf = (timezone: string, wall: string) =>
    new Date(WallClock.in(timezone).instantOf(Date.parse(`${wall}Z`))).toISOString();

  it.each([
    ['UTC', '2026-12-31T00:00', '2026-12-31T00:00:00.000Z'],
    ['Europe/Helsinki', '2026-12-31T00:00', '2026-12-30T22:00:00.000Z'],
    ['Europe/Helsinki', '2026-07-01T00:00', '2026-06-30T21:00:00.000Z'],
    // Put forward: 03:00 to 04:00 is left out.
    ['Europe/Helsinki', '2026-03-29T03:30', '2026-03-29T01:30:00.000Z'],
    ['Europe/Helsinki', '2026-03-30T00:00', '2026-03-29T21:00:00.000Z'],
    // Put back: 03:00 to 04:00 comes twice.
    ['Europe/Helsinki', '2026-10-25T03:30', '2026-10-25T00:30:00.000Z'],
    ['Europe/Helsinki', '2026-10-26T00:00', '2026-10-25T22:00:00.000Z'],
    // Days without a midnight, and one with two.
    ['Africa/Cairo', '2026-04-24T00:00', '2026-04-23T22:00:00.000Z'],
    ['America/Sao_Paulo', '2018-11-04T00:00', '2018-11-04T03:00:00.000Z'],
    ['America/Havana', '2026-11-01T00:00', '2026-11-01T04:00:00.000Z'],
    ['America/Sao_Paulo', '2018-02-18T00:00', '2018-02-18T03:00:00.000Z'],
    // A day that Samoa never had.
    ['Pacific/Apia', '2011-12-30T00:00', '2011-12-30T10:00:00.000Z'],
    ['Pacific/Apia', '2011-12-31T00:00', '2011-12-30T10:00:00.000Z'],
    ['Pacific/Kiritimati', '2026-12-31T00:00', '2026-12-30T10:00:00.000Z'],
    ['America/St_Johns', '2026-12-31T00:00', '2026-12-31T03:30:00.000Z'],
    ['Europe/Helsinki', '0000-01-01T00:00', '-000001-12-31T22:20:11.000Z'],
  ])('in %s shows %s at %s', (timezone, wall, instant) => {
    expect(instantOf(timezone, wall)).toBe(instant);
  });

  it('shows a time again at the instant that it was read as, wherever that time exists', () => {
    const zones = Intl.supportedValuesOf('timeZone');
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: Date.parse('1990-01-01'), max: Date.parse('2040-01-01') }),
        (zone, ms) => {
          const clock = WallClock.in(zone);
          const wallMs = clock.at(ms);
          const read = clock.instantOf(wallMs);
          expect(clock.at(read)).toBe(wallMs);
          expect(read).toBeLessThanOrEqual(ms);
        },
      ),
    );
  });
});
