import * as patterns from './written-number.patterns.js';
import { digitCount, isBlock, isDate, isEnd, isIp, unwrap } from './written-number.patterns.js';
import { STARS } from './number-range.js';
import { hasMoreBehind } from './written-number.ends.js';
import { notARange, problem, WARNINGS, whyOdd } from './written-number.problems.js';
import type { WrittenNumbers } from './written-number.problems.js';
import {
  isDiallable,
  MAX_NUMBER_LENGTH,
  readNumber,
  readRange,
  trunkPrefix,
  UNSEEN,
} from './phone-number.js';

/**
 * Reads what people, spreadsheets and databases write where a telephone number belongs. A value that is not clearly a
 * number never becomes one: missing a VIP, with a message, is better than treating a stranger as one.
 * @param country as for `readNumber`
 * @since 0.2.0
 */
export function readWrittenNumbers(text: string, country?: string): WrittenNumbers {
  const trimmed = text.trim();
  if (isDiallable(trimmed)) return { keys: [trimmed] };
  if (patterns.PLAIN.test(trimmed)) return new Reader(trimmed, country).plainly(trimmed);
  if (patterns.GROUPED.test(trimmed)) return new Reader(trimmed, country).grouped();
  if (trimmed.length > MAX_NUMBER_LENGTH) return { keys: [trimmed] };
  return new Reader(trimmed, country).read();
}

/**
 * True for text that means an empty value in databases and spreadsheets: `NULL`, `\N`, `#N/A`, `nan`, `none`.
 * @since 0.2.0
 */
export function isNothing(text: string): boolean {
  return patterns.EMPTY.test(text);
}

/** The pieces that are not said to be unused; a piece without digits says so of the one before, or else of the next one. */
function inUse(pieces: readonly string[]): string[] {
  const saysSo = pieces.map((piece) => patterns.UNUSED.test(piece));
  const isRemark = pieces.map((piece, at) => saysSo[at]! && !/\d/.test(piece));
  return pieces.filter((_, at) => !saysSo[at] && !isRemark[at + 1] && !(at === 1 && isRemark[0]));
}

/** `1000-1999`, by its ends. */
function isRange(head: string, tail: string): boolean {
  const from = /\d+$/.exec(head)![0];
  return /^\d{2,}$/.test(tail) && from.length === tail.length && from < tail;
}

class Reader {
  constructor(
    private readonly trimmed: string,
    private readonly country: string | undefined,
  ) {}

  read(): WrittenNumbers {
    const seen = unwrap(this.trimmed.replace(UNSEEN, '').trim());
    if (/\p{No}/u.test(seen)) return /\d/.test(seen) ? problem('signs') : this.#asText();
    const text = seen.normalize('NFKC').replace(STARS, '*').trim();
    if (text.length > MAX_NUMBER_LENGTH) return { keys: [this.trimmed] };
    if (text === '' || isNothing(text)) return { keys: [] };
    if (patterns.PLAIN.test(text)) return this.plainly(text);
    if (patterns.URI.test(text)) return { keys: [this.trimmed] };
    if (patterns.NO_NUMBER.test(text)) return problem('none');
    if (patterns.VANITY.test(text)) return problem('vanity');
    if (patterns.EXPONENT.test(text)) return problem('exponent');
    if (text.includes('*')) return this.#withStar(text);
    if (patterns.EXTENSION.test(text))
      return { keys: [this.trimmed], warning: WARNINGS.extension, hasExtension: true };
    const bare = text
      .replace(/<br\s*\/?>/gi, ';')
      .replace(patterns.ADDRESS, ' ')
      .replace(/[<>‹›«»"]/g, ' ')
      // A number in brackets together with words counts as a number; other words in brackets are a remark.
      .replace(patterns.BRACKETS, (whole, words: string) =>
        digitCount(words) >= patterns.MIN_HEAD
          ? `;${words};`
          : patterns.UNUSED.test(words) || /\d/.test(words)
            ? whole
            : ' ',
      )
      .trim();
    if (!patterns.UNUSED.test(bare)) return this.#read(bare);
    const used = inUse(bare.split(/[,/;]/)).join(';');
    return /\d/.test(used) ? this.#read(used) : problem('unused');
  }

  #withStar(text: string): WrittenNumbers {
    const before = text.replace(/[\s(]+\*+\)?$/, '');
    const isFootnote = before !== text && readNumber(before, this.country).parsed?.isValid() === true;
    const isTooShort = digitCount(text) < 2 && !text.startsWith('+');
    const range = isFootnote || isTooShort ? undefined : readRange(text, this.country);
    if (range !== undefined) return { keys: [range] };
    const isBare = this.country !== undefined && /^[1-9][\d\s./-]*\*$/.test(text) && !isTooShort;
    return isBare ? problem('bareRange') : { keys: [], problem: notARange(this.country) };
  }

  #read(bare: string): WrittenNumbers {
    return this.#several(bare) ?? this.#one(bare) ?? this.#asText();
  }

