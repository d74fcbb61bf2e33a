import { basicAuth, demand, digitsOf, Refusal, VendorCloud } from './vendor-cloud.js';
import type { Person, VendorAnswer, VendorRequest } from './vendor-cloud.js';

export const ZENDESK_USER = 'routing@acme.example/token';
export const ZENDESK_TOKEN = 'zendesk-api-token';

/** Users, found by the digits of their phone; an asterisk in front stands for any digits. */
export function startZendesk(people: readonly Person[]): Promise<VendorCloud> {
  return VendorCloud.start((request) => answer(request, people));
}

export const ZENDESK_LIMIT: VendorAnswer = {
  status: 429,
  headers: { 'retry-after': '42', 'x-rate-limit': '200' },
  body: { error: 'APIRateLimitExceeded', description: 'Number of allowed API requests per minute exceeded' },
};

function answer(request: VendorRequest, people: readonly Person[]): VendorAnswer {
  demand(request, 'GET', '/api/v2/users/search', ['query', 'page', 'per_page']);
  if (request.headers.authorization !== basicAuth(ZENDESK_USER, ZENDESK_TOKEN)) {
    throw new Refusal(401, { error: "Couldn't authenticate you" });
  }
  const [, wildcard, digits] = /^phone:(\*?)(\d+)$/.exec(request.query.get('query') ?? '') ?? [];
  if (digits === undefined) return { body: { users: [], count: 0, next_page: null, previous_page: null } };
  const users = people
    .filter(({ phone }) => (wildcard === '*' ? digitsOf(phone).endsWith(digits) : digitsOf(phone) === digits))
    .slice(0, Math.min(Number(request.query.get('per_page') ?? 100), 100))
    .map(({ name, phone, tier }, index) => ({
      id: 35_436 + index,
      name,
      phone: phone ?? null,
      role: 'end-user',
      active: true,
      user_fields: { vip_tier: tier ?? null },
    }));
  return { body: { users, count: users.length, next_page: null, previous_page: null } };
}
