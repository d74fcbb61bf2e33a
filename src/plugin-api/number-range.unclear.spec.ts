import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { getCountries, getExampleNumber } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { readRange } from './number-range.js';
import { beginsNumber } from './numbering-plan.js';
import { callingCode, trunkPrefix } from './phone-number.js';
import { readWrittenNumbers } from './written-number.js';

const COUNTRIES = getCountries();
const mobileOf = (country: (typeof COUNTRIES)[number]) => getExampleNumber(country, examples)!;

describe('a range without a plus sign', () => {
  it.each([
    ['SE', '46701*'],
    ['SE', '358501*'],
    ['SE', '46*'],
    ['DE', '49301234*'],
    ['DE', '491711*'],
    ['NO', '4722*'],
    ['DK', '45331*'],
    ['ES', '34912*'],
    ['IT', '3906698*'],
    ['PL', '4822*'],
    ['FI', '358501236*'],
    ['FI', '3580501*'],
    ['FI', '46701*'],
    ['FI', '4670*'],
    ['FI', '46 70 1*'],
    ['FR', '33142*'],
    ['GB', '44207*'],
    ['RU', '7495*'],
    ['US', '491711*'],
  ])('in %s, %s is left out, as it may begin with a country code', (country, text) => {
    expect(readRange(text, country)).toBeUndefined();
    expect(readWrittenNumbers(text, country)).toEqual({
      keys: [],
      problem: expect.stringContaining('write + and the country code (+46701*), or the first 0'),
    });
  });

  it.each([
    ['SE', '0701*', '+46701*'],
    ['SE', '8123*', '+468123*'],
    ['DE', '301234*', '+49301234*'],
    ['DE', '49 (0)30 1234*', '+49301234*'],
    ['NO', '2255*', '+472255*'],
    ['DK', '3395*', '+453395*'],
    ['ES', '912345*', '+34912345*'],
    ['IT', '06698*', '+3906698*'],
    ['FI', '40123*', '+35840123*'],
    ['FI', '501*', '+358501*'],
    ['GB', '207946*', '+44207946*'],
    ['RU', '8495*', '+7495*'],
    ['FR', '142685*', '+33142685*'],
    ['US', '1212555*', '+1212555*'],
    ['US', '212555*', '+1212555*'],
    ['US', '415555*', '+1415555*'],
    ['CA', '416555*', '+1416555*'],
  ])('in %s, %s is national', (country, text, range) => {
    expect(readWrittenNumbers(text, country)).toEqual({ keys: [range] });
  });

  it('is never national if it is digits of the own country code and a number, without the plus sign', () => {
    for (const country of COUNTRIES) {
      const { number, nationalNumber } = mobileOf(country);
      const [code, trunk] = [callingCode(country)!, trunkPrefix(country)];
      for (let length = code.length; length < number.length; length++) {
        const digits = number.slice(1, length + 1);
        const isDialled = trunk !== undefined && digits.startsWith(trunk);
        expect(isDialled || readRange(`${digits}*`, country) === undefined).toBe(true);
      }
      expect(beginsNumber(code, nationalNumber)).toBe(true);
    }
  });

  it('is the same as the number with a plus sign or the trunk prefix', () => {
    fc.assert(
      fc.property(fc.constantFrom(...COUNTRIES), fc.integer({ min: 2, max: 9 }), (country, length) => {
        const trunk = trunkPrefix(country);
        const national = mobileOf(country).nationalNumber.slice(0, length);
        const range = `+${callingCode(country)}${national}*`;
        expect(readRange(range, country)).toBe(range);
        if (trunk !== undefined) expect(readRange(`${trunk}${national}*`, country)).toBe(range);
      }),
    );
  });
});

describe('the zero of a range', () => {
  it.each([
    ['+39 (0)6 698*', '+3906698*'],
    ['+358 (0)50 12*', '+3585012*'],
    ['+3580501*', '+358501*'],
    ['(+44) (0) 20 7946*', '+44207946*'],
  ])('goes only where no number begins with it: %s', (text, range) => {
    expect(readRange(text)).toBe(range);
  });

  it.each(['+49 30 (0) 123*', '030 (0)123*'])('is in the wrong place in %s', (text) => {
    expect(readRange(text, 'DE')).toBeUndefined();
  });
});

describe('other stars', () => {
  it.each(['050129∗', '050129★', '050129✱', '050129＊', '050 129 ⁎', '+35850129⋆'])(
    'make %s a range',
    (text) => {
      expect(readWrittenNumbers(text, 'FI').keys).toEqual(['+35850129*']);
    },
  );

  it.each(['050 123 1234 ∗', '∗050 123 1234', '050∗1231234'])('are never dropped: %s', (text) => {
    expect(readWrittenNumbers(text, 'FI')).toEqual({ keys: [], problem: expect.any(String) });
  });
});
