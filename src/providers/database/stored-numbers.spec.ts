import { describe, expect, it } from '@jest/globals';
import { Caller } from '../../plugin-api/index.js';
import type { Spelling } from '../../plugin-api/index.js';
import { isStorable, StoredNumbers } from './stored-numbers.js';

const finland = (...spellings: Spelling[]): StoredNumbers => new StoredNumbers(spellings, 'FI');
const AINO = Caller.read('+358501231234', 'FI');
/** Sweden's +46 8 123 4567 has the national number 08-123 45 67, which in Finland is somebody in Oulu. */
const SWEDE = Caller.read('+4681234567', 'FI');

describe("numbers in a customer's column", () => {
  it('are asked for in the spellings of the column', () => {
    expect(finland('national', 'digits', 'idd').textsOf(AINO)).toEqual([
      '0501231234',
      '358501231234',
      '00358501231234',
    ]);
  });

  it('are not asked for nationally when the caller is from abroad', () => {
    expect(finland('national', 'local', 'significant').textsOf(SWEDE)).toEqual([]);
    expect(finland('significant', 'e164').textsOf(SWEDE)).toEqual(['+4681234567']);
  });

  it('are not asked for when no column could hold the text', () => {
    for (const text of ['nul\0nul', '\ud800', 'x'.repeat(321)]) {
      expect(finland('text').textsOf(Caller.read(text, 'FI'))).toEqual([]);
    }
    expect(isStorable('\u{1f4a5}')).toBe(true);
  });

  it.each<[Spelling, string]>([
    ['e164', '+358501231234'],
    ['digits', '358501231234'],
    ['idd', '00358501231234'],
    ['tel', 'tel:+358501231234'],
    ['international', '+358 50 1231234'],
    ['national', '0501231234'],
    ['local', '050 1231234'],
    ['significant', '501231234'],
  ])("are the caller's in the spelling %s", (spelling, stored) => {
    expect(finland(spelling).textsOf(AINO)).toEqual([stored]);
    expect(finland(spelling).isCaller(stored, AINO)).toBe(true);
    expect(finland(spelling).isCaller(` ${stored} `, AINO)).toBe(true);
    expect(finland(spelling).isCaller(stored, SWEDE)).toBe(false);
    expect(finland(spelling).isCaller(stored.replace('4', '5'), AINO)).toBe(false);
  });

  it.each([
    ['+447911123456', 'GB', '07911123456', 'a mobile of Guernsey'],
    ['+447700900123', 'GB', '07700900123', 'a number of no certain country'],
    ['+16135550142', 'US', '6135550142', 'a Canadian'],
    ['+358181234567', 'FI', '0181234567', 'somebody on Åland'],
  ])('of %s belong to the numbering plan of %s: %s, %s', (number, country, stored) => {
    const caller = Caller.read(number, country);
    const numbers = new StoredNumbers(['national'], country);
    expect(numbers.textsOf(caller).map((text) => text.replace(/^1(?=6)/, ''))).toEqual([stored]);
    expect(numbers.isCaller(numbers.textsOf(caller)[0]!, caller)).toBe(true);
  });

  it('belong to nobody abroad who has the same national number', () => {
    expect(finland('national').isCaller('081234567', SWEDE)).toBe(false);
    expect(finland('national', 'digits', 'text').isCaller('081234567', SWEDE)).toBe(false);
  });

  it('are read nationally first where digits may be both', () => {
    // Denmark writes 46 81 23 45 without a trunk prefix; +46 812345 is somebody in Sweden.
    const both = new StoredNumbers(['national', 'digits'], 'DK');
    expect(both.isCaller('46812345', Caller.read('+4546812345', 'DK'))).toBe(true);
    expect(both.isCaller('46812345', Caller.read('+46812345', 'DK'))).toBe(false);
    const digits = new StoredNumbers(['digits'], 'DK');
    expect(digits.isCaller('46812345', Caller.read('+46812345', 'DK'))).toBe(true);
    expect(digits.isCaller('46812345', Caller.read('+4546812345', 'DK'))).toBe(false);
  });

  it('are compared exactly as text', () => {
    const extension = Caller.read('Sip:Aino@example', 'FI');
    expect(finland('text').isCaller('Sip:Aino@example', extension)).toBe(true);
    expect(finland('text').isCaller('sip:aino@example', extension)).toBe(false);
    expect(finland('e164', 'digits').isCaller('4711', Caller.read('4711', 'FI'))).toBe(false);
    expect(finland('digits', 'text').isCaller('4711', Caller.read('4711', 'FI'))).toBe(true);
  });

  it('need a country when they are written nationally', () => {
    expect(() => new StoredNumbers(['e164', 'national'], undefined)).toThrow(/"national" needs a country/);
    expect(() => new StoredNumbers(['e164', 'digits'], undefined)).not.toThrow();
  });
});
