import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { getCountries, Metadata, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import type { CountryCode } from 'libphonenumber-js/max';
import { IS_LONG } from '../../test/support/length.js';
import {
  callingCode,
  isWithheldNumber,
  MAX_NUMBER_LENGTH,
  readNumber,
  readRange,
  trunkPrefix,
} from './phone-number.js';

const COUNTRIES = getCountries();
const NUMBERS_OF_A_KIND = IS_LONG ? 8 : 2;
const country = fc.option(fc.constantFrom<string>(...COUNTRIES), { nil: undefined });
const dialled = (characters: string, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...characters), maxLength });
const numberLike = fc.oneof(
  dialled('+00123456789-. ()/;=e*x#', 24),
  fc
    .tuple(
      fc.constantFrom('+', '00', '0', '011', 'tel:', 'tel:+', '+44(0)', '+358', '+54', '+52', '+55', '+39'),
      dialled('0123456789 ', 15),
    )
    .map((parts) => parts.join('')),
);
const anything = fc.oneof(
  numberLike,
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme', maxLength: 400 }),
);

describe('reading a number', () => {
  it.each([
    ['+358501231234', undefined],
    ['+358 50 123 1234', undefined],
    ['00358501231234', undefined],
    ['00 358 50 123 1234', 'FI'],
    ['(00358) 50 123 1234', undefined],
    ['050-123 1234', 'FI'],
    ['(050) 123.1234', 'FI'],
    ['501231234', 'FI'],
    ['tel:+358501231234', undefined],
    ['TEL:+358-50-123-1234', undefined],
    ['tel:050-123-1234;phone-context=+358', 'SE'],
    ['+358 (0)50 123 1234', undefined],
    ['00358 (0)50 123 1234', undefined],
    ['+358\u00a050\u2011123\u20101234', undefined],
    ['\uff0b\uff13\uff15\uff18501231234', undefined],
    ['+\u0663\u0665\u0668501231234', undefined],
    ['  +358501231234\t', undefined],
    ['990 358 50 123 1234', 'FI'],
    ['011 358 50 123 1234', 'US'],
    ['010 358 50 123 1234', 'JP'],
    ['++358501231234', undefined],
    ['+00358501231234', undefined],
    ['\u202e+358501231234', undefined],
    ['+358\ufe0f50\u2066 123 1234\u2069', undefined],
    ['358 (0)50 123 1234', undefined],
    ['358501231234', 'SE'],
    ['0011 358 50 123 1234', 'AU'],
  ])('takes %s (country %s) for +358501231234', (text, home) => {
    expect(readNumber(text, home).key).toBe('+358501231234');
  });

  it.each([
    ['4711', 'FI'],
    ['12345', 'FI'],
    ['100', 'FI'],
    ['112', 'FI'],
    ['0', 'FI'],
    ['0501231234', undefined],
    ['0501231234', 'AQ'],
    ['sip:board@example.com', 'FI'],
    ['sip:+358501231234@example.com;user=phone', 'FI'],
    ['+358501231234@example.com', 'FI'],
    ['+358 9 123 4567 ext. 12', 'FI'],
    ['tel:+358501231234;ext=12', 'FI'],
    ['*31#0501231234', 'FI'],
    ['+3589123*', 'FI'],
    ['Aino', 'FI'],
    ['', 'FI'],
    ['+', 'FI'],
  ])('keeps %j (country %s) as the text it is', (text, home) => {
    expect(readNumber(text, home)).toEqual({ key: text });
  });

  it('keeps E.164 whose numbering plan is not known, without the punctuation', () => {
    expect(readNumber('+999 123-456')).toEqual({ key: '+999123456' });
    expect(readNumber('00999123456', 'FI')).toEqual({ key: '+999123456' });
  });

  it.each([
    ['IT', '06 698 12345', '+390669812345'],
    ['AR', '011 15-2345-6789', '+5491123456789'],
    ['MX', '55 1234 5678', '+525512345678'],
    ['RU', '8 (912) 345-67-89', '+79123456789'],
    ['HU', '06 20 123 4567', '+36201234567'],
    ['BR', '(11) 96123-4567', '+5511961234567'],
    ['US', '1 (212) 555-0123', '+12125550123'],
    ['DE', '4915123456789', '+4915123456789'],
    ['CO', '0057 321 1234567', '+573211234567'],
    ['BR', '0055 38 95056-9175', '+5538950569175'],
  ])('knows how numbers are written in %s: %s', (home, text, key) => {
    expect(readNumber(text, home).key).toBe(key);
  });

  it.each([
    ['FI', '0358501234138'],
    ['FI', '0 358 50 1234138'],
    ['FI', '0358-9-1234567'],
    ['FI', '049 171 1234567'],
    ['FI', '0390669821234'],
    ['SE', '0358501234139'],
    ['FR', '046 70 174 06 05'],
    ['CH', '0491711234567'],
  ])('makes no number of %s of E.164 whose plus sign became a zero: %s', (home, text) => {
    expect(readNumber(text, home)).toEqual({ key: text });
    expect(readNumber(text.replace('0', '+'), home).parsed?.isValid()).toBe(true);
    expect(readNumber(text.replace('0', '00'), home).parsed?.isValid()).toBe(true);
  });

  it.each(['FI', 'DE', 'GB', 'JP'])(
    'makes no number that cannot be one of %s of E.164 of any region whose plus sign became a zero',
    (home) => {
      const misread = COUNTRIES.flatMap((region) => numbersOf(region))
        .map(({ number }) => ({ number, ...readNumber(`0${number.slice(1)}`, home) }))
        .filter(({ key, number, parsed }) => key.startsWith('+') && key !== number && !parsed?.isValid());
      expect(misread).toEqual([]);
    },
  );

  it('takes fixed and mobile numbers of every region for the same in every spelling', () => {
    const misread: object[] = [];
    let compared = 0;
    for (const region of COUNTRIES) {
      for (const number of numbersOf(region)) {
        const spellings = [
          number.number,
          number.formatInternational(),
          number.getURI(),
          `00${number.number.slice(1)}`,
          ...(isWithoutPrefix(region, number.number) ? [] : [number.formatNational(), number.nationalNumber]),
        ];
        for (const text of spellings) {
          const { key } = readNumber(text, region);
          if (key !== number.number) misread.push({ region, text, key, number: number.number });
          compared++;
        }
      }
    }
    expect(misread).toEqual([]);
    expect(compared).toBeGreaterThan(COUNTRIES.length * NUMBERS_OF_A_KIND * 5);
  });

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(anything, country, (text, home) => {
        expect(typeof readNumber(text, home).key).toBe('string');
        expect(typeof isWithheldNumber(text)).toBe('boolean');
        expect(['string', 'undefined']).toContain(typeof readRange(text, home));
        expect(typeof readRange(`${text}*`, home)).not.toBe('number');
      }),
      { numRuns: IS_LONG ? 2_000 : 400 },
    );
  });

  it('reads its own key as itself, with the country and without', () => {
    fc.assert(
      fc.property(anything, country, (text, home) => {
        const { key } = readNumber(text, home);
        expect(readNumber(key, home).key).toBe(key);
        if (key.startsWith('+')) expect(readNumber(key).key).toBe(key);
      }),
      { numRuns: IS_LONG ? 5_000 : 1_000 },
    );
  });

  it.each([
    '1',
    '+',
    '(',
    '0-',
    '+1 ',
    '1 x',
    ';ext=1',
    '>',
    '"',
    '<',
    'anonymous@',
    '+358 (0)',
    '00(0)',
    '\u200b',
    '1~',
  ])('comes to an end with very long text made of %j, and with the longest that is looked at', (piece) => {
    // One step for each pair of characters would be more than the limit of a test.
    const [long, looked] = [600_000, MAX_NUMBER_LENGTH].map((length) =>
      piece.repeat(length / piece.length),
    ) as [string, string];
    for (const text of [long, `${long}x`, `x${long}`, `+1${long}*`]) {
      expect(readNumber(text, 'FI').key === text.trim()).toBe(true);
      expect(isWithheldNumber(text)).toBe(text.trim() === '');
      expect(['string', 'undefined']).toContain(typeof readRange(text, 'FI'));
    }
    for (const text of [looked, `${looked.slice(0, -2)}*`]) {
      expect(typeof readNumber(text, 'FI').key).toBe('string');
      expect(typeof isWithheldNumber(text)).toBe('boolean');
      expect(['string', 'undefined']).toContain(typeof readRange(text, 'FI'));
    }
  });

  it('looks at no text that is longer than an address can be', () => {
    const digits = '+358501231234';
    const dashed = (length: number) => digits + '-'.repeat(length - digits.length);
    expect(readNumber(dashed(MAX_NUMBER_LENGTH)).key).toBe(digits);
    expect(readNumber(dashed(MAX_NUMBER_LENGTH + 1)).key).toBe(dashed(MAX_NUMBER_LENGTH + 1));
    const anonymous = (length: number) => 'anonymous@'.padEnd(length, 'x');
    expect(isWithheldNumber(anonymous(MAX_NUMBER_LENGTH))).toBe(true);
    expect(isWithheldNumber(anonymous(MAX_NUMBER_LENGTH + 1))).toBe(false);
  });
});

