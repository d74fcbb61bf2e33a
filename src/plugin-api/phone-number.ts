import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import type { CountryCode, PhoneNumber } from 'libphonenumber-js/max';
import { hasZeroInside, PUNCTUATION, STARS } from './number-range.js';
import { dialledPlan, trunkPrefix } from './numbering-plan.js';

export { readRange } from './number-range.js';
export { callingCode, trunkPrefix } from './numbering-plan.js';

/** The result of reading a text as a telephone number. */
export interface ReadNumber {
  /** The form in which numbers are compared: E.164 (`+358501231234`), or the trimmed text if it is not an E.164 number. */
  readonly key: string;
  /** Present if `key` is E.164 and the numbering plan is known. Reading it may cost as much as the library's parsing. */
  readonly parsed?: PhoneNumber | undefined;
}

/**
 * Longest text that is read: a SIP address has at most 255 + 64 characters (RFC 3261, RFC 1035).
 * @since 0.1.0
 */
export const MAX_NUMBER_LENGTH = 320;
/** E.164 allows 15 digits; a country code and one subscriber digit are the minimum that could be dialled. */
const E164 = /^\+[1-9]\d{2,14}$/;
/** Fewer digits without a plus sign are a local number or an extension. */
const MIN_E164_DIGITS = 8;
const PLUS_AND_DIGITS = /^\+\d+$/;
/** Format characters (Unicode Cf) and variation selectors: they are invisible, and are copied along with numbers. */
export const UNSEEN = /[\p{Cf}\ufe00-\ufe0f]/gu;
/** A trunk prefix in brackets after a country code: `+49 (0)30 …`, `49 (0)30 …`, `0049 (0) 30 …`. */
const BRACKETED_TRUNK = /^(?:\+|00)?([1-9]\d{0,2})[\s\-./]*\([\s]*0[\s]*\)(.*)$/s;
const WITHHELD_WORD =
  'anonymous|unknown|restricted|private|withheld|unavailable|not[ _-]?available|hidden|blocked|unidentified|' +
  'no[ _-]?caller[ _-]?id|no[ _-]?number|out[ _-]?of[ _-]?area|null|undefined';
/** Also as a SIP address (RFC 3323, RFC 3325): `sip:anonymous@anonymous.invalid`, `sip:restricted@10.0.0.1`. */
const WITHHELD = new RegExp(
  `^(?:sips?:|tel:)?(?:${WITHHELD_WORD})(?:[ _-]?(?:number|caller))?(?:[@;].*)?$|@anonymous\\.invalid(?:[:;?].*)?$`,
  'is',
);

/**
 * True for an absent, empty or "anonymous"-like caller number, as networks and phone systems write it.
 * @since 0.1.0
 */
export function isWithheldNumber(text: string): boolean {
  const trimmed = text.trim();
  if (trimmed.length > MAX_NUMBER_LENGTH || PLUS_AND_DIGITS.test(trimmed)) return false;
  const address = /<([^<>]*)>/.exec(trimmed)?.[1] ?? trimmed.replace(/^["<]+|[">]+$/g, '');
  return address.trim() === '' || WITHHELD.test(address.trim());
}

/**
 * Reads a telephone number in any common spelling: `+358 50 123 1234`, `00358501231234`, `050-123 1234`
 * (with country `FI`), `tel:+358501231234`.
 * @param text the number as written
 * @param country ISO 3166-1 alpha-2 code of the country for national spellings; without it only international
 *   spellings are E.164
 * @since 0.1.0
 */
export function readNumber(text: string, country?: string): ReadNumber {
  const trimmed = text.trim();
  if (readsAsItself(trimmed)) return new ReadE164(trimmed);
  return readThoroughly(trimmed, country);
}

