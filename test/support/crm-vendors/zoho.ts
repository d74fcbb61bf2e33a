import { demand, Refusal, VendorCloud } from './vendor-cloud.js';
import type { Person, VendorAnswer, VendorRequest } from './vendor-cloud.js';
import { TokenDesk } from './token-desk.js';

export const ZOHO_REFRESH_TOKEN = '1000.refresh.test';
export const ZOHO_SCOPE = 'ZohoCRM.modules.contacts.READ,ZohoSearch.securesearch.READ';
const PARAMETERS = ['criteria', 'email', 'phone', 'word', 'fields', 'page', 'per_page'];

/**
 * Contacts, found by criteria on fields; stored text is compared as it is; 204 without a body when nobody fits. Tokens by
 * refresh token, or by client credentials for a scope; an error of the token desk is a 200; the header's scheme is the
 * vendor's own.
 */
export async function startZoho(
  people: readonly Person[],
  grant: 'refresh_token' | 'client_credentials' = 'refresh_token',
): Promise<{ cloud: VendorCloud; desk: TokenDesk }> {
  const desk = new TokenDesk({
    path: '/oauth/v2/token',
    grant,
    clientId: '1000.CLIENT',
    clientSecret: 'zoho-secret',
    ...(grant === 'refresh_token' ? { refreshToken: ZOHO_REFRESH_TOKEN } : { scope: ZOHO_SCOPE }),
    extra: { api_domain: 'https://www.zohoapis.eu' },
    refuse: (error) => ({ status: 200, body: { error } }),
  });
  const cloud = await VendorCloud.start(
    (request) => (desk.handles(request) ? desk.answer(request) : answer(request, people, desk)),
    '/oauth/v2/token',
  );
  return { cloud, desk };
}

export const ZOHO_LIMIT: VendorAnswer = {
  status: 429,
  body: {
    code: 'TOO_MANY_REQUESTS',
    details: {},
    message: 'Too many requests fired in concurrency',
    status: 'error',
  },
};

function answer(request: VendorRequest, people: readonly Person[], desk: TokenDesk): VendorAnswer {
  demand(request, 'GET', '/crm/v8/Contacts/search', PARAMETERS);
  if (!desk.accepts(request.headers.authorization, 'Zoho-oauthtoken')) {
    throw new Refusal(401, {
      code: 'INVALID_TOKEN',
      details: {},
      message: 'invalid oauth token',
      status: 'error',
    });
  }
  const wanted = criteria(request.query.get('criteria') ?? '');
  const found = people.filter(
    ({ phone, mobile }) => wanted['Phone']?.includes(phone ?? '') || wanted['Mobile']?.includes(mobile ?? ''),
  );
  if (found.length === 0) return { status: 204 };
  return {
    body: {
      data: found
        .slice(0, Number(request.query.get('per_page') ?? 200))
        .map(({ name, phone, mobile, tier }, index) => ({
          id: `55402300000052700${index}`,
          Full_Name: name,
          Phone: phone ?? null,
          Mobile: mobile ?? null,
          Account_Name: { name: 'Acme Oy', id: '554023000000527100' },
          VIP_Tier: tier ?? null,
        })),
      info: { per_page: 20, count: found.length, page: 1, more_records: false },
    },
  };
}

/** `((Field:in:a,b)or(Field:in:c))`; a parenthesis or comma in a value has a backslash before it. */
function criteria(text: string): Record<string, string[]> {
  const group = /\((\w+):in:((?:[^()\\]|\\.)+)\)/;
  if (!new RegExp(`^\\(${group.source}(?:or${group.source})*\\)$`).test(text)) {
    throw new Refusal(400, { code: 'INVALID_QUERY', details: {}, message: 'invalid query', status: 'error' });
  }
  return Object.fromEntries(
    [...text.matchAll(new RegExp(group.source, 'g'))].map(([, field, values]) => [
      field!,
      values!.split(/(?<!\\),/).map((value) => value.replace(/\\(.)/g, '$1')),
    ]),
  );
}
