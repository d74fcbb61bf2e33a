import { getCountries, isSupportedCountry, Metadata } from 'libphonenumber-js/max';
import type { CountryCode } from 'libphonenumber-js/max';

/** What the library's types omit. Its data writes 0, a number, for "none". */
interface Plan {
  callingCode(): string;
  nationalPrefix(): string | 0 | null | undefined;
  nationalPrefixForParsing(): string | 0 | null | undefined;
  possibleLengths(): number[];
  type(name: string): { pattern(): string } | undefined;
}

const TYPES = [
  'FIXED_LINE',
  'MOBILE',
  'TOLL_FREE',
  'PREMIUM_RATE',
  'SHARED_COST',
  'PERSONAL_NUMBER',
  'VOIP',
  'UAN',
  'PAGER',
  'VOICEMAIL',
] as const;
type NumberType = (typeof TYPES)[number];

const plans = new Map<string, Plan | undefined>();

function numberingPlan(country: string): Plan | undefined {
  if (!isSupportedCountry(country)) return undefined;
  let plan = plans.get(country);
  if (plan === undefined) plans.set(country, (plan = selectPlan(country)));
  return plan;
}

/** @param of a country, or a country code: some of those belong to no country */
function selectPlan(of: string): Plan {
  const metadata = new Metadata();
  metadata.selectNumberingPlan(of as CountryCode);
  return metadata.numberingPlan as unknown as Plan;
}

/**
 * The prefix that is dialled before a national number inside the country (`0` in Finland); `undefined` if there is
 * none.
 */
export function trunkPrefix(country: string): string | undefined {
  return numberingPlan(country)?.nationalPrefix() || undefined;
}

/** The country code of international numbers without the plus sign: `358` for `FI`, and for `AX`. */
export function callingCode(country: string): string | undefined {
  return numberingPlan(country)?.callingCode();
}

const countriesByCode = new Map<string, string[]>();
for (const country of getCountries()) {
  const code = callingCode(country)!;
  countriesByCode.set(code, [...(countriesByCode.get(code) ?? []), country]);
}

/** Patterns of the beginnings of numbers, by country code. */
const beginnings = new Map<string, readonly Beginning[]>();
interface Beginning {
  readonly type: NumberType;
  readonly pattern: RegExp;
}

/** The pattern's text may end before each of its digits: `4[0-8]\d{4}` becomes `(?:4|$)(?:[0-8]|$)(?:\d|$){4}`. */
function patternOfBeginnings(pattern: string): RegExp {
  const open = pattern
    .replace(/\(\?![^()]*\)/g, '')
    .replace(/\[[^\]]*\]|\\d|\{[\d,]+\}|\d/g, (part) => (part.startsWith('{') ? part : `(?:${part}|$)`));
  return new RegExp(`^(?:${open})$`);
}

function beginningsOf(code: string): readonly Beginning[] {
  let known = beginnings.get(code);
  if (known === undefined) {
    const all = (countriesByCode.get(code) ?? []).map((country) => numberingPlan(country)!);
    known = all.flatMap((plan) =>
      TYPES.flatMap((type) => {
        const pattern = plan.type(type)?.pattern();
        return pattern === undefined ? [] : [{ type, pattern: patternOfBeginnings(pattern) }];
      }),
    );
    beginnings.set(code, known);
  }
  return known;
}

/**
 * Whether a valid number of a country with this code may begin with the digits.
 * @param digits without country code and trunk prefix
 */
export function beginsNumber(code: string, digits: string, ofType?: NumberType): boolean {
  return beginningsOf(code).some(
    ({ type, pattern }) => (ofType === undefined || type === ofType) && pattern.test(digits),
  );
}

/** The country code with which the digits begin. */
export function leadingCode(digits: string): string | undefined {
  return codeIn(digits, (code) => countriesByCode.has(code));
}

/** No country code is the beginning of another one, or longer than three digits. */
function codeIn(digits: string, isCode: (code: string) => boolean | undefined): string | undefined {
  return [1, 2, 3].map((length) => digits.slice(0, length)).find(isCode);
}

interface DialledPlan {
  readonly codeLength: number;
  /** How many digits may follow the country code; empty if the plan is not known. */
  readonly lengths: readonly number[];
  /** What the library may remove or rewrite after the country code; `undefined` if nothing. */
  readonly prefix: RegExp | undefined;
}

const plansByFirstDigits = new Map<string, DialledPlan>();

export function dialledPlan(e164: string): DialledPlan {
  const first = e164.slice(1, 4);
  let plan = plansByFirstDigits.get(first);
  if (plan === undefined) plansByFirstDigits.set(first, (plan = planOf(first)));
  return plan;
}

function planOf(firstDigits: string): DialledPlan {
  const metadata = new Metadata() as unknown as { hasCallingCode(code: string): boolean | undefined };
  const code = codeIn(firstDigits, (one) => metadata.hasCallingCode(one));
  if (code === undefined) return { codeLength: 0, lengths: [], prefix: undefined };
  const plan = selectPlan(code);
  const prefix = plan.nationalPrefixForParsing();
  return {
    codeLength: code.length,
    lengths: plan.possibleLengths(),
    prefix: prefix ? new RegExp(`^(?:${prefix})`) : undefined,
  };
}
