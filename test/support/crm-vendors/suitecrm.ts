import { demand, Refusal, VendorCloud } from './vendor-cloud.js';
import type { Person, VendorAnswer, VendorRequest } from './vendor-cloud.js';
import { TokenDesk } from './token-desk.js';

const FIELDS: Readonly<Record<string, (person: Person) => string | undefined>> = {
  first_name: ({ name }) => name.split(' ')[0],
  last_name: ({ name }) => name.split(' ')[1],
  phone_mobile: ({ mobile }) => mobile,
  phone_work: ({ phone }) => phone,
  phone_home: () => undefined,
  phone_other: () => undefined,
  vip_tier_c: ({ tier }) => tier,
};
const FILTER = /^filter\[(\w+)\]\[(\w+)\]$/;

/**
 * Contacts of API V8, in JSON:API: one operator joins all filters, a field has one value per operator, fields and filters that do not exist are
 * refused. Tokens by client credentials.
 */
export async function startSuiteCrm(
  people: readonly Person[],
): Promise<{ cloud: VendorCloud; desk: TokenDesk }> {
  const desk = new TokenDesk({
    path: '/legacy/Api/access_token',
    grant: 'client_credentials',
    clientId: '3d55a713-12be-62ea-c814-5aaf02a3a3a4',
    clientSecret: 'suitecrm-secret',
  });
  const cloud = await VendorCloud.start(
    (request) => (desk.handles(request) ? desk.answer(request) : answer(request, people, desk)),
    '/legacy/Api/access_token',
  );
  return { cloud, desk };
}

/** What a web server in front says; SuiteCRM itself has no limit. */
export const SUITECRM_LIMIT: VendorAnswer = {
  status: 429,
  headers: { 'content-type': 'text/html' },
  body: '<html><title>429 Too Many Requests</title></html>',
};

function answer(request: VendorRequest, people: readonly Person[], desk: TokenDesk): VendorAnswer {
  const names = [...request.query.keys()];
  const filters = names.filter((name) => FILTER.test(name));
  demand(request, 'GET', '/legacy/Api/V8/module/Contacts', [
    'fields[Contacts]',
    'page[size]',
    'filter[operator]',
    ...filters,
  ]);
  if (!desk.accepts(request.headers.authorization)) {
    throw new Refusal(401, { error: 'access_denied', hint: 'Access token is invalid' });
  }
  if (!(request.headers.accept ?? '').includes('application/vnd.api+json')) throw refused('Not Acceptable');
  const fields = (request.query.get('fields[Contacts]') ?? '').split(',');
  const missing = fields.filter((field) => !(field in FIELDS));
  if (missing.length > 0)
    throw refused(`The following field in Contact module is not found: ${missing.join()}`);
  const conditions = filters.map((name) => condition(name, request.query.get(name)!));
  const or = (request.query.get('filter[operator]') ?? 'and').toLowerCase() === 'or';
  const found = people.filter((person) =>
    or ? conditions.some((fits) => fits(person)) : conditions.every((fits) => fits(person)),
  );
  return {
    headers: { 'content-type': 'application/vnd.api+json' },
    body: {
      ...(found.length > 0 && { meta: { 'total-pages': 1, 'records-on-this-page': found.length } }),
      data: found.slice(0, Number(request.query.get('page[size]'))).map((person, index) => ({
        type: 'Contact',
        id: `b13a39f8-1c24-c5d0-ba0d-5ab123d6e89${index}`,
        attributes: Object.fromEntries(fields.map((field) => [field, FIELDS[field]!(person) ?? ''])),
        relationships: {},
      })),
    },
  };
}

function refused(detail: string): Refusal {
  return new Refusal(400, { errors: { status: 400, title: null, detail } });
}

function condition(name: string, value: string): (person: Person) => boolean {
  const [, field, operator] = FILTER.exec(name)!;
  const read = FIELDS[field!];
  if (read === undefined) throw refused(`Filter field ${field} in Contact module is not found`);
  if (operator === 'eq') return (person) => read(person) === value;
  if (operator !== 'like') throw refused(`Filter operator ${operator} is invalid`);
  const pattern = value.split('%').map((part) => part.replace(/[^\w]/g, '\\$&'));
  const like = new RegExp(`^${pattern.join('.*')}$`, 'is');
  return (person) => like.test(read(person) ?? '');
}
