import { isPlainObject, readVipRecord, VipLookupError, VipRecordError } from '../../plugin-api/index.js';
import type { Caller, Json, JsonObject, ProviderContext, VipRecord } from '../../plugin-api/index.js';
import { bestFirst, CallerMatch, flatten, isWithoutTier, writtenNumbers } from './crm-http.matching.js';
import type { CrmHttpOptions } from './crm-http.options.js';

/** An answer with more than this is not about one caller, and comparing it would delay other calls. */
const MAX_CONTACTS = 1_000;
const MAX_NUMBERS = 2_000;

/** How numbers and dates of a CRM are read. */
export type Locale = Pick<ProviderContext, 'country' | 'timezone'>;

/** Creates VIP records from the result of the expression `record`. */
export class RecordMapping {
  /** The expression itself contains a number, so an entry without one is a contact without one. */
  readonly #writesNumber: boolean;

  /** @param record the expression */
  constructor(
    record: string,
    private readonly rules: Pick<CrmHttpOptions, 'tierOrder' | 'trustAnswer'> = {},
  ) {
    this.#writesNumber = /(["'])number\1\s*:/.test(record);
  }

  /**
   * The records that are this caller's, best first; none when the CRM lists nobody.
   * @param value the result of the expression
   * @throws VipLookupError if it is not a record, or far too many for one caller
   */
  read(value: Json | undefined, caller: Caller, locale: Locale): VipRecord[] {
    if (Array.isArray(value) && value.length > MAX_CONTACTS) {
      throw tooMany(`${MAX_CONTACTS} contacts`);
    }
    const entries = [value ?? []].flat().filter((entry) => entry !== null && isObject(entry));
    const vips = entries.filter(({ tier }) => tier === undefined || !isWithoutTier(tier));
    this.#demandNumbers(vips);
    if (flatten(vips.map(({ number }) => number ?? null)).length > MAX_NUMBERS)
      throw tooMany(`${MAX_NUMBERS} numbers`);
    const match = new CallerMatch(caller, locale.country);
    const records = vips.flatMap((entry) => {
      const number = this.#ownNumber(entry, caller, match);
      return number === undefined ? [] : [readRecord(entry, number, locale)];
    });
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

  /** The number under which an entry counts for this caller; `undefined` = a stranger. */
  #ownNumber({ number }: JsonObject, caller: Caller, match: CallerMatch): string | undefined {
    const written = writtenNumbers(number);
    if (written === undefined) throw new VipLookupError('mapping: number: must be text');
    return written.length === 0 && this.rules.trustAnswer ? caller.key : match.ownNumber(written);
  }
}

function tooMany(what: string): VipLookupError {
  return new VipLookupError(
    `mapping: record yields more than ${what}; make url search for the number instead of listing everybody`,
  );
}

function isObject(entry: Json): entry is JsonObject {
  if (isPlainObject(entry)) return true;
  throw new VipLookupError(
    'mapping: record must yield an object such as { "tier": level }, a list of them, or nothing',
  );
}

function readRecord(entry: JsonObject, number: string, { country, timezone }: Locale): VipRecord {
  try {
    return readVipRecord({ ...entry, number }, { country, timezone });
  } catch (error) {
    if (!(error instanceof VipRecordError)) throw error;
    throw new VipLookupError(`mapping: ${error.message}`);
  }
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
  const others = contacts.filter(({ number }) => match.ownNumber(writtenNumbers(number) ?? []) === undefined);
  const own = contacts.filter((contact) => !others.includes(contact));
  const all = contacts.length === 1 ? '1 contact' : `${contacts.length} contacts`;
  if (own.length === 0) return `${all}, none has this number`;
  const without = own.filter(({ tier }) => isWithoutTier(tier)).length;
  return `${all}, ${own.length} with this number, ${without === own.length ? 'none' : own.length - without} with a tier`;
}