  /** Only digits, spaces, hyphens and a plus sign. */
  grouped(): WrittenNumbers {
    return isDate(this.trimmed) ? problem('date') : (this.#bareNumber(this.trimmed, false) ?? this.#asText());
  }

  /** Only digits, spaces and a plus sign. */
  plainly(text: string): WrittenNumbers {
    if (/^0+$/.test(text)) return { keys: [] };
    return (/^\d{1,4} /.test(text) ? this.#behindOrdinal(text, false) : undefined) ?? this.#asText(text);
  }

  #asText(text = this.trimmed): WrittenNumbers {
    const read = readNumber(text, this.country);
    if (patterns.E164.test(read.key) && hasMoreBehind(text, read, this.country)) return problem('more');
    const isUnknown = text.startsWith('00') && read.parsed?.isValid() === false;
    const warning = isUnknown ? WARNINGS.unknown : whyOdd(read.key, this.country);
    return warning === undefined ? { keys: [read.key] } : { keys: [read.key], warning };
  }

  /** Whole numbers between separators; `undefined` if there is no unambiguous separator. */
  #several(text: string): WrittenNumbers | undefined {
    const pieces = text
      .split(patterns.SEPARATOR)
      .map((piece) => piece.trim())
      .filter((piece) => /\d/.test(piece));
    if (pieces.length === 1) return pieces[0] === text ? undefined : this.#one(pieces[0]!);
    const read = pieces.map((piece) => this.#one(piece, pieces.length > 1));
    const whole = read.filter((each) => each !== undefined && each.keys.length > 0);
    if (whole.length === 0) return read.find((each) => each?.problem !== undefined);
    if (whole.length === read.length) return { keys: [...new Set(whole.flatMap((each) => each!.keys))] };
    return (
      read.find((each) => each?.problem !== undefined) ??
      problem(isEnd(pieces.at(-1)!) ? 'shortened' : 'several')
    );
  }

  /**
   * One number, or several with ambiguous separators between them; `undefined` if it is not a telephone number.
   * @param isOneOfSeveral its prefix must show that it is complete, because people may write the area code only in
   *   the first one
   */
  #one(written: string, isOneOfSeveral = false): WrittenNumbers | undefined {
    const { text, label } = this.#withoutLabel(written.replace(patterns.REMARK_AT_START, ''));
    if (patterns.EXPONENT.test(text)) return problem('exponent');
    if (patterns.OPEN_END.test(text)) return problem('range');
    const bare = text.replace(patterns.REMARK, '').trim();
    if (patterns.NOT_PHONE.test(written)) return { keys: [this.trimmed], warning: WARNINGS.other };
    if (isDate(bare)) return problem('date');
    if (isIp(bare)) return { keys: [this.trimmed], warning: WARNINGS.address };
    const number = this.#bareNumber(bare, label !== undefined);
    if (number === undefined || number.problem !== undefined) return number;
    const needsPrefix =
      isOneOfSeveral ||
      (label !== undefined && !label.split(/[\s./-]+/).some((word) => patterns.PHONE.test(word)));
    return !needsPrefix || this.#hasPrefix(bare) ? number : isOneOfSeveral ? problem('several') : undefined;
  }

  #bareNumber(bare: string, isLabelled: boolean): WrittenNumbers | undefined {
    const decimal = this.#decimal(bare);
    if (decimal !== undefined) return decimal;
    const [, thousands, fraction] = patterns.THOUSANDS.exec(bare) ?? [];
    if (thousands !== undefined)
      return /[1-9]/.test(fraction ?? '') ? problem('decimal') : this.#whole(thousands.replaceAll(',', ''));
    const behind = this.#behindOrdinal(bare, isLabelled);
    if (behind !== undefined) return behind;
    const pieces = bare
      .split(patterns.WEAK_SEPARATOR)
      .map((piece) => this.#withoutLabel(piece.trim()).text.replace(patterns.REMARK, '').trim())
      .filter((piece) => /\d/.test(piece));
    if (pieces.length > 1) return this.#weaklySeparated(pieces);
    const [only = bare] = pieces;
    return this.#withTail(only) ?? this.#whole(only) ?? this.#between(only);
  }

