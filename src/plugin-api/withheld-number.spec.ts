import { describe, expect, it } from '@jest/globals';
import { isWithheldNumber } from './phone-number.js';

describe('a withheld number', () => {
  it.each([
    '',
    '   ',
    'anonymous',
    'Anonymous',
    'ANONYMOUS',
    '"Anonymous"',
    'unknown',
    'Unknown Number',
    'restricted',
    'private',
    'Private number',
    'withheld',
    'Withheld number',
    'unavailable',
    'not available',
    'out of area',
    'blocked',
    'hidden',
    'No Caller ID',
    'no-caller-id',
    'nonumber',
    'null',
    'undefined',
    'anonymous@anonymous.invalid',
    'sip:anonymous@anonymous.invalid',
    'sips:anonymous@anonymous.invalid',
    'SIP:Anonymous@Anonymous.Invalid',
    '<sip:anonymous@anonymous.invalid>',
    '"Anonymous" <sip:anonymous@anonymous.invalid>',
    '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1928301774',
    'Anonymous <sip:anonymous@10.0.0.1:5060;user=phone>',
    'sip:c8oqz84zk7z@anonymous.invalid',
    'sip:anonymous@anonymous.invalid:5060',
    'sip:anonymous@anonymous.invalid;user=phone',
    'sip:restricted@192.0.2.1',
    'sip:unavailable@unknown.invalid',
    'sip:anonymous',
    'tel:anonymous',
    '<>',
  ])('is recognised: %j', (text) => {
    expect(isWithheldNumber(text)).toBe(true);
  });

  it.each([
    '+358501231234',
    '4711',
    '0',
    'sip:board@example.com',
    'sip:anonymous.bosch@example.com',
    'sip:x@anonymous.invalid.example.com',
    '"Unavailable" <sip:+358501231234@example.com>',
    'Anonymous Oy',
    'unknown soldier',
    'privateer',
    '*',
    'anonymous'.repeat(40),
  ])('is not %j', (text) => {
    expect(isWithheldNumber(text)).toBe(false);
  });
});
