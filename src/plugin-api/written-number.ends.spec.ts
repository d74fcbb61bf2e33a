import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { getCountries, getExampleNumber, Metadata, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import type { CountryCode, PhoneNumber } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { IS_LONG } from '../../test/support/length.js';
import { Caller } from './caller.js';
import { readWrittenNumbers } from './written-number.js';

const COUNTRIES = getCountries();

describe('digits behind a whole number', () => {
  it.each([
    ['FI', '0501240012 0'],
    ['FI', '050.1234514.2'],
    ['FI', '050.1234514.24'],
    ['FI', '+358.501231234.5'],
    ['SE', '070.1740605.2'],
    ['DE', '0171.1234564.5'],
    ['FI', '050-1234514 2'],
    ['FI', '+358 50 1240028 5 kpl'],
    ['FI', '050 1240022 8 16'],
    ['FI', '050 1240022 8-16'],
    ['FI', '050 1240004 5.12.'],
    ['FI', '050 123 4004 5.12.2026'],
    ['FI', '050 1240002 24'],
    ['FI', '050 124 0022 24'],
    ['FI', '050 123 4514 2'],
    ['FI', '358501240012 0'],
    ['FI', '00358501240012 12'],
    ['FI', 'Mob. 0501240012 0'],
    ['FI', '0501240012 0 (work)'],
    ['FI', '0501240012\u00a00'],
    ['DE', '030/1234562 2026'],
    ['DE', '0171 1234564 5.12.'],
    ['DE', '030 123 456 5.12.'],
    ['DE', '030 1234567 24/7'],
    ['DE', '+49 171 1234567 12'],
    ['SE', '070 1740605 2'],
    ['SE', '070-174 06 05 2'],
    ['SE', '08 123456 5.12.'],
    ['SE', '08-123 456 78 2026'],
    ['AT', '0664 1234567 3'],
    ['NO', '+47 22123456 7'],
  ])('in %s, %j is never a number', (country, text) => {
    const { keys, problem, warning } = readWrittenNumbers(text, country);
    expect(keys.filter((key) => /^\+\d+$/.test(key))).toEqual([]);
    expect(problem ?? warning).toBeDefined();
    expect(Caller.read(text, country).e164).toBeUndefined();
  });

  it('are left out with the way to write them', () => {
    expect(readWrittenNumbers('0501240012 0', 'FI').problem).toContain('write the number without spaces');
    expect(readWrittenNumbers('05012400120', 'FI').keys).toEqual(['+3585012400120']);
  });

  it.each([
    ['FI', '050 123 12 34', '+358501231234'],
    ['FI', '050.123.12.34', '+358501231234'],
    ['FI', '050.1231234', '+358501231234'],
    ['DE', '089.1234.5678', '+498912345678'],
    ['US', '202.555.0123', '+12025550123'],
    ['FR', '01.23.45.67.89', '+33123456789'],
    ['FI', '050 1231 234', '+358501231234'],
    ['FI', '+358 50 12 31 23 4', '+358501231234'],
    ['SE', '08 123 456 78', '+46812345678'],
    ['DE', '+49 30 1234 5678', '+493012345678'],
    ['DE', '0171 12 34 56 7', '+491711234567'],
    ['DE', '030 1234 5678 9', '+4930123456789'],
    ['DE', '0 89 / 12 34 56 78', '+498912345678'],
    ['DE', '+49 (0) 89 / 1234567', '+49891234567'],
    ['FR', '01.42.68.53.00', '+33142685300'],
    ['IN', '098765 43210', '+919876543210'],
    ['US', '1 212 5550123', '+12125550123'],
  ])('in %s, the groups of %j are one number', (country, text, key) => {
    expect(readWrittenNumbers(text, country)).toEqual({ keys: [key] });
  });

  it.each(['+49 30 (0) 123459', '030 (0) 123459', '49 30 (0) 123459', '+49 30 1234 (0) 59'])(
    'a zero in brackets is not dropped in the middle: %s',
    (text) => {
      expect(readWrittenNumbers(text, 'DE').keys.filter((key) => /^\+\d+$/.test(key))).toEqual([]);
      expect(Caller.read(text, 'DE').e164).toBeUndefined();
    },
  );
});

describe('a number in the groups that its plan gives it', () => {
  const expectWhole = (number: PhoneNumber, country: CountryCode) => {
    for (const text of [number.formatInternational(), number.formatNational()])
      expect([text, readWrittenNumbers(text, country).problem ?? '']).toEqual([
        text,
        expect.not.stringContaining('digits behind'),
      ]);
  };

  it.each(COUNTRIES)('is one number: %s', (country) => {
    expectWhole(getExampleNumber(country, examples)!, country);
    const metadata = new Metadata();
    metadata.selectNumberingPlan(country);
    const plan = metadata.numberingPlan as unknown as {
      type(name: string): { pattern(): string } | undefined;
    };
    for (const type of ['FIXED_LINE', 'MOBILE', 'TOLL_FREE', 'UAN']) {
      const pattern = plan.type(type)?.pattern();
      if (!pattern) continue;
      fc.assert(
        fc.property(fc.stringMatching(new RegExp(`^(?:${pattern})$`)), (digits) => {
          const number = parsePhoneNumberFromString(digits, country);
          if (number?.isValid() && number.country === country) expectWhole(number, country);
        }),
        { numRuns: IS_LONG ? 100 : 5 },
      );
    }
  });
});
