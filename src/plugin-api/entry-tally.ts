import { isWithheldNumber } from './phone-number.js';
import type { VipRecord } from './vip-record.js';
import { isNothing } from './written-number.js';

/** How many places of a kind are kept one by one. */
const MAX_PLACES = 3;
/** Entries of further kinds are counted together. */
const MAX_KINDS = 10_000;
/** Fewer digits in a text are an extension, or a name. */
const MIN_DIGITS = 7;
const DAY_MS = 86_400_000;
const FOUND_AS_A_NUMBER = /^\+[1-9]\d{2,14}$|^\+[1-9]\d{0,14}\*$/;
/** Phone systems do send these: they are found as text. */
const IS_ADDRESS = /^sips?:|@/i;

/**
 * Where an entry stands: a count such as the number of its line, or a name such as a CRM's key of the contact.
 * @since 0.2.0
 */
export type EntryPlace = number | string;

/**
 * Entries that are alike in all that decides whether they can ever count.
 * @since 0.2.0
 */
export interface EntryKind {
  readonly tier: string;
  /** The targetids that they are limited to; absent: all. */
  readonly targets?: readonly string[] | undefined;
  /** When the last of them has expired, milliseconds since the epoch; all of them do on one day. Absent: never. */
  readonly endMs?: number | undefined;
  /** Why no call can find the number, without the number itself; absent: one can. */
  readonly numberProblem?: string | undefined;
  readonly count: number;
  /** Of the first three. */
  readonly places: readonly EntryPlace[];
}

/**
 * Why an entry with this number is found by no call: it says that there is none, or is text although it looks like a telephone number.
 * @param number as in a `VipRecord`
 * @returns a clause with the cure; `undefined` for E.164, ranges, extensions and SIP addresses
 * @since 0.2.0
 */
export function numberProblem(number: string): string | undefined {
  if (isWithheldNumber(number) || isNothing(number.trim())) return NO_NUMBER;
  if (FOUND_AS_A_NUMBER.test(number) || IS_ADDRESS.test(number)) return undefined;
  const looksLikeOne = number.startsWith('+') || number.replace(/\D/g, '').length >= MIN_DIGITS;
  return looksLikeOne ? TEXT_ONLY : undefined;
}

const NO_NUMBER =
  'without a number: empty, or a word for none such as anonymous or NULL; write the number, or take the entry out';
const TEXT_ONLY =
  'compared as text, although it looks like a telephone number; write + and the country code, or set country';

interface Counted extends EntryKind {
  endMs: number | undefined;
  count: number;
  readonly places: EntryPlace[];
}

/**
 * Counts the entries of a list or copy by kind, so that those that can never count are told: a provider returns it from
 * `countEntries`. Takes memory for kinds, not for entries.
 * @since 0.2.0
 */
export class EntryTally {
  readonly #kinds = new Map<string, Counted>();
  /** The usual ones: no targets, no end, a telephone number. By tier. */
  readonly #plain = new Map<string, Counted>();
  readonly #repeats = { count: 0, places: [] as EntryPlace[] };
  readonly #unreadable = { count: 0, problems: [] as string[] };
  #entries = 0;
  #uncounted = 0;

  /** Of a source that was read in part: how many rows of it were. */
  firstRows: number | undefined;

  /** @param place what a place is: `line`, `row`, `contact` */
  constructor(readonly place: string) {}

  /** How many entries were added. */
  get entries(): number {
    return this.#entries;
  }

  /** The kinds of the entries, 10,000 at most. */
  get kinds(): Iterable<EntryKind> {
    return [...this.#plain.values(), ...this.#kinds.values()];
  }

  /** Entries of kinds beyond the first 10,000. */
  get ofFurtherKinds(): number {
    return this.#uncounted;
  }

  /** Entries whose number another one has, with another tier, for the same targets and time; and the first three. */
  get repeats(): { readonly count: number; readonly places: readonly EntryPlace[] } {
    return this.#repeats;
  }

  /** Entries that could not be read; and of the first three the place and what is wrong, without their values. */
  get unreadable(): { readonly count: number; readonly problems: readonly string[] } {
    return this.#unreadable;
  }

  /** @param problem why no call can find the number, where `numberProblem` cannot tell */
  add(record: VipRecord, place: EntryPlace, problem = numberProblem(record.number)): void {
    this.#entries++;
    const kind = this.#kindOf(record, problem);
    if (kind === undefined) return void this.#uncounted++;
    kind.count++;
    if (kind.places.length < MAX_PLACES) kind.places.push(place);
  }

  /**
   * Notes that an entry has the number of another one, with another tier, for the same targets and time. To be told of in any
   * order where places are counts.
   */
  addRepeat(place: EntryPlace): void {
    this.#repeats.count++;
    const { places } = this.#repeats;
    if (places.length === MAX_PLACES && byCount(place, places.at(-1)!) >= 0) return;
    places.push(place);
    places.sort(byCount).splice(MAX_PLACES);
  }

  /** @param problem what is wrong and how to mend it, without the entry's values */
  addUnreadable(place: EntryPlace, problem: string): void {
    this.#unreadable.count++;
    const { problems } = this.#unreadable;
    if (problems.length < MAX_PLACES) problems.push(`${this.place} ${place}: ${problem}`);
  }

  #kindOf({ tier, targets, validUntilMs }: VipRecord, problem: string | undefined): Counted | undefined {
    const isPlain = targets === undefined && validUntilMs === undefined && problem === undefined;
    // By the day: an export may write the second.
    const day = validUntilMs === undefined ? undefined : Math.ceil(validUntilMs / DAY_MS);
    const kinds = isPlain ? this.#plain : this.#kinds;
    const key = isPlain ? tier : JSON.stringify([tier, targets, day, problem]);
    let kind = kinds.get(key);
    if (kind === undefined && this.#plain.size + this.#kinds.size < MAX_KINDS) {
      kind = { tier, targets, endMs: validUntilMs, numberProblem: problem, count: 0, places: [] };
      kinds.set(key, kind);
    } else if (kind?.endMs !== undefined && validUntilMs! > kind.endMs) kind.endMs = validUntilMs;
    return kind;
  }
}

function byCount(a: EntryPlace, b: EntryPlace): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : 0;
}
