import { MAX_NUMBER_LENGTH, possibleLength, readNumber, readRange } from './phone-number.js';

/**
 * What a cell or field that should hold a telephone number holds.
 * @since 0.2.0
 */
export interface WrittenNumbers {
  /**
   * How the numbers are compared: E.164, a range (`+3589123*`), or the trimmed text of what is not a telephone number.
   * Several when several whole numbers are written; none when nothing is written, or when there is a `problem`.
   */
  readonly keys: readonly string[];
  /** Why this is not clearly a number, and how to write it: a predicate, never with the value. */
  readonly problem?: string;
  /** What is odd about it although it is used: a predicate, never with the value. */
  readonly warning?: string;
}

const WRITE_IN_FULL = 'write each number in full, one entry for each';
const PROBLEMS = {
  exponent:
    'was shortened by a spreadsheet (as in 3.58E+11), so its last digits are lost; give the column the format Text and enter the number again',
  decimal:
    'is a decimal fraction, so it is not clear where the number ends; give the column the format Text and enter the number again',
  range:
    'looks like a range of numbers; write the beginning that all of them have and one *, for example +3589123*',
  shortened: `gives a number and only the end of another one; ${WRITE_IN_FULL}`,
  several: `has several values, and not each is a whole number; ${WRITE_IN_FULL}`,
} as const;

