import { isPlainObject } from '../../plugin-api/index.js';
import type { Caller, Json, JsonObject } from '../../plugin-api/index.js';
import { CallerMatch, isWithoutTier, writtenNumbers } from './crm-http.matching.js';

/**
 * Why what `record` yields of an answer does not make the caller a VIP.
 * @returns `undefined` when it yields no contact
 */
export function explainContacts(
  value: Json | undefined,
  caller: Caller,
  country: string | undefined,
): string | undefined {
  const contacts = [value ?? []].flat().filter((entry): entry is JsonObject => isPlainObject(entry));
  if (contacts.length === 0) return undefined;
  const match = new CallerMatch(caller, country);
  const others = contacts.filter(({ number }) => match.ownNumber(writtenNumbers(number) ?? []) === undefined);
  const own = contacts.filter((contact) => !others.includes(contact));
  const all = contacts.length === 1 ? '1 contact' : `${contacts.length} contacts`;
  if (own.length === 0) return `${all}, none has this number`;
  const without = own.filter(({ tier }) => isWithoutTier(tier)).length;
  return `${all}, ${own.length} with this number, ${without === own.length ? 'none' : own.length - without} with a tier`;
}
