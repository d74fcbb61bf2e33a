import { basicAuth, demand, Refusal, VendorCloud } from './vendor-cloud.js';
import type { Person, VendorAnswer, VendorRequest } from './vendor-cloud.js';

export const FRESHDESK_KEY = 'freshdesk-key';
const TERM = /^(phone|mobile):'([^']*)'$/;

/** Contacts, found by a query in double quotes of at most 512 characters; stored text is compared as it is. */
export function startFreshdesk(people: readonly Person[]): Promise<VendorCloud> {
  return VendorCloud.start((request) => answer(request, people));
}

export const FRESHDESK_LIMIT: VendorAnswer = {
  status: 429,
  headers: { 'retry-after': '36', 'x-ratelimit-total': '50', 'x-ratelimit-remaining': '0' },
  body: { message: 'You have exceeded the limit of requests per minute' },
};

function answer(request: VendorRequest, people: readonly Person[]): VendorAnswer {
  demand(request, 'GET', '/api/v2/search/contacts', ['query', 'page']);
  if (request.headers.authorization !== basicAuth(FRESHDESK_KEY, 'X')) {
    throw new Refusal(401, {
      code: 'invalid_credentials',
      message: 'You have to be logged in to perform this action.',
    });
  }
  const query = /^"(.{1,512})"$/.exec(request.query.get('query') ?? '')?.[1];
  const terms = query?.split(' OR ').map((term) => TERM.exec(term)) ?? [];
  if (terms.length === 0 || terms.includes(null)) {
    throw new Refusal(400, {
      description: 'Validation failed',
      errors: [{ field: 'query', code: 'invalid_value' }],
    });
  }
  const found = people.filter((person) =>
    terms.some((term) => person[term![1] as 'phone' | 'mobile'] === term![2]),
  );
  return {
    body: {
      total: found.length,
      results: found.slice(0, 30).map(({ name, phone, mobile, tier }, index) => ({
        active: true,
        id: 35_003 + index,
        name,
        phone: phone ?? null,
        mobile: mobile ?? null,
        custom_fields: { vip_tier: tier ?? null },
      })),
    },
  };
}
