import { describe, expect, it } from '@jest/globals';
import type { Json } from '../../../plugin-api/index.js';
import { readContact } from './contact.js';

const HOME = { country: 'FI', timezone: 'UTC' };

describe('a pulled contact', () => {
  it('is valid to the end of its last day, also where that is written as its midnight', () => {
    const entry = { id: 7, number: '0501231234', tier: 'gold', validUntil: '2026-12-31T00:00:00' };
    const { document } = readContact(entry, { country: 'FI', timezone: 'Europe/Helsinki' });
    expect(JSON.parse(document!)).toEqual([
      ['+358501231234'],
      { tier: 'gold', validUntilMs: Date.UTC(2026, 11, 31, 22) },
    ]);
  });

  const read = (number: string | string[]) => readContact({ id: 7, number, tier: 'gold' }, HOME).document;

  it('counts for its numbers, and for a range that is no country', () => {
    expect(JSON.parse(read(['050 123 1234', '+3589123*'])!)).toEqual([
      ['+358501231234', '+3589123*'],
      { tier: 'gold' },
    ]);
  });

  it.each<Json>([null, false, '-', '0000-00-00 00:00:00'])(
    'has no end where its date is %j',
    (validUntil) => {
      const { document } = readContact({ id: 7, number: '0501231234', tier: 'gold', validUntil }, HOME);
      expect(JSON.parse(document!)).toEqual([['+358501231234'], { tier: 'gold' }]);
    },
  );

  it('is left out with more than 50 numbers, and told', () => {
    const numbers = Array.from({ length: 51 }, (_, index) => `+3584055500${10 + index}`);
    expect(JSON.parse(read(numbers.slice(1))!)).toEqual([numbers.slice(1), { tier: 'gold' }]);
    expect(readContact({ id: 7, number: numbers, tier: 'gold' }, HOME)).toEqual({
      id: '7',
      document: undefined,
      problem: "number: has more than 50; name the fields with the contact's own numbers",
    });
  });

  it.each<Json>([{ a: 1 }, true, [['+358501231234']], ['x'.repeat(400), {}], '+358*', '0*', '050*', '*'])(
    'is left out with the number %j, and told',
    (number) => {
      expect(readContact({ id: 7, number, tier: 'gold' }, HOME)).toEqual({
        id: '7',
        document: undefined,
        problem:
          'number: none of its values can be used; a number is text such as +35850…, a range has at least 6 digits and a star',
      });
    },
  );

  it.each<Json>([null, '', ' ', false, [], ['', null], 'anonymous'])(
    'is not a VIP where the number is %j, and that is no problem',
    (number) => {
      expect(readContact({ id: 7, number, tier: 'gold' }, HOME)).toEqual({ id: '7', document: undefined });
    },
  );

  it('is not a VIP without a number, nor without a tier, whatever the number is', () => {
    expect(readContact({ id: 7, tier: 'gold' }, HOME)).toEqual({ id: '7', document: undefined });
    expect(readContact({ id: 7, number: { a: 1 } }, HOME)).toEqual({ id: '7', document: undefined });
  });

  it('counts for the numbers that can be read, whatever else stands among them', () => {
    const number = [{ a: 1 }, '050 123 1234', null];
    expect(JSON.parse(readContact({ id: 7, number, tier: 'gold' }, HOME).document!)).toEqual([
      ['+358501231234'],
      { tier: 'gold' },
    ]);
  });

  it.each<Json>([null, '', {}, true, 'x'.repeat(201), 'a\nb'])(
    'is left out with the id %j, and told',
    (id) => {
      expect(readContact({ id, number: '+358501231234', tier: 'gold' }, HOME)).toEqual({
        id: undefined,
        document: undefined,
        problem:
          "sync.records: an entry has no usable id; name the CRM's own key of the contact, text or number of at most 200 characters",
      });
    },
  );

  it('is valid on whole days of the time zone', () => {
    const entry = {
      id: 7,
      number: '050 123 1234',
      tier: 'gold',
      validFrom: '2026-01-01',
      validUntil: '31.12.2026',
    };
    const { document } = readContact(entry, { country: 'FI', timezone: 'Europe/Helsinki' });
    expect(JSON.parse(document!)).toEqual([
      ['+358501231234'],
      { tier: 'gold', validFromMs: Date.UTC(2025, 11, 31, 22), validUntilMs: Date.UTC(2026, 11, 31, 22) },
    ]);
  });
});
