import { describe, expect, it } from '@jest/globals';
import { Caller, isSpellingPattern, SPELLINGS } from './caller.js';
import { readWrittenNumbers } from './written-number.js';

const spelled = (caller: Caller) =>
  Object.fromEntries(SPELLINGS.map((spelling) => [spelling, caller.spell(spelling)]));

describe('a caller', () => {
  it('has every spelling of a number of the country', () => {
    const caller = Caller.read(' 050-123 1234 ', 'FI');
    expect(caller.key).toBe('+358501231234');
    expect(caller.e164).toBe('+358501231234');
    expect(caller.country).toBe('FI');
    expect(spelled(caller)).toEqual({
      e164: '+358501231234',
      digits: '358501231234',
      national: '0501231234',
      significant: '501231234',
      idd: '00358501231234',
      international: '+358 50 1231234',
      local: '050 1231234',
      tel: 'tel:+358501231234',
      text: '050-123 1234',
    });
  });

  it('has no national spelling in another country', () => {
    const caller = Caller.read('+358501231234', 'SE');
    expect(caller.country).toBe('FI');
    expect(caller.spell('national')).toBeUndefined();
    expect(caller.spell('local')).toBeUndefined();
    expect(caller.spell('significant')).toBe('501231234');
    expect(Caller.read('+358501231234').spell('national')).toBeUndefined();
    expect(Caller.read('+358501231234', 'AQ').spell('national')).toBeUndefined();
  });

  it.each([
    ['+35818123456', 'FI', 'AX', '018123456'],
    ['+14165550123', 'US', 'CA', '4165550123'],
    ['+441481722222', 'GB', 'GG', '01481722222'],
    ['+77012345678', 'RU', 'KZ', '87012345678'],
    ['+390669812345', 'IT', 'VA', '0669812345'],
  ])('has a national spelling where countries share a code: %s in %s', (number, home, country, national) => {
    const caller = Caller.read(number, home);
    expect([caller.country, caller.spell('national')]).toEqual([country, national]);
  });

  it('is seen from another country without being read again', () => {
    const caller = Caller.read('0501231234', 'FI');
    expect(caller.seenFrom('FI')).toBe(caller);
    const abroad = caller.seenFrom('SE');
    expect([abroad.key, abroad.text]).toEqual(['+358501231234', '0501231234']);
    expect(abroad.spell('national')).toBeUndefined();
    expect(abroad.seenFrom('FI').spell('national')).toBe('0501231234');
    expect(caller.seenFrom(undefined).spell('national')).toBeUndefined();
  });

  it('has only its text when it is not an E.164 number', () => {
    for (const text of ['4711', 'sip:board@example.com', "' OR '1'='1", 'x'.repeat(10_000)]) {
      const caller = Caller.read(text, 'FI');
      expect([caller.key, caller.text, caller.e164, caller.country]).toEqual([
        text,
        text,
        undefined,
        undefined,
      ]);
      expect(caller.spellings()).toEqual([text]);
    }
  });

  it.each([
    ['FI', '09 123 4567 / 12'],
    ['FI', '09-123 4567/8'],
    ['FI', '+358501234567/12'],
    ['FI', '+35850123456 / 7'],
    ['FI', '09 123 4567 (5)'],
    ['FI', '09 123 4567 – 69'],
    ['FI', '09 123 4567 … 12'],
    ['FI', '+358501234567.12'],
    ['FI', '501231201.5'],
    ['FI', '31.12.2026'],
    ['FI', '1000-1999'],
    ['FI', '192.168.1.12'],
    ['SE', '08-123 456/57'],
    ['GB', '020 7183 8750/1'],
    ['US', '+1 (202) 555-0123/4'],
    ['FI', '09 1234567; 09 7654321'],
    ['FI', '050 1234567 / 050 1234568'],
    ['FI', '+358501234567;+358501234568'],
    ['FI', '+358 50 123 4567 x5'],
    ['FI', '+358501234567,,12'],
  ])('in %s is nobody whom the digits of several values make: %s', (country, text) => {
    const caller = Caller.read(` ${text}`, country);
    expect([caller.key, caller.e164, caller.spellings()]).toEqual([text, undefined, [text]]);
  });

  it.each([
    ['FI', '+358/50/123 1234'],
    ['FI', '(050) 123-12-34'],
    ['FI', '050.123.12.34'],
    ['FI', '050 123 1234/'],
    ['SE', 'tel:050-123-1234;phone-context=+358'],
    ['FI', 'tel:+358-50-123-12-34'],
    ['FI', '+358501231234;npdi'],
    ['FI', '501231234.0'],
    ['SE', '00358 (0)50 / 123 1234'],
  ])('in %s is the one whose number is clear: %s', (country, text) => {
    expect(Caller.read(text, country).key).toBe('+358501231234');
  });

  it.each([
    [
      'AR',
      '+5491123456789',
      ['011 15-2345-6789', '+54 11 15 2345 6789', '+54 011 15 2345-6789', '91123456789'],
    ],
    ['AR', '+5492966412345', ['02966 15 412345', '2966 15412345', '+54 2966 15-412345']],
    [
      'BR',
      '+5511961234567',
      ['(011) 96123-4567', '0 15 11 96123-4567', '+55 021 11 961234567', '90 11 961234567'],
    ],
    ['CN', '+8613812345678', ['17951 138 1234 5678', '1259313812345678']],
    ['CO', '+573211234567', ['03 321 1234567', '3211234567']],
    ['CR', '+50688123456', ['1900 8812 3456', '8812-3456']],
    ['KR', '+821012345678', ['082 10-1234-5678', '+82 010-1234-5678', '0082 010 1234 5678']],
    ['LT', '+37061234567', ['8 612 34567', '0 612 34567']],
    ['MX', '+525512345678', ['55 1234 5678', '525512345678', '+52 55 1234 5678']],
  ])('is the one who is listed, with the prefixes of %s: %s', (country, key, spellings) => {
    for (const text of spellings) {
      expect([text, Caller.read(text, country).key]).toEqual([text, key]);
      expect([text, readWrittenNumbers(text, country)]).toEqual([text, { keys: [key] }]);
    }
  });

  it.each([
    ['MX', '+52 1 55 1234 5678'],
    ['MX', '044 55 1234 5678'],
    ['MX', '045 55 1234 5678'],
    ['MX', '01 55 1234 5678'],
    ['BR', '(0xx11) 96123-4567'],
    ['BJ', '+229 97 12 34 56'],
    ['CI', '+225 07 12 34 56'],
  ])('is nobody else with a prefix or a length that %s gave up, of which lists warn: %s', (country, text) => {
    const listed = readWrittenNumbers(text, country);
    expect(listed.warning).toEqual(expect.any(String));
    expect(listed.keys).toEqual([Caller.read(text, country).key]);
    expect(['+525512345678', '+5511961234567']).not.toContain(listed.keys[0]);
  });

  it('may have a number whose end follows a dash where that is usual', () => {
    expect(Caller.read('089 1234-56', 'DE').key).toBe('+4989123456');
    expect(Caller.read('+43 1 51555-0', 'AT').key).toBe('+431515550');
    expect(Caller.read('06-12 34 56 78', 'NL').key).toBe('+31612345678');
  });

  it('has the spellings that need no numbering plan when the plan is not known', () => {
    const caller = Caller.read('+999123456', 'FI');
    expect(caller.spellings()).toEqual(['+999123456', '999123456', '00999123456', 'tel:+999123456']);
  });

  it('lists the wanted spellings once each, in the wanted order', () => {
    const caller = Caller.read('+358501231234', 'FI');
    expect(caller.spellings(['national', 'text', 'e164'])).toEqual(['0501231234', '+358501231234']);
    expect(caller.spellings([])).toEqual([]);
    expect(Caller.read('', 'FI').spellings()).toEqual([]);
  });

  it('reads as itself from each of its spellings', () => {
    const caller = Caller.read('+358501231234', 'FI');
    for (const text of caller.spellings()) expect(Caller.read(text, 'FI').key).toBe(caller.key);
  });
});

