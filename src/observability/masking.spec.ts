import { describe, expect, it } from '@jest/globals';
import { maskNumber, maskNumbersIn } from './masking.js';

describe('masking', () => {
  it.each([
    ['+358501231234', '+35850*****34'],
    ['+4670174060', '+4670*****0'],
    ['12345', '12***'],
    ['', ''],
    ['7', '*'],
    ['sip:aino@example.com', 'sip:ai************om'],
  ])('shows %j as %j', (text, masked) => {
    expect(maskNumber(text)).toBe(masked);
  });

  it('never shows more than two thirds of a number', () => {
    for (let length = 1; length <= 40; length++) {
      const shown = maskNumber('1'.repeat(length)).replaceAll('*', '').length;
      expect(shown).toBeLessThanOrEqual(Math.ceil((length * 2) / 3));
    }
  });

  it('masks the numbers inside a foreign message and leaves short figures alone', () => {
    expect(maskNumbersIn("Duplicate entry '+358501231234' for key 7, HTTP 503")).toBe(
      "Duplicate entry '+35850*****34' for key 7, HTTP 503",
    );
    expect(maskNumbersIn('call 050-123 1234 now')).not.toContain('123 1234');
  });
});