  /** `358501231234.0`: a telephone number from a numeric column. */
  #decimal(text: string): WrittenNumbers | undefined {
    const [, head, fraction] = /^(\+?\d[\d\s]*)[.,](\d+)$/.exec(text) ?? [];
    if (head === undefined || fraction === undefined) return undefined;
    const trunk = this.#trunk();
    const isAreaCode =
      head.length <= 4 &&
      head !== trunk &&
      (head.startsWith('+') || (trunk !== undefined && head.startsWith(trunk)));
    if (isAreaCode && !this.#isNumber(head)) return undefined;
    if (/^0+$/.test(fraction)) {
      if (this.#isNumber(head)) return this.#whole(head);
      return /^[1-9]\d{0,5}$/.test(head) ? { keys: [head] } : problem('decimal');
    }
    const areBothWhole = [head, fraction].every((piece) => this.#isNumber(piece) && this.#hasPrefix(piece));
    return areBothWhole ? undefined : problem('decimal');
  }

  /** The number after an ordinal; `undefined` if there is none. */
  #behindOrdinal(text: string, isLabelled: boolean): WrittenNumbers | undefined {
    const [, front, sign, rest] = patterns.IN_FRONT.exec(text) ?? [];
    if (front === undefined || rest === undefined || !this.#hasPrefix(rest, true)) return undefined;
    const number = this.#whole(rest);
    if (number === undefined || this.#whole(`+${front} ${rest}`)?.keys[0] === number.keys[0])
      return undefined;
    return sign !== '' || isLabelled ? number : problem('several');
  }

  /** A whole number and a few more digits, which may be something else. */
  #withTail(text: string): WrittenNumbers | undefined {
    if (isBlock(text)) return problem('range');
    const [, head, sign, tail] = patterns.TAIL.exec(text) ?? [];
    if (head === undefined || sign === undefined || tail === undefined) return undefined;
    const read = readNumber(head, this.country).parsed;
    if (!read?.isValid()) return undefined;
    // In Germany and Austria, the end of a number is written after a dash: `-0`, `-12`.
    const isEndBehindDash = tail.length > 2 || read.country === 'DE' || read.country === 'AT';
    const areGroups = tail.length === 2 && (head.split('-').length > 2 || /\D\d{3}-\d{2}$/.test(head));
    if (sign === '-' && (isEndBehindDash || areGroups)) return undefined;
    return problem(sign !== '-' && isRange(head, tail) ? 'range' : 'shortened');
  }

  /** Joins as few adjacent pieces as make a number. */
  #weaklySeparated(pieces: readonly string[]): WrittenNumbers | undefined {
    const keys: string[] = [];
    for (let from = 0; from < pieces.length;) {
      let to = from + 1;
      let number: WrittenNumbers | undefined;
      for (; to <= pieces.length && number === undefined; to++) {
        const joined = pieces.slice(from, to).join(' ');
        if (digitCount(joined) > patterns.MAX_DIGITS) break;
        number = this.#withTail(joined) ?? this.#whole(joined);
      }
      const isAlone = from === 0 && to > pieces.length;
      if (number?.problem !== undefined) return number;
      if (number === undefined) {
        const last = pieces.at(-1)!;
        if (keys.length > 0) return problem(isEnd(last) ? 'shortened' : 'several');
        return /^-|^\d{1,2}$/.test(last) && digitCount(pieces[0]!) >= patterns.MIN_HEAD
          ? problem('shortened')
          : undefined;
      }
      if (!isAlone && !this.#hasPrefix(pieces[from]!))
        return problem(isEnd(pieces[from]!) ? 'shortened' : 'several');
      keys.push(...number.keys);
      from = to - 1;
    }
    return { keys: [...new Set(keys)] };
  }

  /** `310 1000-1999` and `123 4567-8`: a whole number, and something more after a dash. */
  #between(text: string): WrittenNumbers | undefined {
    const [, head, tail] = patterns.BETWEEN.exec(text) ?? [];
    if (head === undefined || tail === undefined) return undefined;
    if (this.#isNumber(head)) return problem(isRange(head, tail) ? 'range' : 'shortened');
    const isUnread = readNumber(text, this.country).parsed === undefined;
    return isUnread && isRange(head, tail) ? problem('range') : undefined;
  }

  #withoutLabel(text: string): { text: string; label?: string } {
    if (patterns.ENTIRELY_EXTENSION.test(text)) return { text };
    const [label, words] = patterns.LABEL.exec(text) ?? [];
    return label === undefined ? { text } : { text: text.slice(label.length), label: words! };
  }

  /**
   * Whether the beginning of the number is recognisable, by a plus sign or the trunk prefix.
   * @param isStrict applies to plans without a trunk prefix, too
   */
  #hasPrefix(text: string, isStrict = false): boolean {
    const digits = text.replace(/^[^+\d]*/, '');
    const trunk = this.#trunk();
    const isNational = trunk === undefined ? !isStrict : digits.startsWith(trunk);
    return digits.startsWith('+') || digits.startsWith('00') || isNational;
  }

  /** If national numbers begin with it; in North America, people rarely write the 1. */
  #trunk(): string | undefined {
    const trunk = this.country === undefined ? undefined : trunkPrefix(this.country);
    return trunk === '1' ? undefined : trunk;
  }

  #whole(text: string): WrittenNumbers | undefined {
    const spaced = text.replace(/[·•‧∙_]/g, ' ');
    const read = readNumber(spaced, this.country);
    if (!read.parsed?.isValid()) return undefined;
    return hasMoreBehind(spaced, read, this.country) ? problem('more') : { keys: [read.key] };
  }

  #isNumber(text: string): boolean {
    return (this.#whole(text)?.keys.length ?? 0) > 0;
  }
}
