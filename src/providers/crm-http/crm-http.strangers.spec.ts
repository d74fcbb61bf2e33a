import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import examples from 'libphonenumber-js/mobile/examples';
import { getCountries, getExampleNumber, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import type { CountryCode } from 'libphonenumber-js/max';
import { crmProvider, lookUp } from '../../../test/support/crm-provider.js';
import { IS_LONG } from '../../../test/support/length.js';
import { startCrmServer } from '../../../test/support/crm-server.js';
import type { CrmServer } from '../../../test/support/crm-server.js';
import { Caller, SPELLINGS } from '../../plugin-api/index.js';
import { RecordMapping } from './crm-http.mapping.js';

/** Countries with and without a trunk prefix, with a shared code, with long and short numbers. */
const HOMES = [
  'FI',
  'SE',
  'DE',
  'AT',
  'GB',
  'US',
  'CA',
  'DK',
  'NO',
  'IT',
  'ES',
  'PL',
  'FR',
  'AU',
  'IN',
] as const;
const COUNTRIES = getCountries().filter((country) => getExampleNumber(country, examples) !== undefined);
type Home = (typeof HOMES)[number];

function exampleOf(country: CountryCode, end: number): string {
  const { number } = getExampleNumber(country, examples)!;
  return `${number.slice(0, -4)}${String(end).padStart(4, '0')}`;
}

/** A subscriber somewhere: the example number of a country with its last digits changed. */
const subscriber = (countries: readonly CountryCode[]): fc.Arbitrary<string> =>
  fc.tuple(fc.constantFrom(...countries), fc.integer({ min: 0, max: 9_999 })).map(([country, end]) => {
    const { number } = getExampleNumber(country, examples)!;
    return `${number.slice(0, -4)}${String(end).padStart(4, '0')}`;
  });
const anybody = fc.oneof(subscriber(HOMES), subscriber(COUNTRIES));

/** How somebody typed a number into the CRM, where its data is of one country. A number from abroad has its country code. */
const WRITTEN = ['e164', 'national', 'local', 'international', 'idd', 'tel'] as const;
const written = (number: string, home: Home, way: number): string => {
  const spellings = Caller.read(number, home).spellings([...WRITTEN]);
  const plain = spellings[way % spellings.length]!;
  return [plain, plain.replaceAll(' ', '-'), plain.replaceAll(' ', '.'), ` ${plain} `][way % 4]!;
};

/** As vendors' searches do it: the digits of what is looked for, anywhere in the digits of what is stored. */
const contains = (stored: string, asked: string): boolean =>
  stored.replace(/\D/g, '').includes(asked.replace(/\D/g, '').slice(-4));

describe('no stranger is ever taken for a VIP', () => {
  let crm: CrmServer;
  beforeAll(async () => {
    crm = await startCrmServer();
  });
  afterAll(() => crm.stop());

  it('whoever else a search by parts of numbers finds', async () => {
    const people = fc.array(fc.array(anybody, { maxLength: 3 }), { maxLength: 12 });
    const world = fc.record({
      home: fc.constantFrom(...HOMES),
      people,
      ways: fc.array(fc.nat(1_000), { minLength: 40, maxLength: 40 }),
      stranger: anybody,
      known: fc.option(fc.nat(1_000), { nil: undefined }),
    });
    for (const home of HOMES) {
      const provider = crmProvider(
        {
          url: `${crm.url}/?q={% for n in numbers %}{{ n }},{% endfor %}`,
          spellings: ['significant', 'e164', 'national'],
          record: 'contacts.{ "number": phones, "tier": "gold", "attributes": { "id": id } }',
        },
        home,
      );
      await fc.assert(
        fc.asyncProperty(world, async ({ people: numbers, ways, stranger, known }) => {
          const all = numbers.flat();
          const calling = known === undefined || all.length === 0 ? stranger : all[known % all.length]!;
          let way = 0;
          const contacts = numbers.map((own, id) => ({
            id,
            phones: own.map((number) => written(number, home, ways[way++ % ways.length]!)),
          }));
          crm.answer = ({ url }) => {
            const asked = decodeURIComponent(url.slice(url.indexOf('=') + 1)).split(',');
            const fits = (phone: string) => asked.some((one) => one !== '' && contains(phone, one));
            return { body: { contacts: contacts.filter(({ phones }) => phones.some(fits)) } };
          };
          const found = (await lookUp(provider, calling, { country: home })) ?? [];
          const right = numbers.flatMap((own, id) => (own.includes(calling) ? [id] : []));
          expect(found.map(({ attributes }) => attributes!['id'])).toEqual(right);
        }),
        { numRuns: IS_LONG ? 25 : 5 },
      );
      await provider.close();
    }
  });

  it('not even one whose number has the same digits in another country, or with a country code lost', () => {
    const mapping = new RecordMapping('$');
    const pair = fc.record({
      home: fc.constantFrom(...HOMES),
      end: fc.integer({ min: 0, max: 9_999 }),
      abroad: fc.constantFrom(...COUNTRIES),
      way: fc.constantFrom(...SPELLINGS),
      lost: fc.constantFrom('national', 'significant', 'digits'),
    });
    fc.assert(
      fc.property(pair, ({ home, end, abroad, way, lost }) => {
        const stranger = Caller.read(exampleOf(home, end), home);
        fc.pre(parsePhoneNumberFromString(stranger.key)?.isValid() === true);
        const callingCode = getExampleNumber(abroad, examples)!.countryCallingCode;
        for (const calling of [
          `+${stranger.spell(lost)!.replace(/^0+/, '')}`,
          `+${callingCode}${stranger.spell('significant')}`,
        ]) {
          const caller = Caller.read(calling, home);
          const found = mapping.read({ number: stranger.spell(way)!, tier: 'gold' }, caller, {
            country: home,
            timezone: 'UTC',
          });
          expect(found.map(({ number }) => number)).toEqual(caller.key === stranger.key ? [caller.key] : []);
        }
      }),
      { numRuns: IS_LONG ? 1_000 : 200 },
    );
  });

  it.each([
    // home, the caller, and the subscriber of home who is written so
    ['FI', '+46501231234', '050 123 1234'],
    ['SE', '+358701740605', '070-174 06 05'],
    ['US', '+4792345678', '(479) 234-5678'],
    ['US', '+4792345678', '4792345678'],
    ['DK', '+4732123456', '32 12 34 56'],
    ['NO', '+4540612345', '406 12 345'],
    ['IT', '+393123456789', '0312345678'],
    ['GB', '+491711234567', '0171 123 4567'],
    ['DE', '+358501231234', '358501231234'],
    ['DE', '+441711234567', '0171 1234567'],
  ])('in %s, %s is not %s', (home, caller, number) => {
    const found = new RecordMapping('$').read({ number, tier: 'gold' }, Caller.read(caller, home), {
      country: home,
      timezone: 'UTC',
    });
    expect(found).toEqual([]);
  });
});
