import { describe, expect, it } from '@jest/globals';
import { Caller } from '../../plugin-api/index.js';
import type { Json } from '../../plugin-api/index.js';
import { explainContacts } from './crm-http.explain.js';

const explain = (value: Parameters<typeof explainContacts>[0]) =>
  explainContacts(value, Caller.read('+358501231234', 'FI'), 'FI');

describe('what a CRM found that did not count', () => {
  it.each<[string, Json, string]>([
    ['strangers', [{ number: '+358501231235', tier: 'gold' }], '1 contact, none has this number'],
    [
      'contacts without a number',
      [{ tier: 'gold' }, { number: null, tier: 'gold' }],
      '2 contacts, none has this number',
    ],
    [
      'contacts without a tier',
      [
        { number: ['09 123 4567', '050 123 1234'], tier: '' },
        { number: '4711', tier: 'gold' },
      ],
      '2 contacts, 1 with this number, none with a tier',
    ],
  ])('is told of %s', (_, value, sentence) => {
    expect(explain(value)).toBe(sentence);
  });

  it('is nothing where there is no contact', () => {
    expect([undefined, null, []].map((value) => explain(value))).toEqual([undefined, undefined, undefined]);
  });
});
