import { demand, Refusal, VendorCloud } from './vendor-cloud.js';
import type { Person, VendorAnswer, VendorRequest } from './vendor-cloud.js';

export const PIPEDRIVE_TOKEN = 'pipedrive-api-token';
const PARAMETERS = ['term', 'fields', 'exact_match', 'organization_id', 'include_fields', 'limit', 'cursor'];

/** Persons, found by a part of the phone's stored text unless `exact_match` asks for the whole of it. */
export function startPipedrive(people: readonly Person[]): Promise<VendorCloud> {
  return VendorCloud.start((request) => answer(request, people));
}

export const PIPEDRIVE_LIMIT: VendorAnswer = {
  status: 429,
  body: { success: false, error: 'Rate limit exceeded', errorCode: 429 },
};

function answer(request: VendorRequest, people: readonly Person[]): VendorAnswer {
  demand(request, 'GET', '/api/v2/persons/search', PARAMETERS);
  if (request.headers['x-api-token'] !== PIPEDRIVE_TOKEN) {
    throw new Refusal(401, { success: false, error: 'unauthorized access', errorCode: 401 });
  }
  const term = request.query.get('term') ?? '';
  const exact = request.query.get('exact_match') === 'true';
  if (term.length < (exact ? 1 : 2) || request.query.get('fields') !== 'phone') {
    throw new Refusal(400, { success: false, error: 'Bad request' });
  }
  const items = people
    .filter(({ phone, mobile }) =>
      [phone, mobile].some((number) => (exact ? number === term : number?.includes(term))),
    )
    .slice(0, Number(request.query.get('limit') ?? 100))
    .map(({ name, phone, mobile, tier }, index) => ({
      result_score: 0.29,
      item: {
        id: 1 + index,
        type: 'person',
        name,
        phones: [phone, mobile].filter((number) => number !== undefined),
        emails: [],
        organization: { id: 9, name: 'Acme Oy', address: null },
        custom_fields: tier === undefined ? [] : ['some text', tier],
        notes: [],
      },
    }));
  return { body: { success: true, data: { items }, additional_data: { next_cursor: null } } };
}
