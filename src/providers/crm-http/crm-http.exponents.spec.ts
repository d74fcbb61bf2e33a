import { describe, expect, it } from '@jest/globals';
import { asWritten, numbersWithExponent } from './crm-http.exponents.js';

const through = (json: string, yielded: unknown): unknown =>
  JSON.parse(asWritten(JSON.stringify(yielded), numbersWithExponent(json)));

describe('numbers that a CRM writes with an exponent', () => {
  it('stay as they are written where a telephone number belongs, alone or in a list', () => {
    const json = '{"phone": 3.58501E+11, "mobile": 3.58502e11, "other": 358503000000, "size": 1e3}';
    expect(
      through(json, [
        { number: 358501000000, tier: 'gold', attributes: { size: 1000 } },
        { number: [358502000000, '358501000000', 358503000000, null], tier: 'gold' },
      ]),
    ).toEqual([
      { number: '3.58501E+11', tier: 'gold', attributes: { size: 1000 } },
      { number: ['3.58502e11', '3.58501E+11', 358503000000, null], tier: 'gold' },
    ]);
  });

  it('are not looked for inside texts', () => {
    const json = String.raw`{"name": "a 3.58501E+11 \" 3.58501E+11", "phone": 358501000000}`;
    expect(through(json, { number: 358501000000 })).toEqual({ number: 358501000000 });
  });

  it.each([[null], ['text'], [7], [[]], [{ tier: 'gold' }]])(
    'change nothing in %j, which has no number',
    (value) => {
      expect(through('[1e3]', value)).toEqual(value);
    },
  );
});
