import { describe, expect, it } from '@jest/globals';
import { readContact } from './contact.js';

const read = (number: string | string[]) => readContact({ id: 7, number, tier: 'gold' }, 'FI').document;

describe('a pulled contact', () => {
  it('counts for its numbers, and for a range that is no country', () => {
    expect(JSON.parse(read(['050 123 1234', '+3589123*'])!)).toEqual([
      ['+358501231234', '+3589123*'],
      { tier: 'gold' },
    ]);
  });

  it.each(['+358*', '0*', '050*', '*', '', ' '])('is nobody with the number %j', (number) => {
    expect(read(number)).toBeUndefined();
  });
});
