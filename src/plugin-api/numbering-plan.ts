import { getCountries, isSupportedCountry, Metadata } from 'libphonenumber-js/max';

/** What the library's types omit. */
interface Plan {
  callingCode(): string;
  // The library's data writes 0, a number, for "none".
  nationalPrefix(): string | 0 | null | undefined;
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
  if (plan === undefined) {
    const metadata = new Metadata();
    metadata.selectNumberingPlan(country);
    plan = metadata.numberingPlan as unknown as Plan;
    plans.set(country, plan);
  }
  return plan;
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

/** The country code with which the digits begin. None is the beginning of another one, or longer than three digits. */
export function leadingCode(digits: string): string | undefined {
  return [1, 2, 3].map((length) => digits.slice(0, length)).find((code) => countriesByCode.has(code));
}
