import type { RecordField } from '../../../plugin-api/index.js';
import * as vocabulary from './vocabulary.js';

type NamePart = 'fullName' | 'firstName' | 'middleName' | 'lastName' | 'company';
type Detail = keyof typeof vocabulary.DETAILS | 'code';

/** What a column holds, by its name. */
export type Role =
  | { readonly kind: 'number' | 'tier' | NamePart }
  /** Something about the number whose column has the same `stem`. */
  | { readonly kind: 'detail'; readonly detail: Detail; readonly stem: string }
  /** A number that the contact does not call from. */
  | { readonly kind: 'notTheirs' }
  /** Perhaps a number of the contact. */
  | { readonly kind: 'unclear' }
  | { readonly kind: 'other' };

/** What is made of a value of a contact. */
export type Use =
  | { readonly use: 'number'; readonly stem: string }
  | { readonly use: 'name'; readonly part: NamePart | number }
  | { readonly use: 'tier' }
  | { readonly use: 'field'; readonly field: Exclude<RecordField, 'number' | 'tier' | 'name'> }
  | { readonly use: 'attribute'; readonly attribute: string }
  | { readonly use: 'detail'; readonly detail: Detail; readonly stem: string }
  | { readonly use: 'notTheirs' | 'unclear' };

const PHONE_WORDS = new Set(vocabulary.PHONE);
const KNOWN_WORDS = new Set([...vocabulary.PHONE, ...vocabulary.BESIDE_PHONE]);
const PLACE_WORDS = new Set(vocabulary.PLACES);
const reasons = (lists: Readonly<Record<string, readonly string[]>>): ReadonlyMap<string, string> =>
  new Map(Object.entries(lists).flatMap(([why, words]) => words.map((word) => [word, why] as const)));
const DEVICE_OF = reasons(vocabulary.DEVICES);
const OWNER_OF = reasons(vocabulary.OTHER_OWNERS);
const ROLE_OF = new Map(
  Object.entries(vocabulary.COLUMN_NAMES).flatMap(([kind, names]) =>
    names.map((name) => [name, { kind } as Role] as const),
  ),
);
const CODE = new RegExp(`^(?:(.+) )?(?:${vocabulary.CODES.join('|')})(?: (.+))?$`);
const WHOLE_COMPANY = 'whole company';
const COMPANY_MAIN = /\b(?:main|haupt\w*|paa\w*|huvud\w*)\b/;
const IS_MOBILE =
  /^(?:mobile|mobil|mobiili|matkapuhelin|matkapuhelinnumero|mobiltelefon|mobilnummer|handy|handynummer|cell|cellphone|cell phone|mobile phone)(?: (?:privat|private)|)(?: (?:number|nummer|numero|nr|no))?(?: \d+)?$/;
const IS_BARE = /^(?:number|numero|nummer|contact (?:number|no|nr))$/;
const IS_BESIDE_PLACE = /^(?:number|nummer|numero|nr|no|\d+)$/;
/** Words that are found in others, too: `cell` in `cancelled`, `intern` in `international`. */
const MIN_PART = 5;
const ONLY_WHOLE = 'intern';
const MAX_NAME_LENGTH = 100;
const OTHER: Role = { kind: 'other' };
const NUMBER: Role = { kind: 'number' };

/**
 * What a column holds.
 * @param isBesideMobile whether there is a column `Mobile`, so that `Home` and `Other` are numbers, too
 */
export function roleOf(column: string, isBesideMobile = false): Role {
  const name = plainName(column);
  const known = ROLE_OF.get(name);
  if (known !== undefined) return known;
  const parts = name.split(' ').map((word) => new Word(word));
  const detail = codeOf(name) ?? detailOf(name, parts);
  if (detail !== undefined) return detail;
  if (parts.some(({ device }) => device !== undefined) || /\bip phone\b/.test(name)) {
    return parts.every(({ isPlain }) => isPlain) ? { kind: 'notTheirs' } : OTHER;
  }
  if (!parts.some(({ isPhone }) => isPhone)) {
    return isBesideMobile && arePlace(parts) ? NUMBER : OTHER;
  }
  if (parts.some(({ owner }) => owner !== undefined)) return { kind: 'notTheirs' };
  return parts.every(({ isPlain }) => isPlain) ? NUMBER : { kind: 'unclear' };
}

