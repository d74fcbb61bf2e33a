import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { getCountries, getExampleNumber, Metadata } from 'libphonenumber-js/max';
import type { CountryCode } from 'libphonenumber-js/max';
import examples from 'libphonenumber-js/mobile/examples';
import { IS_LONG } from '../../test/support/length.js';
import { Caller, SPELLINGS } from './caller.js';
import { callingCode, isWithheldNumber, readNumber } from './phone-number.js';

const COUNTRIES = getCountries();
const NON_GEOGRAPHIC = ['800', '808', '870', '878', '881', '882', '883', '888', '979'];
const E164 = /^\+[1-9]\d{2,14}$/;

const digits = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength, maxLength });

/** `tel:` in front makes it a spelling that is always read by the library, as the same digits. */
const thoroughly = (e164: string) => `tel:${e164}`;
const isShortcut = (e164: string) => Object.getPrototypeOf(readNumber(e164)) !== Object.prototype;

/** Compares what is read without the library with what the library makes of it. */
function expectSame(e164: string, home: string | undefined): void {
  const read = readNumber(e164, home);
  const library = readNumber(thoroughly(e164), home);
  expect(isShortcut(thoroughly(e164))).toBe(false);
  const told = ({ key, parsed }: typeof read) => ({
    key,
    parsed: parsed && { ...parsed, getMetadata: undefined },
    isPossible: parsed?.isPossible(),
    isValid: parsed?.isValid(),
    type: parsed?.getType(),
  });
  expect(told(read)).toEqual(told(library));
  const spelled = (text: string) => {
    const caller = Caller.read(text, home);
    const all = SPELLINGS.filter((name) => name !== 'text').map((name) => [name, caller.spell(name)]);
    return [...all, ['country', caller.country], ['e164', caller.e164]];
  };
  expect(spelled(e164)).toEqual(spelled(thoroughly(e164)));
}

function expectSameFor(number: fc.Arbitrary<string>, home: string | undefined, numRuns: number): void {
  fc.assert(
    fc.property(
      number.filter((text) => E164.test(text)),
      (e164) => expectSame(e164, home),
    ),
    { numRuns },
  );
}

/** What the plan says may be taken off or rewritten: `0`, `8`, `0?(?:(11|2…)15)?`. */
function prefixPattern(country: string): string | undefined {
  const metadata = new Metadata();
  metadata.selectNumberingPlan(country as CountryCode);
  const plan = metadata.numberingPlan as unknown as { nationalPrefixForParsing(): string | 0 | undefined };
  return plan.nationalPrefixForParsing() || undefined;
}

describe('E.164 that is read without the library', () => {
  it.each(COUNTRIES)('is what the library makes of it: %s', (region) => {
    const code = callingCode(region)!;
    const example = getExampleNumber(region, examples)!.nationalNumber;
    const pattern = prefixPattern(region);
    const prefix = fc.oneof(
      fc.constantFrom('', '0', '00', '1', '8', '06', '90', '15', '9'),
      ...(pattern === undefined
        ? []
        : [fc.stringMatching(new RegExp(`^(?:${pattern.replaceAll('$', '')})$`))]),
    );
    const subscriber = fc.oneof(
      fc.constant(example),
      fc.nat(example.length).map((length) => example.slice(0, length)),
      digits(1, 4).map((more) => example + more),
      fc.tuple(fc.nat(6), digits(0, 12)).map(([kept, more]) => example.slice(0, kept) + more),
      digits(0, 14),
    );
    expectSame(`+${code}${example}`, region);
    expectSameFor(
      fc.tuple(prefix, subscriber).map(([before, after]) => `+${code}${before}${after}`),
      region,
      IS_LONG ? 80 : 6,
    );
  });

  it('is what the library makes of it where the code is of no country, or of nobody', () => {
    const code = fc.oneof(fc.constantFrom(...NON_GEOGRAPHIC), fc.integer({ min: 1, max: 999 }).map(String));
    const number = fc.tuple(code, digits(0, 14)).map((parts) => `+${parts.join('')}`);
    expectSameFor(number, undefined, IS_LONG ? 3_000 : 300);
  });

  it('covers nearly all numbers that are really called from', () => {
    const numbers = COUNTRIES.map((region) => getExampleNumber(region, examples)!.number);
    expect(numbers.filter(isShortcut).length).toBeGreaterThan(COUNTRIES.length * 0.97);
    expect(['+541123456789', '+5511961234567'].filter(isShortcut)).toHaveLength(2);
  });

  it.each([
    ['+3580501231234', '+358501231234'],
    ['+4402079460958', '+442079460958'],
    ['+54111523456789', '+5491123456789'],
  ])('is not %s, where a prefix comes off', (text, key) => {
    expect(readNumber(text).key).toBe(key);
    expect(isShortcut(text)).toBe(false);
  });

  it.each(['+0123456', '+12', '+1234567890123456', '++358501231234', '+358501231234x', '+358\n501231234'])(
    'is not %j',
    (text) => {
      expect(isShortcut(text)).toBe(false);
    },
  );

  it('is never withheld', () => {
    fc.assert(fc.property(digits(1, 20), (text) => expect(isWithheldNumber(`+${text}`)).toBe(false)));
  });
});
