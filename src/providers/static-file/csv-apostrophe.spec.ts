import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { withApostrophe, withoutApostrophe } from './csv-apostrophe.js';

describe('a cell of an exported list', () => {
  it.each(['=1+1', '+SUM(A1)', '+1+1', '-5', '@SUM(A1)', "'t Hooft", "'=1", '+', '\t=1', '\r=1'])(
    'is told to be text where a spreadsheet might take it for something else: %j',
    (text) => {
      expect(withApostrophe(text)).toBe(`'${text}`);
      expect(withoutApostrophe(`'${text}`)).toBe(text);
    },
  );

  it.each(['+358501231234', '+3589123*', '4711', 'gold', '1,5', "O'Brien", '', 'a=b'])(
    'is left alone where it is what it seems: %j',
    (text) => {
      expect(withApostrophe(text)).toBe(text);
      expect(withoutApostrophe(text)).toBe(text);
    },
  );

  it.each(["'t Hooft", "'s-Hertogenbosch", "'68 Club"])(
    'keeps the apostrophe of a name that somebody else wrote: %s',
    (text) => {
      expect(withoutApostrophe(text)).toBe(text);
    },
  );

  it('is read as it was', () => {
    const text = fc.array(
      fc.oneof(fc.constantFrom('=', '+', '-', '@', "'", '\t', '\r', '1', '*'), fc.string()),
    );
    fc.assert(
      fc.property(text, (parts) => {
        expect(withoutApostrophe(withApostrophe(parts.join('')))).toBe(parts.join(''));
      }),
    );
  });
});