/** Why the contact does not call from a number with this label; `undefined` where nothing says so. */
export function whyNotTheirs(label: string): string | undefined {
  const name = plainName(label);
  for (const text of name.split(' ')) {
    const { device, owner } = new Word(text);
    if (device !== undefined) return device;
    // `Firma` alone is how some programs call the number at work.
    if (owner !== undefined && (owner !== WHOLE_COMPANY || COMPANY_MAIN.test(name))) return owner;
  }
  return undefined;
}

/** True for a name that may be that of a customer's number, too. */
export function isBareNumber(column: string): boolean {
  return IS_BARE.test(plainName(column));
}

export function isMobileColumn(column: string): boolean {
  return IS_MOBILE.test(plainName(column));
}

/** What the names of a number and of what is told about it have in common: `Phone 1 - Value`, `Phone 1 - Type`. */
export function stemOf(column: string): string {
  return plainName(column).replace(/ (?:value|wert|arvo|varde|number|nummer|numero|no|nr)$/, '');
}

/** Without capitals, accents and punctuation, a blank between words: `BusinessFax` and `Business-Fax` are `business fax`. */
export function plainName(column: string): string {
  return column
    .slice(0, MAX_NAME_LENGTH)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/\p{Ll}(?=\p{Lu})|\p{Lu}(?=\p{Lu}\p{Ll})|\p{L}(?=\d)|\d(?=\p{L})/gu, '$& ')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** `Country Code`, `Work Phone Area Code`, `Vorwahl (Mobil)`; not `Postal area code`. */
function codeOf(name: string): Role | undefined {
  const found = CODE.exec(name);
  if (found === null) return undefined;
  const [, before = '', after = ''] = found;
  const others = `${before} ${after}`.trim();
  if (others !== '' && !others.split(' ').every((word) => new Word(word).isPlain)) return undefined;
  return { kind: 'detail', detail: 'code', stem: stemOf(others) };
}

function detailOf(name: string, parts: readonly Word[]): Role | undefined {
  const before = parts.slice(0, -1);
  if (!before.some(({ isPhone }) => isPhone)) return undefined;
  const last = parts.at(-1)!.text;
  const detail = (Object.keys(vocabulary.DETAILS) as (keyof typeof vocabulary.DETAILS)[]).find((each) =>
    vocabulary.DETAILS[each].includes(last),
  );
  return detail && { kind: 'detail', detail, stem: stemOf(name.slice(0, -last.length)) };
}

/** `Home`, `Business 2`, `other_number`. */
function arePlace(parts: readonly Word[]): boolean {
  const isPlace = ({ text }: Word): boolean => PLACE_WORDS.has(text);
  return parts.some(isPlace) && parts.every((part) => isPlace(part) || IS_BESIDE_PLACE.test(part.text));
}

/** A word of a name, which may be several in one. */
class Word {
  constructor(readonly text: string) {}

  get isPhone(): boolean {
    return PHONE_WORDS.has(this.text) || this.#contains(PHONE_WORDS) !== undefined;
  }

  get device(): string | undefined {
    const word = DEVICE_OF.has(this.text) ? this.text : this.#contains(DEVICE_OF);
    return /fax$|^fax/.test(this.text) ? 'fax' : word && DEVICE_OF.get(word);
  }

  get owner(): string | undefined {
    const word = OWNER_OF.has(this.text) ? this.text : this.isPhone ? this.#contains(OWNER_OF) : undefined;
    return word && OWNER_OF.get(word);
  }

  /** Made of words that say no more than that it is a number, and of what kind. */
  get isPlain(): boolean {
    return (
      isMadeOf(this.text, KNOWN_WORDS) ||
      this.device !== undefined ||
      OWNER_OF.has(this.text) ||
      this.text === 'ip'
    );
  }

  #contains(words: ReadonlySet<string> | ReadonlyMap<string, string>): string | undefined {
    for (const word of words.keys()) {
      if (word.length >= MIN_PART && word !== ONLY_WHOLE && this.text.includes(word)) return word;
    }
    return undefined;
  }
}

/** Digits, the s of a genitive, or such words put together. */
function isMadeOf(text: string, words: ReadonlySet<string>): boolean {
  if (/^(?:\d+|s)$/.test(text)) return true;
  const isEnd = [true];
  for (let end = 1; end <= text.length; end++) {
    isEnd.push(isEnd.some((is, start) => is && words.has(text.slice(start, end))));
  }
  return isEnd[text.length]!;
}
