import { demand, digitsOf, Refusal, VendorCloud } from './vendor-cloud.js';
import type { Person, VendorAnswer, VendorRequest } from './vendor-cloud.js';
import { TokenDesk } from './token-desk.js';

export const SUPEROFFICE_REFRESH_TOKEN = 'KSamN1Tp4sd26pZJSGK6JobrWOUWor';
const PARAMETERS = ['$select', '$filter', '$entities', '$top', '$skip', '$orderBy', '$mode'];
const COLUMNS: Readonly<Record<string, (person: Person) => string | undefined>> = {
  fullName: ({ name }) => name,
  'personDirectPhone/formattedNumber': ({ phone }) => phone,
  'personMobilePhone/formattedNumber': ({ mobile }) => mobile,
  'personPrivate/formattedNumber': () => undefined,
  'personPager/formattedNumber': () => undefined,
  'personUdef/SuperOffice:7': ({ tier }) => tier,
};
const TERM = /^searchPhone\/formattedNumber contains '([^'\\]+)'$/;

/**
 * A tenant and SuperID. A refresh token is used again and again and not replaced. A phone restriction looks in all numbers of a person; the
 * vendor keeps a "stripped phone number for searching", but does not say what it compares: `stripped` or `text`.
 */
export async function startSuperOffice(
  people: readonly Person[],
  compares: 'stripped' | 'text' = 'stripped',
): Promise<{ cloud: VendorCloud; desk: TokenDesk }> {
  const desk = new TokenDesk({
    path: '/login/common/oauth/tokens',
    grant: 'refresh_token',
    clientId: '4ref5376616343b3',
    clientSecret: 'superoffice-secret',
    refreshToken: SUPEROFFICE_REFRESH_TOKEN,
    extra: { id_token: 'eyJ0eXAi.eyJzdWIi.c2ln' },
  });
  const cloud = await VendorCloud.start(
    (request) => (desk.handles(request) ? desk.answer(request) : answer(request, people, desk, compares)),
    '/login/common/oauth/tokens',
  );
  return { cloud, desk };
}

export const SUPEROFFICE_LIMIT: VendorAnswer = { status: 429, headers: { 'retry-after': '30' } };

function answer(
  request: VendorRequest,
  people: readonly Person[],
  desk: TokenDesk,
  compares: 'stripped' | 'text',
): VendorAnswer {
  demand(request, 'GET', '/Cust12345/api/v1/Person', PARAMETERS);
  if (!desk.accepts(request.headers.authorization)) throw new Refusal(401, { Message: 'Not authorized' });
  if (!/\bapplication\/json\b/.test(request.headers.accept ?? '')) throw new Refusal(406, {});
  const select = (request.query.get('$select') ?? '').split(',');
  const terms = (request.query.get('$filter') ?? '').split(' or ').map((term) => TERM.exec(term)?.[1]);
  if (terms.includes(undefined) || select.some((column) => !(column in COLUMNS))) {
    throw new Refusal(500, { ErrorType: 'SoException', Message: 'Restriction or column is not known' });
  }
  const bare = compares === 'stripped' ? digitsOf : (text: string | undefined) => text ?? '';
  const found = people.filter(({ phone, mobile }) =>
    [phone, mobile].some((number) => terms.some((term) => bare(number).includes(bare(term)))),
  );
  return {
    body: {
      'odata.metadata': 'https://online3.superoffice.com/Cust12345/api/v1/archive$metadata',
      'odata.nextLink': null,
      value: found.slice(0, Number(request.query.get('$top') ?? 50)).map((person, index) => ({
        PrimaryKey: 2842 + index,
        EntityName: 'person',
        ...Object.fromEntries(select.map((column) => [column, COLUMNS[column]!(person) ?? ''])),
      })),
    },
  };
}
