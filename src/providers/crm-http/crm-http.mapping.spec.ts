import { describe, expect, it } from '@jest/globals';
import { Caller } from '../../plugin-api/index.js';
import type { Json, VipRecord } from '../../plugin-api/index.js';
import { compileExpression, evaluateExpression, expressionProblem } from './crm-http.expressions.js';
import { explainContacts, RecordMapping } from './crm-http.mapping.js';
import { spellingsOf } from './crm-http.templates.js';

/** Evaluates here what a service evaluates in another thread. */
async function map(
  expression: string,
  answer: Json,
  country?: string,
  timezone = 'UTC',
): Promise<VipRecord[]> {
  const caller = Caller.read('+358501231234', country);
  const bindings = { caller: spellingsOf(caller) };
  const text = await evaluateExpression(compileExpression(expression), answer, bindings);
  const value = text === undefined ? undefined : (JSON.parse(text) as Json);
  return new RecordMapping(expression, { trustAnswer: true }).read(value, caller, { country, timezone });
}

describe('the record expression', () => {
  it('yields dates that are whole days in the time zone', async () => {
    const expression = `{ "number": phone, "tier": "gold", "validFrom": since, "validUntil": until }`;
    const answer = { phone: '+358501231234', since: '2026-03-29', until: '2026-03-29' };
    expect(await map(expression, answer, 'FI', 'Europe/Helsinki')).toEqual([
      {
        number: '+358501231234',
        tier: 'gold',
        validFromMs: Date.UTC(2026, 2, 28, 22),
        validUntilMs: Date.UTC(2026, 2, 29, 21),
      },
    ]);
  });

  it.each(['2026-12-31T00:00:00', '2026-12-31 00:00:00.000', '31.12.2026 0:00:00'])(
    'yields %s as the whole day',
    async (until) => {
      const found = await map('{ "tier": "gold", "validUntil": until }', { until }, 'FI', 'Europe/Helsinki');
      expect(found[0]!.validUntilMs).toBe(Date.UTC(2026, 11, 31, 22));
    },
  );

  it('yields every field of a record', async () => {
    const answer = {
      person: { phone: '050 123 1234', level: 'gold', first: 'Aino', last: 'Aalto', company: 'Aalto Oy' },
    };
    expect(
      await map(
        `person.{
          "number": phone, "tier": level, "name": first & " " & last, "targets": ["SALES", "SUPPORT"],
          "validFrom": "2026-01-01", "validUntil": "2026-12-31",
          "attributes": { "company": company, "nothing": missing }, "instructions": { "ExtraPriority": 50 }
        }`,
        answer,
        'FI',
      ),
    ).toStrictEqual([
      {
        number: '+358501231234',
        tier: 'gold',
        name: 'Aino Aalto',
        targets: ['SALES', 'SUPPORT'],
        validFromMs: Date.UTC(2026, 0, 1),
        validUntilMs: Date.UTC(2027, 0, 1),
        attributes: { company: 'Aalto Oy' },
        instructions: { ExtraPriority: 50 },
      },
    ]);
  });

  it('may name several numbers of a person, of which one must be the caller', async () => {
    const answer = {
      results: [
        { id: 1, tier: 'silver', phone: '09 1234567', mobile: null },
        { id: 2, tier: 'gold', phone: '*100', mobile: '+358 50 123 1234' },
        { id: 3, tier: 'bronze', phone: '*100', mobile: '' },
      ],
    };
    expect(
      await map(
        'results.{ "number": [phone, mobile], "tier": tier, "attributes": { "id": id } }',
        answer,
        'FI',
      ),
    ).toStrictEqual([{ number: '+358501231234', tier: 'gold', attributes: { id: 2 } }]);
  });

  it.each([
    ['358501231234', '+358501231234', undefined, true],
    ['358501231234', '+358501231234', 'SE', true],
    // What it is in Germany: area 03585, whose 0 was lost.
    ['358501231234', '+358501231234', 'DE', false],
    // Norway and Arkansas.
    ['4792345678', '+4792345678', 'US', false],
    ['4792345678', '+4792345678', 'NO', true],
    ['4792345678', '+14792345678', 'US', true],
    ['+1 (479) 234-5678 ext. 12', '+14792345678', 'US', false],
    ['501231234', '+358501231234', 'FI', true],
    ['501231234', '+46501231234', 'FI', false],
    ['501231234', '+46501231234', undefined, false],
    ['0501231234', '+46501231234', 'FI', false],
    ['4711', '4711', 'FI', true],
    ['4711', '+3584711', 'FI', false],
  ])('with %s is %s, in the data of %s: %s', (written, called, country, same) => {
    const found = new RecordMapping('$').read(
      { number: written, tier: 'gold' },
      Caller.read(called, country),
      { country, timezone: 'UTC' },
    );
    expect(found.map(({ number }) => number)).toEqual(same ? [called] : []);
  });

  it('must name numbers as text', async () => {
    await expect(map('{ "number": { "value": "050" }, "tier": "gold" }', {})).rejects.toThrow(
      /^mapping: number: must be text$/,
    );
  });

  it('knows the caller', async () => {
    const answer = {
      rows: [
        { phone: '501231234', vip: true },
        { phone: '507654321', vip: true },
      ],
    };
    expect(await map('rows[phone = $caller.significant and vip].{ "tier": "gold" }', answer)).toStrictEqual([
      { number: '+358501231234', tier: 'gold' },
    ]);
  });

  it("takes a number written nationally for one of the provider's country", async () => {
    const answer = { phone: '050 123 1234', tier: 'gold' };
    const expression = '{ "number": phone, "tier": tier }';
    expect(await map(expression, answer, 'FI')).toStrictEqual([{ number: '+358501231234', tier: 'gold' }]);
    expect(await map(expression, answer, 'SE')).toEqual([]);
    expect(await map(expression, answer, undefined)).toEqual([]);
  });

  it('runs regular expressions in time that grows in step with the text, as JavaScript would match', async () => {
    const answer = { a: `${'a'.repeat(5_000)}!`, phone: 'tel 050-123 1234 or 0507654321', tier: 'GOLD-1' };
    await expect(map('$match(a, /^(a+)+$/).{ "tier": "gold" }', answer)).resolves.toEqual([]);
    expect(
      await map(
        '{ "tier": $match(tier, /([a-z]+)-(\\d)/i).groups[0], "name": $replace(phone, /[^0-9]+/, "_") }',
        answer,
      ),
    ).toStrictEqual([{ number: '+358501231234', tier: 'GOLD', name: '_050_123_1234_0507654321' }]);
    expect(
      await map('{ "tier": $contains(phone, /^tel\\b/m) ? $split(tier, /-/)[1] : "x" }', answer),
    ).toStrictEqual([{ number: '+358501231234', tier: '1' }]);
  });

  it('refuses a regular expression that only backtracking could run', () => {
    expect(expressionProblem('$match(a, /(?=x)y/)')).toBe(
      'has the pattern /(?=x)y/, which cannot be used: write it without look-around and back references (RE2 syntax).',
    );
    expect(expressionProblem('$match(a, /(x)y/i)')).toBeUndefined();
  });

  it('leaves Object.prototype alone', async () => {
    const answer = JSON.parse('{"a":{"__proto__":{"polluted":true},"tier":"gold"}}') as Json;
    await map('$merge([a, {"tier": "silver"}])', answer).catch((error: Error) => error);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('refuses to make records of functions and plain values', async () => {
    for (const expression of ['$uppercase', 'function($x) { $x }', '1', 'true', '"gold"', '[["gold"]]']) {
      await expect(map(expression, {})).rejects.toThrow(
        /must yield an object such as|is missing; write the tier/,
      );
    }
  });
});

const explain = (value: Parameters<typeof explainContacts>[0]) =>
  explainContacts(value, Caller.read('+358501231234', 'FI'), 'FI');

describe('an answer with contacts that cannot be read', () => {
  const OWN = { number: '050 123 1234', tier: 'gold' };
  const read = (contacts: Json, trustAnswer = false) => {
    const told: [number, string][] = [];
    const caller = Caller.read('+358501231234', 'FI');
    const mapping = new RecordMapping('contacts', { trustAnswer });
    const locale = { country: 'FI', timezone: 'UTC' };
    const records = mapping.read(contacts, caller, locale, (...one) => told.push(one));
    return { tiers: records.map(({ tier }) => tier), told };
  };

  it.each<[string, Json, string]>([
    ['a date', { ...OWN, validUntil: 'x' }, 'validUntil: is not an ISO 8601 date; write'],
    ['a number', { number: { v: 1 }, tier: 'gold' }, 'number: must be text'],
    ['a list of numbers', { number: [{ v: 1 }, '050 123 1235'], tier: 'gold' }, 'number: must be text'],
    ['no tier', { number: '050 123 1234' }, 'tier: is missing; write the tier'],
    ['another tier', { ...OWN, tier: ['gold'] }, 'tier: must be text'],
    ['an unknown field', { ...OWN, company: 'Rauta Oy' }, 'company: is not a field of a record'],
    ['targets', { ...OWN, targets: 7 }, 'targets: must be a list of targetids'],
    ['no object', 'gold', 'record must yield an object such as'],
    ['a list', [OWN], 'record must yield an object such as'],
  ])('counts for the others of the caller, and tells of %s', (_, contact, problem) => {
    const stranger = { number: '050 123 1235', tier: 'gold' };
    for (const [contacts, place] of [
      [[OWN, stranger, contact], 3],
      [[contact, OWN], 1],
    ] as [Json, number][]) {
      expect(read(contacts)).toEqual({
        tiers: ['gold'],
        told: [[1, expect.stringMatching(new RegExp(`^contact ${place}: ${problem}`))]],
      });
    }
    expect(() => read([contact, stranger])).toThrow(`mapping: ${problem}`);
  });

  it('names three of them, without their numbers', () => {
    const bad = { ...OWN, validFrom: '0501231234' };
    const { told } = read([null, bad, OWN, bad, bad, bad]);
    expect(told).toEqual([
      [
        4,
        [2, 4, 5]
          .map(
            (place) =>
              `contact ${place}: validFrom: is not an ISO 8601 date; write 2026-12-31 or 2026-12-31T18:00:00Z`,
          )
          .join('; '),
      ],
    ]);
  });

  it('says nothing of strangers, and of numbers beside one that is the caller', () => {
    const stranger = { number: '050 123 1235', tier: 'gold', validUntil: 'x' };
    const nobody = { number: { v: 1 }, tier: '' };
    expect(read([stranger, nobody])).toEqual({ tiers: [], told: [] });
    expect(read({ ...OWN, number: [{ v: 1 }, '050 123 1234'] })).toEqual({ tiers: ['gold'], told: [] });
  });

  it.each<Json>([null, '', false, 'NULL', '0000-00-00'])(
    'does not take %j for a date or a number',
    (empty) => {
      const stranger = { number: [empty, '050 123 1235'], tier: 'gold' };
      const own = { number: [empty, '050 123 1234'], tier: 'gold', validFrom: empty, validUntil: empty };
      expect(read([stranger, { number: empty, tier: 'gold' }])).toEqual({ tiers: [], told: [] });
      expect(read([stranger, own])).toEqual({ tiers: ['gold'], told: [] });
    },
  );

  it('is not trusted to be about the caller where a number is there that cannot be read', () => {
    expect(() => read({ number: [{ v: 1 }], tier: 'gold' }, true)).toThrow('mapping: number: must be text');
    expect(read([{ tier: 'gold' }, { number: { v: 1 }, tier: 'gold' }], true)).toEqual({
      tiers: ['gold'],
      told: [[1, 'contact 2: number: must be text']],
    });
  });
});

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
