import { demand, Refusal, VendorCloud } from './vendor-cloud.js';
import type { Person, VendorAnswer, VendorRequest } from './vendor-cloud.js';
import { TokenDesk } from './token-desk.js';

const TENANT = '11111111-2222-3333-4444-555555555555';
const LABEL = 'OData.Community.Display.V1.FormattedValue';
/** A choice column holds numbers; people see labels. Any other tier stands for a text column. */
const CHOICES: Readonly<Record<string, number>> = {
  Platinum: 100_000_000,
  Gold: 100_000_001,
  Silver: 100_000_002,
};
const COLUMNS = ['fullname', 'telephone1', 'telephone2', 'mobilephone', 'new_viptier', 'statecode'];

/** An environment: tokens from Entra ID for the environment's scope; stored text is compared as it is. */
export async function startDynamics(
  people: readonly Person[],
): Promise<{ cloud: VendorCloud; desk: TokenDesk }> {
  const path = `/${TENANT}/oauth2/v2.0/token`;
  const seen: { desk?: TokenDesk } = {};
  const cloud = await VendorCloud.start((request) => {
    const desk = seen.desk!;
    return desk.handles(request) ? desk.answer(request) : answer(request, people, desk);
  }, path);
  const desk = new TokenDesk({
    path,
    grant: 'client_credentials',
    clientId: 'dynamics-app',
    clientSecret: 'dynamics~secret',
    scope: `${cloud.url}/.default`,
  });
  seen.desk = desk;
  return { cloud, desk };
}
export const DYNAMICS_TENANT = TENANT;

export const DYNAMICS_LIMIT: VendorAnswer = {
  status: 429,
  headers: { 'retry-after': '30' },
  body: {
    error: {
      code: '0x80072322',
      message: 'Number of requests exceeded the limit of 6000 over time window of 300 seconds.',
    },
  },
};

function answer(request: VendorRequest, people: readonly Person[], desk: TokenDesk): VendorAnswer {
  demand(request, 'GET', '/api/data/v9.2/contacts', ['$select', '$filter', '$top']);
  if (!desk.accepts(request.headers.authorization)) throw new Refusal(401, '');
  const select = (request.query.get('$select') ?? '').split(',');
  const conditions = parseFilter(request.query.get('$filter') ?? '');
  const unknown = [...select, ...conditions.columns].find((column) => !COLUMNS.includes(column));
  if (unknown !== undefined) {
    throw new Refusal(400, {
      error: { code: '0x80060888', message: `Could not find a property named '${unknown}'.` },
    });
  }
  const annotated = String(request.headers['prefer']).includes(`"${LABEL}"`);
  return {
    body: {
      '@odata.context': 'https://acme.crm4.dynamics.com/api/data/v9.2/$metadata#contacts',
      value: people
        .map(row)
        .filter((contact) => conditions.fits(contact))
        .slice(0, Number(request.query.get('$top')))
        .map((contact) => ({
          '@odata.etag': 'W/"1"',
          ...Object.fromEntries(select.map((column) => [column, contact[column] ?? null])),
          ...(annotated && contact.label !== undefined && { [`new_viptier@${LABEL}`]: contact.label }),
        })),
    },
  };
}

type Row = Record<string, string | number | undefined> & { label: string | undefined };

function row({ name, phone, mobile, tier }: Person): Row {
  return {
    fullname: name,
    telephone1: phone,
    mobilephone: mobile,
    statecode: 0,
    new_viptier: tier === undefined ? undefined : (CHOICES[tier] ?? tier),
    label: tier !== undefined && tier in CHOICES ? tier : undefined,
  };
}

/** `a eq 0 and b ne null and (c eq '…' or d eq '…')`, the only shape that is played. */
function parseFilter(filter: string): { columns: string[]; fits: (row: Row) => boolean } {
  const [, fixed, any] = /^statecode eq 0 and (\w+) ne null and \((.+)\)$/.exec(filter) ?? [];
  const terms =
    any === undefined ? [] : any.split(' or ').map((term) => /^(\w+) eq '((?:[^']|'')*)'$/.exec(term));
  if (fixed === undefined || terms.length === 0 || terms.includes(null)) {
    throw new Refusal(400, { error: { code: '0x80060888', message: 'Syntax error in $filter.' } });
  }
  const wanted = terms.map((term) => [term![1]!, term![2]!.replaceAll("''", "'")] as const);
  return {
    columns: [fixed, ...wanted.map(([column]) => column)],
    fits: (contact) =>
      contact[fixed] !== undefined &&
      wanted.some(([column, text]) => String(contact[column] ?? '').toLowerCase() === text.toLowerCase()),
  };
}
