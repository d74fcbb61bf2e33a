import { demand, jsonOf, Refusal, VendorCloud } from './vendor-cloud.js';
import type { Person, VendorAnswer, VendorRequest } from './vendor-cloud.js';

export const INTERCOM_TOKEN = 'dG9rOmludGVyY29tLXRlc3Q=';
const VERSIONS = ['2.10', '2.11', '2.12', '2.13', '2.14'];

interface Single {
  field: string;
  operator: string;
  value: string | string[];
}
interface Multiple {
  operator: 'AND' | 'OR';
  value: Filter[];
}
type Filter = Single | Multiple;

/**
 * Contact search: Bearer and `Intercom-Version`; groups of at most 15 filters, two deep; stored text is compared as it is. A contact has one
 * number; a custom attribute that was never set is absent.
 */
export function startIntercom(people: readonly Person[]): Promise<VendorCloud> {
  return VendorCloud.start((request) => answer(request, people));
}

/** The time of the reset instead of `Retry-After`. */
export const INTERCOM_LIMIT: VendorAnswer = {
  status: 429,
  headers: { 'x-ratelimit-limit': '1666', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1895000000' },
  body: problem('rate_limit_exceeded', 'Exceeded rate limit of 1666 in 10 seconds'),
};

function problem(code: string, message: string): unknown {
  return { type: 'error.list', request_id: 'a1', errors: [{ code, message }] };
}

function answer(request: VendorRequest, people: readonly Person[]): VendorAnswer {
  demand(request, 'POST', '/contacts/search', []);
  if (request.headers.authorization !== `Bearer ${INTERCOM_TOKEN}`) {
    throw new Refusal(401, problem('unauthorized', 'Access Token Invalid'));
  }
  if (!VERSIONS.includes(String(request.headers['intercom-version']))) {
    throw new Refusal(400, problem('intercom_version_invalid', 'The requested version could not be found'));
  }
  const { query, pagination, ...rest } = jsonOf(request) as {
    query: Filter;
    pagination?: { per_page?: number };
  };
  const size = pagination?.per_page ?? 50;
  if (Object.keys(rest).length > 0 || size > 150)
    throw new Refusal(400, problem('parameter_invalid', 'invalid'));
  const found = people.filter((person) => fits(person.phone ?? person.mobile ?? '', query, 0));
  return {
    body: {
      type: 'list',
      data: found.slice(0, size).map(({ name, phone, mobile, tier }, index) => ({
        type: 'contact',
        id: `6762f0dd1bb69f9f2193bb8${index}`,
        role: 'user',
        name,
        phone: phone ?? mobile ?? null,
        custom_attributes: tier === undefined ? {} : { vip_tier: tier },
      })),
      total_count: found.length,
      pages: { type: 'pages', page: 1, per_page: size, total_pages: 1 },
    },
  };
}

function fits(phone: string, filter: Filter, depth: number): boolean {
  if (!('field' in filter)) {
    if (depth > 1 || filter.value.length > 15 || !['AND', 'OR'].includes(filter.operator)) {
      throw new Refusal(400, problem('invalid_query', 'filters are nested too deep, or too many'));
    }
    const results = filter.value.map((inner) => fits(phone, inner, depth + 1));
    return filter.operator === 'AND' ? results.every(Boolean) : results.some(Boolean);
  }
  const { field, operator, value } = filter;
  if (field !== 'phone')
    throw new Refusal(400, problem('invalid_field', `${field} is not a valid search field`));
  if (operator === 'IN' && Array.isArray(value)) return value.includes(phone);
  if (typeof value === 'string' && value !== '') {
    if (operator === '=') return phone === value;
    if (operator === '~') return phone.includes(value);
    if (operator === '$') return phone.endsWith(value);
  }
  throw new Refusal(400, problem('invalid_operator', `${operator} is not valid for this value`));
}