/** Digits, spaces and a plus sign: nothing here can mean anything but a number or an extension. */
const PLAIN = /^\+?\d[\d ]*$/;
/** Format characters (Unicode Cf) and variation selectors: they are not seen, and copied along. */
const UNSEEN = /[\p{Cf}\ufe00-\ufe0f]/gu;
/** How databases and spreadsheets write that there is nothing. */
const EMPTY = /^(?:null|\\n|\(null\)|nil|none|nan|n\/a|#n\/a|#[a-z]+[!?]|undefined|[-–—.?]+)$/i;
const URI = /@|^(?:sips?|mailto|https?):/i;
const EXPONENT = /^\D{0,2}\d+(?:[.,]\d*)?\s*(?:e\s*[+-]?|[x×*·]\s*10\s*\^?\s*[+-]?)\s*\d+$/i;
/** Other ways to write "and all that follow": `1???`, `1%`, `1...`, `1xxx`, `1#`. */
const OPEN_END = /\d[\s\-./]*(?:\?+|%+|\.{2,}|#+|_{2,}|x+|n{2,}|\[\d-\d\])$/i;
const BETWEEN =
  /^(.*\d)\s*(?:[-\u2010-\u2015\u2212~]|\.{2,}|\s(?:bis|to|till?|through|thru|-|à)\s)\s*(\d{1,15})$/i;
const EXTENSION_WORD =
  'ext(?:n|ension)?|x|dw|durchwahl|nebenstelle|ank(?:n(?:ytning)?)?|al(?:anro|anumero)|poste|interno|anexo|toestel|lokal';
const EXTENSION = new RegExp(`\\d[\\s,;()-]*(?:(?:${EXTENSION_WORD})[\\s.:=]*|#\\s*)\\d{1,7}\\)?$`, 'i');
const ENTIRELY_EXTENSION = new RegExp(`^(?:${EXTENSION_WORD}|[oil])[\\s.:=]*(?=[+\\d])`, 'i');
/** Between numbers: always, or only where both sides are numbers, since people also write one number with them. */
const SEPARATOR =
  /;(?!\s*[a-z-]+=)|:{2,}|[\r\n\t|&]+|\s(?:or|and|oder|und|tai|ja|sekä|eller|och|ou|et|og)\s|(?<=\d)\s+(?=\+\s?\d)/i;
const WEAK_SEPARATOR = /[,/]/;
const LABEL = /^[([]?\p{L}[\p{L}\p{M} .'()/-]{0,30}?(?:[.:)\]]+\s*|\s+)(?=[+(\d[])/u;
const REMARK_IN_BRACKETS = /\s*(?:\([^()]*\p{L}[^()]*\)|\[[^[\]]*\p{L}[^[\]]*\])$/u;
const REMARK_AT_START = /^(?:\([^()\d]*\p{L}[^()\d]*\)|\[[^[\]\d]*\p{L}[^[\]\d]*\])\s*/u;
/** Lower case, since letters on a dial are written in capitals, and so is an O that should be a zero. */
const REMARK = /(?:\s+|\s*[-–:,]\s*)\p{Lu}?[\p{Ll}\p{M}][\p{Ll}\p{M}. -]+$/u;
/** Fewer digits are no number that another one could be shortened after. */
const MIN_HEAD = 5;
const THOUSANDS = /^\+?\d{1,3}(?:,\d{3}){2,}$/;

/**
 * True for text by which databases and spreadsheets say that there is nothing: `NULL`, `\N`, `#N/A`, `nan`, `none`.
 * @since 0.2.0
 */
export function isNothing(text: string): boolean {
  return EMPTY.test(text);
}

/**
 * Reads what people, spreadsheets and databases write where a telephone number belongs. A value that is not clearly a
 * number never becomes one: better a VIP less, with a word, than a stranger more.
 * @param country as for `readNumber`
 * @since 0.2.0
 */
export function readWrittenNumbers(text: string, country?: string): WrittenNumbers {
  const trimmed = text.trim();
  if (PLAIN.test(trimmed)) return plainly(trimmed, country);
  if (trimmed.length > MAX_NUMBER_LENGTH) return asText(trimmed, country);
  return new Reader(trimmed, country).read();
}

class Reader {
  constructor(
    private readonly trimmed: string,
    private readonly country: string | undefined,
  ) {}

  read(): WrittenNumbers {
    const text = unwrap(this.trimmed);
    if (text === '' || isNothing(text)) return { keys: [] };
    if (PLAIN.test(text)) return plainly(text, this.country);
    if (URI.test(text)) return { keys: [this.trimmed] };
    if (EXPONENT.test(text)) return problem('exponent');
    if (text.includes('*')) return this.#range(text);
    if (EXTENSION.test(text)) return this.#withExtension();
    return this.#several(text) ?? this.#one(text) ?? asText(this.trimmed, this.country);
  }

  #range(text: string): WrittenNumbers {
    const range = readRange(text, this.country);
    return range === undefined ? { keys: [], problem: notARange(this.country) } : { keys: [range] };
  }

  #withExtension(): WrittenNumbers {
    return {
      keys: [this.trimmed],
      warning:
        'has an extension, so it is compared as text; calls from behind a switchboard show the number without it: write that',
    };
  }

  /** Whole numbers between separators; `undefined` where there is no separator that must be one. */
  #several(text: string): WrittenNumbers | undefined {
    const pieces = text
      .split(SEPARATOR)
      .map((piece) => piece.trim())
      .filter((piece) => /\d/.test(piece));
    if (pieces.length < 2) return undefined;
    const read = pieces.map((piece) => this.#one(piece));
    const whole = read.filter((each) => each !== undefined && each.keys.length > 0);
    if (whole.length === 0) return read.find((each) => each?.problem !== undefined);
    if (whole.length < read.length)
      return (
        read.find((each) => each?.problem !== undefined) ??
        problem(isEnd(pieces.at(-1)!) ? 'shortened' : 'several')
      );
    return { keys: [...new Set(whole.flatMap((each) => each!.keys))] };
  }

  /** One number, or several with weak separators between them; `undefined` when it is not a telephone number. */
  #one(text: string): WrittenNumbers | undefined {
    const bare = this.#withoutWords(text);
    if (OPEN_END.test(bare)) return this.#isBeginning(bare) ? problem('range') : undefined;
    const decimal = this.#decimal(bare);
    if (decimal !== undefined) return decimal;
    if (THOUSANDS.test(bare)) return this.#whole(bare.replaceAll(',', ''));
    const pieces = bare
      .split(WEAK_SEPARATOR)
      .map((piece) => this.#withoutWords(piece.trim()))
      .filter((piece) => /\d/.test(piece));
    if (pieces.length > 1) return this.#weaklySeparated(pieces);
    const [only = bare] = pieces;
    return this.#whole(only) ?? this.#between(only);
  }

  /** `+358501231234.0`: what a column of numbers makes of a telephone number. */
  #decimal(text: string): WrittenNumbers | undefined {
    const [, head, fraction] = /^(\+?\d[\d\s]*)[.,](\d+)$/.exec(text) ?? [];
    if (head === undefined || fraction === undefined) return undefined;
    const isZero = /^0+$/.test(fraction);
    const number = this.#whole(head);
    if (number !== undefined)
      return isZero ? number : this.#isNumber(fraction) ? undefined : problem('decimal');
    if (!isZero) return undefined;
    return /^[1-9]\d{0,5}$/.test(head) ? { keys: [head] } : problem('decimal');
  }

  /** Pieces that belong together are joined, as far as they have to be. */
  #weaklySeparated(pieces: readonly string[]): WrittenNumbers | undefined {
    const keys: string[] = [];
    for (let from = 0; from < pieces.length;) {
      let to = from + 1;
      let number: WrittenNumbers | undefined;
      while (to <= pieces.length && number === undefined) {
        number = this.#whole(pieces.slice(from, to++).join(' '));
      }
      if (number === undefined) {
        const last = pieces.at(-1)!;
        if (keys.length > 0) return problem(isEnd(last) ? 'shortened' : 'several');
        return /^-|^\d{1,2}$/.test(last) && digitCount(pieces[0]!) >= MIN_HEAD
          ? problem('shortened')
          : undefined;
      }
      keys.push(...number.keys);
      from = to - 1;
    }
    return { keys: [...new Set(keys)] };
  }

  /** `310 1000-1999` and `123 4567-8`: a whole number, and something more behind a dash. */
  #between(text: string): WrittenNumbers | undefined {
    const [, head, tail] = BETWEEN.exec(text) ?? [];
    if (head === undefined || tail === undefined) return undefined;
    const from = /\d+$/.exec(head)![0];
    const isRange = from.length === tail.length && from < tail && tail.length > 1;
    if (this.#isNumber(head)) return problem(isRange ? 'range' : 'shortened');
    return isRange && !readNumber(text, this.country).parsed ? problem('range') : undefined;
  }

  #withoutWords(text: string): string {
    let bare = text.replace(REMARK_AT_START, '');
    for (let before = ''; before !== bare;) {
      before = bare;
      bare = bare.replace(REMARK_IN_BRACKETS, '');
    }
    if (!ENTIRELY_EXTENSION.test(bare)) bare = bare.replace(LABEL, '');
    return bare.replace(REMARK, '').trim();
  }

  #whole(text: string): WrittenNumbers | undefined {
    const read = readNumber(text, this.country);
    return read.parsed?.isValid() ? { keys: [read.key] } : undefined;
  }

  #isNumber(text: string): boolean {
    return this.#whole(text) !== undefined;
  }

  #isBeginning(text: string): boolean {
    return /^[+\d(]/.test(text);
  }
}