describe('a numbering plan', () => {
  it('has a trunk prefix and a country code', () => {
    expect([trunkPrefix('FI'), callingCode('FI')]).toEqual(['0', '358']);
    expect([trunkPrefix('IT'), callingCode('IT')]).toEqual([undefined, '39']);
    expect([trunkPrefix('RU'), callingCode('KZ')]).toEqual(['8', '7']);
  });

  it('is absent for a code that is no region of libphonenumber', () => {
    expect([trunkPrefix('AQ'), callingCode('AQ')]).toEqual([undefined, undefined]);
  });
});

/** Valid fixed and mobile numbers, made from the patterns of the numbering plan; the same ones in every run. */
function numbersOf(region: CountryCode) {
  const metadata = new Metadata();
  metadata.selectNumberingPlan(region);
  const plan = metadata.numberingPlan as unknown as { type(name: string): { pattern(): string } | undefined };
  return ['FIXED_LINE', 'MOBILE'].flatMap((type) => {
    const pattern = plan.type(type)?.pattern();
    if (!pattern) return [];
    return fc
      .sample(fc.stringMatching(new RegExp(`^(?:${pattern})$`)), { seed: 20, numRuns: NUMBERS_OF_A_KIND })
      .map((digits) => parsePhoneNumberFromString(`+${callingCode(region)}${digits}`))
      .filter((number) => number?.isValid() === true)
      .map((number) => number!);
  });
}

/** Gabon's numbers of seven digits, out of use since 2019: nationally written, they read as today's numbers of eight. */
function isWithoutPrefix(region: CountryCode, number: string): boolean {
  return region === 'GA' && number.length === '+241'.length + 7;
}