describe('a spelling pattern', () => {
  it.each([
    // E.164
    ['+############', '+358501231234', 'FI', '+358501231234'],
    ['+###########', '+358501231234', 'FI', undefined],
    ['+#############', '+358501231234', 'FI', undefined],
    ['+### ## ### ####', '+358501231234', 'FI', '+358 50 123 1234'],
    ['+### ## ### ####', '+358501231234', 'SE', '+358 50 123 1234'],
    ['+358-##-#######', '+358501231234', undefined, '+358-50-1231234'],
    ['+46-##-########', '+358501231234', 'FI', undefined],
    ['00### ## ### ####', '+358501231234', 'FI', '00358 50 123 1234'],
    // national, with and without what is dialled before it
    ['### ### ####', '+358501231234', 'FI', '050 123 1234'],
    ['## ### ####', '+358501231234', 'FI', '50 123 1234'],
    ['0## ### ####', '+358501231234', 'FI', '050 123 1234'],
    ['9## ### ####', '+358501231234', 'FI', undefined],
    ['(###) ###-####', '+12025550123', 'US', '(202) 555-0123'],
    ['1-###-###-####', '+12025550123', 'US', '1-202-555-0123'],
    ['###.###.####', '+14165550123', 'US', '416.555.0123'],
    ['##/##/##/##', '+4532123456', 'DK', '32/12/34/56'],
    // of callers from home alone
    ['### ### ####', '+358501231234', 'SE', undefined],
    ['### ### ####', '+358501231234', undefined, undefined],
    ['(###) ###-####', '+442071838750', 'US', undefined],
    ['####', '4711', 'FI', undefined],
  ] as const)('%s writes %s, in %s, as %s', (pattern, number, home, written) => {
    expect(Caller.read(number, home).spell(pattern)).toBe(written);
  });

  it('is a spelling like the others', () => {
    const caller = Caller.read('+12025550123', 'US');
    expect(caller.spellings(['(###) ###-####', 'e164', 'local', '+# ### ###-####', '## ##'])).toEqual([
      '(202) 555-0123',
      '+12025550123',
      '+1 202 555-0123',
    ]);
  });

  it('consists of digits and the signs between them', () => {
    const all = ['#', '+## ##', '(###) ###-####', '0##/###.###', `${'#'.repeat(40)}`];
    expect(all.filter(isSpellingPattern)).toEqual(all);
    const none = ['e164', '', '123', '+', 'tel:###', '##+', '## x', '##\n', "#'", '#'.repeat(42)];
    expect(none.filter(isSpellingPattern)).toEqual([]);
  });
});
