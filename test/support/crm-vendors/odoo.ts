import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { demand, jsonOf, Refusal, VendorCloud } from './vendor-cloud.js';
import type { Person, VendorAnswer, VendorRequest } from './vendor-cloud.js';

export const ODOO_KEY = '6578616d706c65206a736f6e20617069206b6579';
const ARGUMENTS = ['ids', 'context', 'domain', 'fields', 'offset', 'limit', 'order'];
type Value = string | number | false;
type Partner = Readonly<Record<string, Value>>;
type Leaf = [field: string, operator: string, value: Value | Value[]];

/** `res.partner/search_read` of Odoo 19: domains in prefix notation, `false` where a field is empty, a list as the whole answer. */
export function startOdoo(people: readonly Person[]): Promise<VendorCloud> {
  return VendorCloud.start((request) => answer(request, people.map(stored)));
}

export const ODOO_LIMIT: VendorAnswer = {
  status: 429,
  headers: { 'content-type': 'text/html' },
  body: '<html><title>429 Too Many Requests</title></html>',
};

function answer(request: VendorRequest, partners: readonly Partner[]): VendorAnswer {
  demand(request, 'POST', '/json/2/res.partner/search_read', []);
  const key = /^bearer\s+(.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (key !== ODOO_KEY) throw new Refusal(401, fault('werkzeug.exceptions.Unauthorized', 'Invalid apikey'));
  const args = jsonOf(request) as { domain?: unknown[]; fields?: string[]; limit?: number };
  const unknown = Object.keys(args).find((name) => !ARGUMENTS.includes(name));
  if (unknown !== undefined) {
    throw new Refusal(
      422,
      fault('werkzeug.exceptions.UnprocessableEntity', `unexpected argument ${unknown}`),
    );
  }
  const { domain = [], fields = [], limit = 80 } = args;
  const known = ['id', 'display_name', 'phone', 'phone_sanitized', 'x_vip_tier'];
  const wrong = fields.find((field) => !known.includes(field));
  if (wrong !== undefined) throw new Refusal(500, fault('builtins.ValueError', `Invalid field '${wrong}'`));
  const found = partners.filter((partner) => fits(partner, domain)).slice(0, limit);
  return {
    body: found.map((partner, index) => ({
      id: 41 + index,
      ...Object.fromEntries(fields.map((field) => [field, partner[field]!])),
    })),
  };
}

function fault(name: string, message: string): unknown {
  return { name, message, arguments: [message], context: {}, debug: 'Traceback (most recent call last): …' };
}

/** `phone_sanitized` is made with the contact's country, here Finland. */
function stored({ name, phone, mobile, tier }: Person): Partner {
  const number = phone ?? mobile;
  return {
    display_name: name,
    phone: number ?? false,
    phone_sanitized: (number !== undefined && parsePhoneNumberFromString(number, 'FI')?.number) || false,
    x_vip_tier: tier ?? false,
  };
}

/** Terms that no operator joins are joined by AND. */
function fits(partner: Partner, domain: readonly unknown[]): boolean {
  const rest = [...domain];
  let result = true;
  while (rest.length > 0) result = term(partner, rest) && result;
  return result;
}

function term(partner: Partner, rest: unknown[]): boolean {
  const head = rest.shift();
  if (head === '|' || head === '&') {
    const [left, right] = [term(partner, rest), term(partner, rest)];
    return head === '|' ? left || right : left && right;
  }
  if (!Array.isArray(head) || head.length !== 3)
    throw new Refusal(500, fault('builtins.ValueError', 'Domain()'));
  return leaf(partner, head as Leaf);
}

function leaf(partner: Partner, [field, operator, value]: Leaf): boolean {
  if (field === 'phone_mobile_search') {
    if (operator === 'in' && Array.isArray(value)) {
      return value.some((one) => samePhone(partner['phone']!, String(one)));
    }
  } else if (field in partner) {
    if (operator === '=') return partner[field] === value;
    if (operator === '!=') return partner[field] !== value;
  } else {
    throw new Refusal(500, fault('builtins.ValueError', `Invalid field res.partner.${field}`));
  }
  throw new Refusal(500, fault('builtins.ValueError', `Operator ${operator}`));
}

/** As `_search_phone_mobile_search` of the module phone_validation compares for `=`. */
function samePhone(phone: Value, wanted: string): boolean {
  if (wanted.length < 3) throw new Refusal(422, fault('odoo.exceptions.UserError', 'at least 3 characters'));
  const bare = (text: string): string => text.replace(/[\s\\./()-]/g, '');
  if (phone === false) return false;
  const international = /^(?:\+|00)(.*)$/.exec(wanted)?.[1];
  return international === undefined
    ? bare(String(phone)) === bare(wanted)
    : [`00${bare(international)}`, `+${bare(international)}`].includes(bare(String(phone)));
}
