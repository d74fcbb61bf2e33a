import { isPlainObject, readVipRecord, VipLookupError, VipRecordError } from '../../plugin-api/index.js';
import type { Caller, Json, JsonObject, ProviderContext, VipRecord } from '../../plugin-api/index.js';
import { bestFirst, CallerMatch, flatten, isWithoutTier, writtenNumbers } from './crm-http.matching.js';
import type { CrmHttpOptions } from './crm-http.options.js';

/** An answer with more than this is not about one caller, and comparing it would delay other calls. */
const MAX_CONTACTS = 1_000;
const MAX_NUMBERS = 2_000;
/** How many contacts that cannot be read are named one by one. */
const MAX_NAMED = 3;
const NO_OBJECT = 'record must yield an object such as { "tier": level }, a list of them, or nothing';

/** How numbers and dates of a CRM are read. */
export type Locale = Pick<ProviderContext, 'country' | 'timezone'>;

/** Creates VIP records from the result of the expression `record`. */
export class RecordMapping {
  /** The expression itself contains a number, so an entry without one is a contact without one. */
  readonly #writesNumber: boolean;

  constructor(
    record: string,
    private readonly rules: Pick<CrmHttpOptions, 'tierOrder' | 'trustAnswer'> = {},
  ) {
    this.#writesNumber = /(["'])number\1\s*:/.test(record);
  }

  /**
   * The records that are this caller's, best first; none when the CRM lists nobody.
   * @param value the result of the expression
   * @param tellSkipped of contacts that cannot be read, if the caller has another one; `problem` names the first by their places
   * @throws VipLookupError if there are far too many contacts for one caller, or none of those that can be read is this caller's
   *   and others, which may be, cannot be read
   */
  read(
    value: Json | undefined,
    caller: Caller,
    locale: Locale,
    tellSkipped?: (skipped: number, problem: string) => void,
  ): VipRecord[] {
    if (Array.isArray(value) && value.length > MAX_CONTACTS) {
      throw tooMany(`${MAX_CONTACTS} contacts`);
    }
    const entries = [value ?? []].flat();
    const vips = entries.map((entry) =>
      isPlainObject(entry) && entry['tier'] !== undefined && isWithoutTier(entry['tier']) ? null : entry,
    );
    const objects = vips.filter((entry): entry is JsonObject => isPlainObject(entry));
    this.#demandNumbers(objects);
    if (flatten(objects.map(({ number }) => number ?? null)).length > MAX_NUMBERS)
      throw tooMany(`${MAX_NUMBERS} numbers`);
    const match = new CallerMatch(caller, locale.country);
    const unread: { readonly place: number; readonly message: string }[] = [];
    const records = vips.flatMap((entry, at) => {
      try {
        return this.#recordOf(entry, caller, match, locale) ?? [];
      } catch (error) {
        if (!(error instanceof VipRecordError)) throw error;
        unread.push({ place: at + 1, message: error.message });
        return [];
      }
    });
    const [first] = unread;
    if (records.length === 0 && first !== undefined) throw new VipLookupError(`mapping: ${first.message}`);
    if (first !== undefined) {
      const named = unread.slice(0, MAX_NAMED).map(({ place, message }) => `contact ${place}: ${message}`);
      tellSkipped?.(unread.length, named.join('; '));
    }
    return bestFirst(records, this.rules.tierOrder ?? []);
  }

  /** Without any number there is nothing to check, and every contact that the CRM's search finds would be a VIP. */
  #demandNumbers(entries: readonly JsonObject[]): void {
    const isLacking = entries.length > 0 && !entries.some((entry) => 'number' in entry);
    if (!isLacking || this.#writesNumber || this.rules.trustAnswer) return;
    throw new VipLookupError(
      'mapping: record yields no number to compare with the caller; name it, for example "number": [phone, mobile], or set trustAnswer: true for an API that answers without numbers',
    );
  }

  /**
   * The record of an entry if it is this caller's.
   * @throws VipRecordError if it cannot be read, and may be this caller's
   */
  #recordOf(entry: Json, caller: Caller, match: CallerMatch, locale: Locale): VipRecord | undefined {
    if (entry === null) return undefined;
    if (!isPlainObject(entry)) throw new VipRecordError([{ field: '', message: NO_OBJECT }]);
    const number = this.#ownNumber(entry, caller, match);
    const { country, timezone } = locale;
    return number === undefined ? undefined : readVipRecord({ ...entry, number }, { country, timezone });
  }

  /** The number under which an entry counts for this caller; `undefined` = a stranger. */
  #ownNumber({ number }: JsonObject, caller: Caller, match: CallerMatch): string | undefined {
    const { texts, hasOthers } = writtenNumbers(number);
    const own =
      texts.length === 0 && this.rules.trustAnswer && !hasOthers ? caller.key : match.ownNumber(texts);
    if (own === undefined && hasOthers) {
      throw new VipRecordError([{ field: 'number', message: 'must be text' }]);
    }
    return own;
  }
}

function tooMany(what: string): VipLookupError {
  return new VipLookupError(
    `mapping: record yields more than ${what}; make url search for the number instead of listing everybody`,
  );
}

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
  const others = contacts.filter(({ number }) => match.ownNumber(writtenNumbers(number).texts) === undefined);
  const own = contacts.filter((contact) => !others.includes(contact));
  const all = contacts.length === 1 ? '1 contact' : `${contacts.length} contacts`;
  if (own.length === 0) return `${all}, none has this number`;
  const without = own.filter(({ tier }) => isWithoutTier(tier)).length;
  return `${all}, ${own.length} with this number, ${without === own.length ? 'none' : own.length - without} with a tier`;
}
