import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { demand, jsonOf, Refusal, VendorCloud } from './vendor-cloud.js';
import type { Person, VendorAnswer, VendorRequest } from './vendor-cloud.js';

export const HUBSPOT_TOKEN = 'pat-eu1-00000000-test';
const PROPERTIES = ['firstname', 'lastname', 'company', 'phone', 'mobilephone', 'vip_tier'];
const FILTERABLE = [
  ...PROPERTIES,
  'hs_searchable_calculated_phone_number',
  'hs_searchable_calculated_mobile_number',
];
const OPERATORS = ['EQ', 'HAS_PROPERTY'];

interface Filter {
  propertyName: string;
  operator: string;
  value?: string;
}
interface Search {
  filterGroups: { filters: Filter[] }[];
  properties: string[];
  limit: number;
}

/**
 * HubSpot's contact search: Bearer; groups are OR, filters in a group AND; at most 5 groups, 6 filters each, 18 in all;
 * a filter on a property that does not exist is refused, a returned property that does not exist is left out in silence.
 * The calculated properties hold the number without country code; numbers without one are the account's country's.
 */
export function startHubSpot(people: readonly Person[], country: 'FI' | 'US' = 'FI'): Promise<VendorCloud> {
  return VendorCloud.start((request) => answer(request, people, country));
}

/** Without `Retry-After`. */
export const HUBSPOT_LIMIT: VendorAnswer = {
  status: 429,
  body: { status: 'error', message: 'You have reached your secondly limit.', policyName: 'SECONDLY' },
};

function answer(request: VendorRequest, people: readonly Person[], country: 'FI' | 'US'): VendorAnswer {
  demand(request, 'POST', '/crm/v3/objects/contacts/search', []);
  if (request.headers.authorization !== `Bearer ${HUBSPOT_TOKEN}`) {
    throw new Refusal(401, {
      status: 'error',
      message: 'Authentication credentials not found',
      category: 'INVALID_AUTHENTICATION',
    });
  }
  const search = jsonOf(request) as Search;
  const filters = search.filterGroups.flatMap((group) => group.filters);
  const wrong =
    search.filterGroups.length > 5 ||
    filters.length > 18 ||
    search.filterGroups.some((group) => group.filters.length > 6) ||
    search.limit > 200 ||
    filters.some(
      ({ propertyName, operator, value }) =>
        !FILTERABLE.includes(propertyName) ||
        !OPERATORS.includes(operator) ||
        (operator === 'EQ') !== (typeof value === 'string'),
    );
  if (wrong)
    throw new Refusal(400, {
      status: 'error',
      message: 'There was a problem with the request.',
      category: 'VALIDATION_ERROR',
    });
  const found = people
    .map((person) => stored(person, country))
    .filter((contact) =>
      search.filterGroups.some((group) => group.filters.every((filter) => fits(contact, filter))),
    );
  return {
    body: {
      total: found.length,
      results: found.slice(0, search.limit).map((contact, index) => ({
        id: String(501 + index),
        properties: {
          createdate: '2026-03-01T08:00:00Z',
          ...Object.fromEntries(
            search.properties
              .filter((name) => PROPERTIES.includes(name))
              .map((name) => [name, contact[name] ?? null]),
          ),
        },
        archived: false,
      })),
    },
  };
}

type Contact = Record<string, string | undefined>;

function stored({ name, phone, mobile, tier }: Person, country: 'FI' | 'US'): Contact {
  const [firstname, lastname] = name.split(' ');
  const national = (number?: string) =>
    number === undefined ? undefined : parsePhoneNumberFromString(number, country)?.nationalNumber;
  return {
    firstname,
    lastname,
    phone,
    mobilephone: mobile,
    vip_tier: tier,
    hs_searchable_calculated_phone_number: national(phone),
    hs_searchable_calculated_mobile_number: national(mobile),
  };
}

function fits(contact: Contact, { propertyName, operator, value }: Filter): boolean {
  return operator === 'HAS_PROPERTY' ? contact[propertyName] !== undefined : contact[propertyName] === value;
}
