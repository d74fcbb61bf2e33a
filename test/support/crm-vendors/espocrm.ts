import { digitsOf, Refusal, VendorCloud } from './vendor-cloud.js';
import type { Person, VendorAnswer, VendorRequest } from './vendor-cloud.js';

export const ESPOCRM_KEY = '2f5d0a7c7f1d4e0a';
const ATTRIBUTES = ['id', 'name', 'phoneNumber', 'phoneNumberData', 'phoneNumberNumeric', 'cVipTier'];

/**
 * A list of contacts: query in PHP's way of writing arrays. The digits of every number of a contact are searched, but a list shows the primary
 * number only (`phone` here), unless the list loader for numbers is installed.
 */
export function startEspoCrm(
  people: readonly Person[],
  options: Partial<EspoCrmOptions> = {},
): Promise<VendorCloud> {
  return VendorCloud.start((request) =>
    answer(request, people, { listsAllNumbers: true, knowsWhereGroup: true, ...options }),
  );
}

export interface EspoCrmOptions {
  readonly listsAllNumbers: boolean;
  /** Earlier versions have another name for it, and ignore what they do not know. */
  readonly knowsWhereGroup: boolean;
}

/** What a web server in front says; EspoCRM itself has no limit. */
export const ESPOCRM_LIMIT: VendorAnswer = {
  status: 503,
  headers: { 'retry-after': '20', 'content-type': 'text/html' },
  body: '<html><title>503 Service Temporarily Unavailable</title></html>',
};

function answer(
  request: VendorRequest,
  people: readonly Person[],
  { listsAllNumbers, knowsWhereGroup }: EspoCrmOptions,
): VendorAnswer {
  if (request.path !== '/crm/api/v1/Contact') throw new Refusal(404, '');
  if (request.method !== 'GET') throw new Refusal(405, '');
  if (request.headers['x-api-key'] !== ESPOCRM_KEY) throw new Refusal(401, '');
  const { where, single } = parse(request.query);
  const select = (single['attributeSelect'] ?? '').split(',');
  if (Number(single['maxSize']) > 200) throw new Refusal(403, '');
  for (const { attribute } of where) {
    if (!ATTRIBUTES.includes(attribute))
      throw new Refusal(400, `Not existing attribute '${attribute}' in where.`);
  }
  const found = people.filter((person) => !knowsWhereGroup || where.every((item) => fits(person, item)));
  return {
    body: {
      total: request.headers['x-no-total'] === 'true' ? -2 : found.length,
      list: found.slice(0, Number(single['maxSize'])).map((person, index) => {
        const numbers = numbersOf(person);
        const contact: Record<string, unknown> = {
          id: `66f2b1c0a1b2c3d4${index}`,
          name: person.name,
          phoneNumber: numbers[0] ?? null,
          cVipTier: person.tier ?? null,
          accountId: null,
          accountName: null,
          ...(listsAllNumbers && {
            phoneNumberData: numbers.map((phoneNumber, place) => ({
              phoneNumber,
              primary: place === 0,
              type: 'Mobile',
              optOut: false,
              invalid: false,
            })),
          }),
        };
        const mandatory = ['id', 'accountId', 'accountName', ...(listsAllNumbers ? ['phoneNumberData'] : [])];
        return Object.fromEntries(
          Object.entries(contact).filter(([name]) => select.includes(name) || mandatory.includes(name)),
        );
      }),
    },
  };
}

interface WhereItem {
  type: string;
  attribute: string;
  values: string[];
}

function parse(query: URLSearchParams): { where: WhereItem[]; single: Record<string, string> } {
  const where: WhereItem[] = [];
  const single: Record<string, string> = {};
  for (const [name, value] of query) {
    const [, index, key, list] = /^whereGroup\[(\d)\]\[(type|attribute|value)\](\[\])?$/.exec(name) ?? [];
    if (index !== undefined && (key === 'value') === (list !== undefined)) {
      const item = (where[Number(index)] ??= { type: '', attribute: '', values: [] });
      if (key === 'value') item.values.push(value);
      else item[key as 'type' | 'attribute'] = value;
    } else if (
      ['maxSize', 'offset', 'orderBy', 'order', 'attributeSelect'].includes(name) &&
      !(name in single)
    ) {
      single[name] = value;
    } else {
      throw new Refusal(400, `unknown parameter ${name}`);
    }
  }
  return { where, single };
}

function fits(person: Person, { type, attribute, values }: WhereItem): boolean {
  if (attribute === 'phoneNumberNumeric' && type === 'in' && values.length > 0) {
    return numbersOf(person).some((number) => values.includes(digitsOf(number)));
  }
  if (attribute === 'cVipTier' && type === 'isNotNull') return person.tier !== undefined;
  throw new Refusal(400, `Bad where item '${type}'.`);
}

function numbersOf({ phone, mobile }: Person): string[] {
  return [phone, mobile].filter((number) => number !== undefined);
}
