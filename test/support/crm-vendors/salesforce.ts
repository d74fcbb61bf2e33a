import { demand, digitsOf, Refusal, VendorCloud } from './vendor-cloud.js';
import type { Person, VendorAnswer, VendorRequest } from './vendor-cloud.js';
import { TokenDesk } from './token-desk.js';

const FIELDS: Readonly<Record<string, (person: Person) => string | undefined>> = {
  FirstName: ({ name }) => name.split(' ')[0],
  LastName: ({ name }) => name.split(' ')[1],
  Phone: ({ phone }) => phone,
  MobilePhone: ({ mobile }) => mobile,
  HomePhone: () => undefined,
  OtherPhone: () => undefined,
  VIP_Tier__c: ({ tier }) => tier,
};
/** What the preset may ask: nothing else of SOSL is played. */
const SOSL =
  /^FIND \{([^{}]*)\} IN PHONE FIELDS RETURNING Contact\(([\w,]+)(?: WHERE (\w+) != null)?(?: LIMIT (\d+))?\)$/;

/**
 * An org: tokens by client credentials, without a word on how long they live; a SOSL search in phone fields compares
 * digits, whatever the formatting; reserved characters that are not escaped are refused.
 */
export async function startSalesforce(
  people: readonly Person[],
): Promise<{ cloud: VendorCloud; desk: TokenDesk }> {
  const desk = new TokenDesk({
    path: '/services/oauth2/token',
    grant: 'client_credentials',
    clientId: '3MVG9.test',
    clientSecret: 'salesforce-secret',
    expiresIn: null,
    extra: { instance_url: 'https://acme.my.salesforce.com', signature: 'x', issued_at: '1' },
  });
  const cloud = await VendorCloud.start(
    (request) => (desk.handles(request) ? desk.answer(request) : answer(request, people, desk)),
    '/services/oauth2/token',
  );
  return { cloud, desk };
}

/** Over the day's limit: 403, not 429. */
export const SALESFORCE_LIMIT: VendorAnswer = {
  status: 403,
  body: [{ message: 'TotalRequests Limit exceeded.', errorCode: 'REQUEST_LIMIT_EXCEEDED' }],
};

function answer(request: VendorRequest, people: readonly Person[], desk: TokenDesk): VendorAnswer {
  demand(request, 'GET', '/services/data/v62.0/search/', ['q']);
  if (!desk.accepts(request.headers.authorization)) {
    throw new Refusal(401, [{ message: 'Session expired or invalid', errorCode: 'INVALID_SESSION_ID' }]);
  }
  const [, find, names, filter, limit] = SOSL.exec(request.query.get('q') ?? '') ?? [];
  const terms = (find ?? '').split(' OR ');
  const fields = (names ?? '').split(',');
  if (find === undefined || terms.some((term) => !/^\d{2,}$/.test(term))) {
    throw new Refusal(400, [{ message: 'unexpected token', errorCode: 'MALFORMED_SEARCH' }]);
  }
  if ([...fields, ...(filter === undefined ? [] : [filter])].some((name) => !(name in FIELDS))) {
    throw new Refusal(400, [{ message: 'No such column', errorCode: 'INVALID_FIELD' }]);
  }
  const found = people
    .filter((person) => [person.phone, person.mobile].some((number) => terms.includes(digitsOf(number))))
    .filter((person) => filter === undefined || FIELDS[filter]!(person) !== undefined);
  return {
    body: {
      searchRecords: found.slice(0, Number(limit ?? 2_000)).map((person) => ({
        attributes: { type: 'Contact', url: '/services/data/v62.0/sobjects/Contact/003' },
        ...Object.fromEntries(fields.map((name) => [name, FIELDS[name]!(person) ?? null])),
      })),
    },
  };
}