/** As `readNumber`, by asking the library. */
function readThoroughly(trimmed: string, country?: string): ReadNumber {
  if (trimmed.length > MAX_NUMBER_LENGTH) return { key: trimmed };
  // NFKC turns full-width digits and plus signs, as typed on East Asian keyboards, into ordinary ones. It would also
  // turn ² and ① into digits.
  if (/\p{No}/u.test(trimmed)) return { key: trimmed };
  const bare = trimmed
    .replace(UNSEEN, '')
    .normalize('NFKC')
    .trim()
    .replace(/^tel:/i, '')
    .replace(/^\+(?:\+|00)(?=[1-9])/, '+');
  if (
    !/^[+0-9(\u0660-\u0669\u06f0-\u06f9]/.test(bare) ||
    /[a-z@:*#]/i.test(bare.replace(STARS, '*').replace(/;.*$/s, ''))
  ) {
    return { key: trimmed };
  }
  const chosen = withTrunkChosen(bare);
  if (chosen !== undefined) return chosen;
  if (hasZeroInside(bare) && !BRACKETED_TRUNK.test(withoutBrackets(bare))) return { key: trimmed };
  const dialled = bare.replace(PUNCTUATION, '');
  const abroad = dialled.startsWith('00') ? readInternational(`+${dialled.slice(2)}`) : undefined;
  // Before the national reading: in Brazil or Colombia 005… could also be a carrier's prefix.
  if (abroad?.parsed?.isValid()) return abroad;
  return readInternational(bare) ?? readNational(bare, country) ?? abroad ?? { key: trimmed };
}

/** A number whose key is known without the library; the library parses it only on demand. */
class ReadE164 implements ReadNumber {
  #parsed: PhoneNumber | undefined;
  #isParsed = false;
  constructor(readonly key: string) {}

  get parsed(): PhoneNumber | undefined {
    if (!this.#isParsed) {
      this.#parsed = readInternational(this.key)?.parsed;
      this.#isParsed = true;
    }
    return this.#parsed;
  }
}

/**
 * True for E.164 that is certainly its own key. The library could change only the digits after the country code, and
 * only if they begin with a trunk or carrier prefix of the plan. Whether the number is possible affects `parsed`, not
 * the key.
 */
function readsAsItself(text: string): boolean {
  if (!E164.test(text)) return false;
  const plan = dialledPlan(text);
  if (plan.prefix === undefined) return true;
  const match = plan.prefix.exec(text.slice(1 + plan.codeLength));
  // In most numbers, Argentina's and Brazil's patterns match the empty text, so nothing is removed.
  return !match?.[0];
}

/** True for E.164 that is certainly its own key, and has as many digits as its plan allows. */
export function isDiallable(text: string): boolean {
  return readsAsItself(text) && possibleLength(text);
}

/**
 * False for E.164 that no subscriber can have: an unassigned country code, or too many or too few digits after it.
 * @param key E.164 with the plus sign
 */
export function possibleLength(key: string): boolean {
  const { codeLength, lengths } = dialledPlan(key);
  return lengths.includes(key.length - 1 - codeLength);
}

/** `(+49) (0)…` without the first brackets. */
function withoutBrackets(text: string): string {
  return text.replace(/^\(((?:\+|00)\d+)\)/, '$1');
}

/** The number with or without the trunk prefix in brackets, if exactly one of the two is valid. */
function withTrunkChosen(bare: string): ReadNumber | undefined {
  const [, code, rest] = BRACKETED_TRUNK.exec(withoutBrackets(bare)) ?? [];
  if (code === undefined || rest === undefined) return undefined;
  const [without, with_] = [rest, `0${rest}`].map((digits) => readInternational(`+${code} ${digits}`));
  const isDropped = without?.parsed?.isValid() === true;
  // The library removes the trunk prefix if the plan has one, and keeps the digit if it belongs to the number.
  if (with_?.parsed?.isValid()) return with_;
  return isDropped ? without : undefined;
}

function readInternational(text: string): ReadNumber | undefined {
  if (!text.startsWith('+')) return undefined;
  const parsed = parsePhoneNumberFromString(text);
  const digits = text.replace(PUNCTUATION, '');
  if (parsed?.isPossible() && parsed.ext === undefined) {
    // One trunk prefix is removed at a time: `+44 (0)0 20…` has two, and reading a key must return the same key.
    const shortened = !parsed.isValid() && parsed.number.length < digits.length;
    return shortened ? readInternational(parsed.number) : { key: parsed.number, parsed };
  }
  return E164.test(digits) ? { key: digits } : undefined;
}

/**
 * A national spelling is accepted if it is valid, or if it is possible and written with the trunk prefix; so the
 * internal extension `12345` does not become somebody's number.
 */
function readNational(text: string, country: string | undefined): ReadNumber | undefined {
  if (country === undefined) return undefined;
  const parsed = parsePhoneNumberFromString(text, country as CountryCode);
  if (!parsed || parsed.ext !== undefined) return undefined;
  const trunk = trunkPrefix(country);
  const dialled = text.replace(PUNCTUATION, '');
  const withTrunk = trunk !== undefined && dialled.startsWith(trunk) && !dialled.startsWith('00');
  if (trunk !== undefined && !withTrunk && dialled.startsWith(parsed.countryCallingCode)) {
    // `4915123456789`: more likely a mobile number that lost its plus sign than area 04915 without its zero.
    const abroad = readInternational(`+${dialled}`);
    if (abroad && isMobile(abroad.parsed) && !isMobile(parsed)) return abroad;
  }
  if (parsed.isValid()) return { key: parsed.number, parsed };
  if (!withTrunk) return digitsOfE164(text);
  // `0358501231234`: rather E.164 whose plus sign was written over, or `00358…` that lost a zero, than one of its own.
  if (trunk === '0' && readInternational(`+${dialled.slice(1)}`)?.parsed?.isValid()) return undefined;
  return parsed.isPossible() ? readInternational(parsed.number) : undefined;
}

/**
 * `46701740605`: a number of another country that lost its plus sign, if that country's plan contains it. If written
 * in groups, the first one must be the country code; otherwise it is something else.
 */
function digitsOfE164(text: string): ReadNumber | undefined {
  const [, first = '', more = ''] = /^([1-9]\d*)(?:[\s-](\d[\d\s-]*))?$/.exec(text) ?? [];
  const e164 = `+${first}${more.replace(/\D/g, '')}`;
  if (e164.length < MIN_E164_DIGITS + 1 || !E164.test(e164)) return undefined;
  if (more !== '' && dialledPlan(e164).codeLength !== first.length) return undefined;
  const read = readInternational(e164);
  return read?.parsed?.isValid() ? read : undefined;
}

function isMobile(parsed: PhoneNumber | undefined): boolean {
  return parsed?.getType() === 'MOBILE';
}

/**
 * The keys under which a number's record may be stored, best first: the number itself, then every range that covers
 * it, longest first. Empty ranges aside, `+358501231234` gives `+358501231234`, `+358501231234*`, … `+3*`.
 * @since 0.1.0
 */
export function numberKeys(key: string): string[] {
  const keys = [key];
  if (E164.test(key))
    for (let length = key.length; length >= 2; length--) keys.push(`${key.slice(0, length)}*`);
  return keys;
}
