import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { numberKeys, readRange } from './phone-number.js';

describe('a range', () => {
  it.each([
    ['+3589123*', undefined, '+3589123*'],
    ['+358 9 123 *', undefined, '+3589123*'],
    ['003589123*', undefined, '+3589123*'],
    ['tel:+3589123*', undefined, '+3589123*'],
    ['09123*', 'FI', '+3589123*'],
    ['9123*', 'FI', '+3589123*'],
    ['0*', 'FI', '+358*'],
    ['+44 (0)20 7946*', undefined, '+44207946*'],
    ['0044 (0)20*', undefined, '+4420*'],
    ['06 698*', 'IT', '+3906698*'],
    ['(212) 555*', 'US', '+1212555*'],
    ['1 212*', 'US', '+1212*'],
    ['+3*', undefined, '+3*'],
    ['+358501231234*', undefined, '+358501231234*'],
  ])('is read from %s (country %s) as %s', (text, home, range) => {
    expect(readRange(text, home)).toBe(range);
  });

  it.each([
    ['+3589123', 'FI'],
    ['*', 'FI'],
    ['+*', 'FI'],
    ['00*', 'FI'],
    ['09123*', undefined],
    ['09123*', 'AQ'],
    ['+3589*123', 'FI'],
    ['+3589**', 'FI'],
    ['+0123*', 'FI'],
    ['+35850123123412345*', 'FI'],
    ['sip:*', 'FI'],
    ['abc123*', 'FI'],
    ['', 'FI'],
  ])('is not %j (country %s)', (text, home) => {
    expect(readRange(text, home)).toBeUndefined();
  });

  it('covers exactly the numbers that begin with it', () => {
    const e164 = fc
      .string({ unit: fc.constantFrom(...'0123456789'), maxLength: 11 })
      .map((digits) => `+358${digits}`);
    fc.assert(
      fc.property(e164, e164, fc.nat(14), (number, other, cut) => {
        const range = `${number.slice(0, Math.max(2, cut))}*`;
        expect(numberKeys(other).includes(range)).toBe(other.startsWith(range.slice(0, -1)));
      }),
    );
  });
});

describe('the keys of a number', () => {
  it('are the number and its ranges, longest first', () => {
    expect(numberKeys('+3589')).toEqual(['+3589', '+3589*', '+358*', '+35*', '+3*']);
  });

  it('are the text alone when it is not an E.164 number', () => {
    for (const text of ['4711', 'sip:board@example.com', '+*', '']) expect(numberKeys(text)).toEqual([text]);
  });
});