function unwrap(trimmed: string): string {
  const seen = trimmed.replace(UNSEEN, '').normalize('NFKC').trim();
  const formula = /^="*([^"]*)"*$/.exec(seen)?.[1] ?? seen;
  return formula
    .replace(/^(['’‘`´])(?!.*\1$)/, '')
    .replace(/^(["'’])(.*)\1$/, '$2')
    .replace(/[·•‧∙_]+(?=\d)/g, ' ')
    .replace(/^\[(\+?\d+)\]/, '$1 ')
    .trim();
}

/** Only digits, spaces and a plus sign. */
function plainly(text: string, country: string | undefined): WrittenNumbers {
  const { key } = readNumber(text, country);
  return key.startsWith('+') && possibleLength(key) ? { keys: [key] } : asText(text, country, key);
}

function asText(
  trimmed: string,
  country: string | undefined,
  key = readNumber(trimmed, country).key,
): WrittenNumbers {
  const warning = whyOdd(key, country);
  return warning === undefined ? { keys: [key] } : { keys: [key], warning };
}

function whyOdd(key: string, country: string | undefined): string | undefined {
  if (/^\+[1-9]\d{2,14}$/.test(key))
    return possibleLength(key) ? undefined : 'has too many or too few digits for its country code; check it';
  if (URI.test(key)) return undefined;
  if (key.startsWith('+'))
    return 'begins with + but is not an E.164 number, so it is compared as text; check it';
  if (digitCount(key) < 7) return undefined;
  return country === undefined
    ? 'is written nationally but no country is configured, so it is compared as text; set country, or write + and the country code'
    : `is not a telephone number of ${country}, so it is compared as text; check it, or write + and the country code`;
}

function problem(kind: keyof typeof PROBLEMS): WrittenNumbers {
  return { keys: [], problem: PROBLEMS[kind] };
}

function digitCount(text: string): number {
  return text.replace(/\D/g, '').length;
}

/** The last digits of a number that is written before. */
function isEnd(piece: string): boolean {
  return /^[-\s]*\d{1,4}$/.test(piece);
}

function notARange(country: string | undefined): string {
  const cure = country === undefined ? ' (no country is configured, so it must begin with + or 00)' : '';
  return `is not a range; write the beginning of a number and one * at the end, for example +3589123*${cure}`;
}
