import {
  isPlainObject,
  isWithheldNumber,
  MAX_NUMBER_LENGTH,
  readVipRecord,
  VipLookupError,
  VipRecordError,
} from '../../../plugin-api/index.js';
import type { Json } from '../../../plugin-api/index.js';
import type { Locale } from '../crm-http.mapping.js';
import { bare, contactNumbers, contactRange, isWithoutTier } from '../crm-http.matching.js';

interface PulledContact {
  /** `undefined` if it has no usable id. */
  readonly id: string | undefined;
  /** `ContactDocument` as JSON; `undefined` if the contact is not a VIP (any more), or has no number. */
  readonly document: string | undefined;
  /** Why it could not be read, without its values; it is left out. */
  readonly problem?: string;
}

/** Raised when contacts are read in another way: each copy is then pulled anew, once. */
export const READING = 3;

const MAX_ID_CHARACTERS = 200;
/** A contact with more is not a contact but a list of something else. */
const MAX_NUMBERS = 50;
const NO_OBJECT =
  'sync.records must yield a list of objects such as { "id": id, "number": [phone, mobile], "tier": level }';
const TOO_MANY_NUMBERS = `number: has more than ${MAX_NUMBERS}; name the fields with the contact's own numbers`;
const NO_USABLE_NUMBER =
  'number: none of its values can be used; a number is text such as +35850…, a range has at least 6 digits and a star';

export function readContact(entry: Json, { country, timezone }: Locale): PulledContact {
  if (!isPlainObject(entry)) return { id: undefined, document: undefined, problem: NO_OBJECT };
  const { id: ownId, number, ...fields } = entry as Record<string, Json>;
  const id = readId(ownId);
  if (id === undefined) return { id, document: undefined, problem: noUsableId('sync.records') };
  if (isWithoutTier(fields['tier'])) return { id, document: undefined };
  const written = [number].flat().filter(isWritten);
  if (written.length > MAX_NUMBERS) return { id, document: undefined, problem: TOO_MANY_NUMBERS };
  if (written.length === 0) return { id, document: undefined };
  const numbers = readNumbers(written, country);
  if (numbers.length === 0) return { id, document: undefined, problem: NO_USABLE_NUMBER };
  try {
    const record = {
      ...readVipRecord(fields, { country, timezone, number: numbers[0]! }),
      number: undefined,
    };
    return { id, document: JSON.stringify([numbers, record]) };
  } catch (error) {
    if (!(error instanceof VipRecordError)) throw error;
    return { id, document: undefined, problem: error.message };
  }
}

/** @throws VipLookupError if it is unusable, because the contact would stay a VIP */
export function readDeletedId(written: Json): string {
  const id = readId(written);
  if (id === undefined) throw new VipLookupError(`mapping: ${noUsableId('sync.deleted')}`);
  return id;
}

function readId(written: Json | undefined): string | undefined {
  const id = typeof written === 'number' ? String(written) : written;
  if (typeof id !== 'string' || id === '' || id.length > MAX_ID_CHARACTERS || /[\x00-\x1f]/.test(id)) {
    return undefined;
  }
  return id;
}

/** @param option the expression that yields the id */
function noUsableId(option: string): string {
  return `${option}: an entry has no usable id; name the CRM's own key of the contact, text or number of at most ${MAX_ID_CHARACTERS} characters`;
}

/** Whether there is a number at all, readable or not. CRMs may also write `false` or words for no number. */
function isWritten(number: Json | undefined): number is Json {
  if (typeof number === 'string') return !isWithheldNumber(number);
  return number != null && number !== false;
}

/** @param number as `sync.records` yields it: one, or a list */
export function isWithoutNumber(number: Json | undefined): boolean {
  return ![number].flat().some(isWritten);
}

function readNumbers(written: readonly Json[], country: string | undefined): string[] {
  const keys = new Set<string>();
  for (const candidate of written) {
    if (typeof candidate !== 'string' && typeof candidate !== 'number') continue;
    const text = String(candidate).trim();
    if (text.length > MAX_NUMBER_LENGTH) continue;
    const found = text.includes('*')
      ? [contactRange(text, country) ?? []].flat()
      : contactNumbers(text, country);
    // Possibly all digits of E.164 without a plus sign: `CopyIndex` also searches for those.
    for (const key of found) keys.add(/^\d+$/.test(bare(key)) ? bare(key) : key);
  }
  return [...keys];
}
