import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { demand, Refusal, VendorCloud } from './vendor-cloud.js';
import type { Person, VendorAnswer, VendorRequest } from './vendor-cloud.js';

export const TWENTY_KEY = 'eyJhbGciOiJIUzI1NiJ9.dHdlbnR5.c2ln';
const PARAMETERS = ['filter', 'order_by', 'limit', 'depth', 'starting_after', 'ending_before'];

/** People over REST. National number and calling code are kept apart; `mobile` is an additional number here. */
export function startTwenty(people: readonly Person[]): Promise<VendorCloud> {
  return VendorCloud.start((request) => answer(request, people.map(stored)));
}

export const TWENTY_LIMIT: VendorAnswer = {
  status: 429,
  body: { statusCode: 429, error: 'HttpException', messages: ['Limit reached (100 tokens per 60000 ms)'] },
};
/** Earlier versions say it with 400. */
export const TWENTY_OLD_LIMIT: VendorAnswer = {
  status: 400,
  body: {
    statusCode: 400,
    error: 'BadRequestException',
    messages: ['Limit reached (100 tokens per 60000 ms)'],
  },
};

interface StoredPerson {
  name: { firstName: string; lastName: string };
  phones: {
    primaryPhoneNumber: string;
    primaryPhoneCountryCode: string;
    primaryPhoneCallingCode: string;
    additionalPhones: { number: string; callingCode: string; countryCode: string }[] | null;
  };
  vipTier: string | null;
}

/** As Twenty transforms a number when it is saved. */
function stored({ name, phone, mobile, tier }: Person): StoredPerson {
  const [firstName = '', lastName = ''] = name.split(' ');
  const [primary, additional] = [phone, mobile].map((number) =>
    parsePhoneNumberFromString(number ?? '', 'FI'),
  );
  return {
    name: { firstName, lastName },
    phones: {
      primaryPhoneNumber: primary?.nationalNumber ?? '',
      primaryPhoneCountryCode: primary?.country ?? '',
      primaryPhoneCallingCode: primary === undefined ? '' : `+${primary.countryCallingCode}`,
      additionalPhones:
        additional === undefined
          ? null
          : [
              {
                number: additional.nationalNumber,
                callingCode: `+${additional.countryCallingCode}`,
                countryCode: additional.country ?? '',
              },
            ],
    },
    vipTier: tier ?? null,
  };
}

function answer(request: VendorRequest, people: readonly StoredPerson[]): VendorAnswer {
  demand(request, 'GET', '/rest/people', PARAMETERS);
  if (request.headers.authorization !== `Bearer ${TWENTY_KEY}`) {
    throw new Refusal(401, { statusCode: 401, error: 'UnauthorizedException', messages: ['Token invalid.'] });
  }
  const fits = parseFilter(request.query.get('filter') ?? '');
  const found = people.filter(fits);
  return {
    body: {
      data: { people: found.slice(0, Number(request.query.get('limit') ?? 60)) },
      totalCount: found.length,
      pageInfo: { hasNextPage: false, startCursor: null, endCursor: null },
    },
  };
}

function refused(message: string): Refusal {
  return new Refusal(400, { statusCode: 400, error: 'BadRequestException', messages: [message] });
}

type Fits = (person: StoredPerson) => boolean;

function parseFilter(filter: string): Fits {
  const [, conjunction, content] = /^(or|and|not)\((.+)\)$/.exec(filter) ?? [];
  if (conjunction === undefined) return parseBase(filter);
  const inner = splitTop(content!).map(parseFilter);
  if (conjunction === 'or') return (person) => inner.some((fits) => fits(person));
  return (person) => inner.every((fits) => fits(person)) === (conjunction === 'and');
}

/** At commas outside parentheses and brackets. */
function splitTop(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of text) {
    if ('(['.includes(character)) depth++;
    if (')]'.includes(character)) depth--;
    if (character === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts;
}

function parseBase(text: string): Fits {
  const [, field, comparator, value] = /^([\w.]+)\[(\w+)\]:(.+)$/.exec(text) ?? [];
  if (field === undefined) throw refused(`'filter' invalid for '${text}'. eg: price[gte]:10`);
  const read = FIELDS[field];
  if (read === undefined) throw refused(`Field ${field} is not found`);
  const list = /^\[(.*)\]$/.exec(value!)?.[1];
  if (comparator === 'is') return (person) => (read(person) === null) === (value === 'NULL');
  if (comparator === 'eq') return (person) => read(person) === value;
  if (comparator === 'in' && list !== undefined)
    return (person) => list.split(',').includes(read(person) ?? '');
  const contained = /^%([^%]+)%$/.exec(value!)?.[1];
  if (comparator === 'like' && contained !== undefined)
    return (person) => (read(person) ?? '').includes(contained);
  throw refused(`'filter' invalid for '${text}'`);
}

const FIELDS: Readonly<Record<string, (person: StoredPerson) => string | null>> = {
  vipTier: ({ vipTier }) => vipTier,
  'phones.primaryPhoneNumber': ({ phones }) => phones.primaryPhoneNumber,
  'phones.additionalPhones': ({ phones }) =>
    phones.additionalPhones && JSON.stringify(phones.additionalPhones),
};
