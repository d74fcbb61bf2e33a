import { parsePhoneNumberFromString } from 'libphonenumber-js/max';

/** Something that must not stand where it was found; never shown whole. */
export interface Leak {
  readonly what: 'number' | 'secret';
  readonly shown: string;
}

/** Shorter ones are ports, counts and process ids as well. */
const MIN_DIGITS = 7;
/** So many digits are found inside of others too; fewer only as a whole, for they may be part of anything. */
const UNMISTAKABLE_DIGITS = 9;
const MIN_SECRET = 6;
/** Anything that could be a telephone number: digits with up to two signs between them. */
const TELEPHONE = /\+?\d(?:[ ().\-/]{0,2}\d){6,}/g;
const GUID = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi;
const ISO_TIME = /\b\d{4}-\d\d-\d\d(?:T[\d:.]+Z?)?/g;
/** Numbers that stand in messages of the service itself, to show how one is written. */
const EXAMPLES = ['-d \'{"anum": "+358501231234", "bnum": "+358942415000", "targetid": "SALES_QUEUE"}\''];
const HASHED_PREFIX = 4;

/** The telephone numbers and secrets of a test run, and what is found of them in a text. */
export class Needles {
  /** Digits of each number as E.164 without +, and as dialled within its country without the leading 0. */
  readonly #numbers = new Set<string>();
  readonly #lengths = new Set<number>();
  /** First characters -> secrets that begin with them, in each spelling. */
  readonly #secrets = new Map<string, string[]>();
  readonly #beginnings = new Uint8Array(65_536);
  readonly #addresses: string[] = [];

  get numbers(): number {
    return this.#numbers.size;
  }

  get secrets(): number {
    return [...this.#secrets.values()].flat().length;
  }

  /** @param text in any spelling; too short for a telephone number: ignored. A SIP address counts as it is written. */
  addNumber(text: string): void {
    if (/^sips?:./i.test(text)) this.#addresses.push(text);
    const digits = text.replaceAll(/\D/g, '');
    if (/^(.)\1*$/.test(digits)) return;
    const international = digits.replace(/^00/, '');
    this.#addDigits(international);
    this.#addDigits(international.replace(/^0/, ''));
    const national = parsePhoneNumberFromString(`+${international}`)?.nationalNumber;
    if (national !== undefined && !digits.startsWith('0', text.startsWith('00') ? 2 : 0))
      this.#addDigits(national);
  }

  #addDigits(digits: string): void {
    if (digits.length < MIN_DIGITS) return;
    this.#numbers.add(digits);
    this.#lengths.add(digits.length);
  }

  /** Looked for as it is, and as it stands in JSON, in a URL and in XML. */
  addSecret(text: string): void {
    if (text.length < MIN_SECRET || /^[./]|^file:/.test(text)) return;
    for (const spelling of new Set([text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text)])) {
      const beginning = spelling.slice(0, HASHED_PREFIX);
      const others = this.#secrets.get(beginning);
      if (others?.includes(spelling)) continue;
      if (others) others.push(spelling);
      else this.#secrets.set(beginning, [spelling]);
      this.#beginnings[hashOf(spelling, 0)] = 1;
    }
  }

  /** All that is looked for. */
  samples(): { what: Leak['what']; text: string }[] {
    const numbers = [...this.#numbers].map((text) => ({ what: 'number' as const, text }));
    const secrets = [...this.#secrets.values()].flat().map((text) => ({ what: 'secret' as const, text }));
    return [...numbers, ...secrets];
  }

  find(text: string): Leak[] {
    return [...this.findNumbers(text), ...this.findSecrets(text)];
  }

  findNumbers(text: string): Leak[] {
    const leaks: Leak[] = this.#addresses
      .filter((address) => text.includes(address))
      .map((address) => ({ what: 'number', shown: shorten(address) }));
    const rest = EXAMPLES.reduce((left, example) => left.replaceAll(example, '~'), text)
      .replaceAll(GUID, '~')
      .replaceAll(ISO_TIME, '~');
    for (const [found] of rest.matchAll(TELEPHONE)) {
      // With a + it is one, whoever's.
      if (found.startsWith('+') || this.#holdsNumber(found.replaceAll(/\D/g, ''))) {
        leaks.push({ what: 'number', shown: shorten(found) });
      }
    }
    return leaks;
  }

  #holdsNumber(digits: string): boolean {
    for (const length of this.#lengths) {
      if (length < UNMISTAKABLE_DIGITS) {
        const before = digits.slice(0, -length);
        if ((before === '' || before === '0') && this.#numbers.has(digits.slice(-length))) return true;
        continue;
      }
      for (let start = 0; start + length <= digits.length; start++) {
        if (this.#numbers.has(digits.slice(start, start + length))) return true;
      }
    }
    return false;
  }

  findSecrets(text: string): Leak[] {
    const leaks: Leak[] = [];
    for (let at = 0; at + HASHED_PREFIX <= text.length; at++) {
      if (this.#beginnings[hashOf(text, at)] === 0) continue;
      const candidates = this.#secrets.get(text.slice(at, at + HASHED_PREFIX)) ?? [];
      const found = candidates.find((secret) => text.startsWith(secret, at));
      if (found !== undefined) leaks.push({ what: 'secret', shown: shorten(found) });
    }
    return leaks;
  }
}

/** Of four characters, 16 bits; a text is scanned by it without cutting it up. */
function hashOf(text: string, at: number): number {
  let hash = 0;
  for (let i = at; i < at + HASHED_PREFIX; i++) hash = (hash * 31 + text.charCodeAt(i)) & 0xffff;
  return hash;
}

/** Enough to know it by in a test's source, without repeating it. */
function shorten(text: string): string {
  return `${text.slice(0, 4)}… (${text.length} characters)`;
}
