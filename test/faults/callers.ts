import { IS_LONG } from '../support/length.js';
import type { WireAnswer } from './phone-system.js';

/**
 * Who calls. `known` VIPs call again and again, so their answers are in the cache, fresh or stale; `new` VIPs never
 * called before, so only the provider itself can tell who they are.
 */
export const KINDS = ['list', 'database known', 'database new', 'crm known', 'crm new', 'stranger'] as const;
export type Kind = (typeof KINDS)[number];
export type VipKind = Exclude<Kind, 'stranger'>;
export const VIP_KINDS = KINDS.filter((kind): kind is VipKind => kind !== 'stranger');

export interface PhoneCall {
  readonly kind: Kind;
  readonly number: string;
}

/** `+358` and two digits, then seven of the caller's own. */
const PREFIX = { list: '+35850', database: '+35840', crm: '+35841', stranger: '+35844' } as const;
export type Source = keyof typeof PREFIX;
export const LIST_ENTRIES = 1_000;
/** More than call while the suite lasts. */
export const DATABASE_ROWS = IS_LONG ? 60_000 : 20_000;
/** Known VIPs of each provider; small, so that each of them calls often. */
export const KNOWN = 10;
/** Out of a hundred calls. */
const MIX: readonly (readonly [Kind, number])[] = [
  ['list', 20],
  ['database known', 15],
  ['database new', 15],
  ['crm known', 15],
  ['crm new', 15],
  ['stranger', 20],
];

const KNOWN_INSTEAD = {
  list: 'list',
  'database known': 'database known',
  'database new': 'database known',
  'crm known': 'crm known',
  'crm new': 'crm known',
  stranger: 'stranger',
} as const satisfies Record<Kind, Kind>;
const KNOWN_STRANGERS = 100;

export function numberOf(source: Source, index: number): string {
  return `${PREFIX[source]}${String(index).padStart(7, '0')}`;
}

/** A name that nobody else has, so that an answer shows whose it is. */
export function nameOf(source: Source, index: number): string {
  return `${source} ${String(index).padStart(7, '0')}`;
}

/** The VIP's index, or `undefined` when the number is none of this source's. */
export function indexOf(source: Source, number: string): number | undefined {
  return number.startsWith(PREFIX[source]) ? Number(number.slice(PREFIX[source].length)) : undefined;
}

/** A random number between 0 and 1, the same row of them in every run. */
export type Dice = () => number;

export function dice(seed: number): Dice {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Makes up the callers of one service; a number that it gave as new is not given again. */
export class Callers {
  /** Only callers who have called before: what a number of calls costs then depends on the service alone. */
  onlyKnown = false;
  readonly #roll: Dice;
  #database = KNOWN;
  #crm = KNOWN;
  #strangers = 0;

  constructor(seed: number) {
    this.#roll = dice(seed);
  }

  /** Everybody that is to be known before the first fault. */
  static known(): PhoneCall[] {
    return Array.from({ length: KNOWN }, (_, index): PhoneCall[] => [
      { kind: 'database known', number: numberOf('database', index) },
      { kind: 'crm known', number: numberOf('crm', index) },
    ]).flat();
  }

  next(): PhoneCall {
    let left = this.#roll() * 100;
    const drawn = MIX.find(([, share]) => (left -= share) < 0)?.[0] ?? 'stranger';
    return this.of(this.onlyKnown ? KNOWN_INSTEAD[drawn] : drawn);
  }

  of(kind: Kind): PhoneCall {
    return { kind, number: this.#number(kind) };
  }

  #number(kind: Kind): string {
    const known = (): number => Math.floor(this.#roll() * KNOWN);
    switch (kind) {
      case 'list':
        return numberOf('list', Math.floor(this.#roll() * LIST_ENTRIES));
      case 'database known':
        return numberOf('database', known());
      case 'database new':
        if (this.#database >= DATABASE_ROWS) throw new Error('all VIPs of the database have called');
        return numberOf('database', this.#database++);
      case 'crm known':
        return numberOf('crm', known());
      case 'crm new':
        return numberOf('crm', this.#crm++);
      case 'stranger':
        return numberOf(
          'stranger',
          this.onlyKnown ? this.#strangers++ % KNOWN_STRANGERS : KNOWN_STRANGERS + this.#strangers++,
        );
    }
  }
}

/** What Core posts: seven keys of extradata, about 300 bytes. */
export function bodyOf({ number }: PhoneCall): string {
  return (
    `{"anum":"${number}","bnum":"+358942415000","targetid":"SALES_QUEUE","extradata":{"CallId":"3f1c0a4e-7f0e-4d19-9c11-2b7c5e0c8a11",` +
    '"LegId":"1","CurrQueueId":"a6b1b5a0-52a4-4b55-a6a5-0f6f3b0d9c01","CurrUserId":"","IsInternalCaller":false,' +
    '"DYN_PAR_Culture":"fi-FI","DYN_PAR_Skill":"sales"}}'
  );
}

/** `missed`: a VIP was not recognised, and the answer says that it could not tell. `shed`: likewise, for lack of room. */
export type Verdict = 'recognised' | 'stranger' | 'missed' | 'shed' | 'wrong';

/** Reasons that say "could not tell"; anything else without instructions says "is not a VIP". */
const COULD_NOT_TELL = new Set(['lookup-failed', 'timeout']);

/**
 * Holds an answer against what is known of the caller.
 * @param faulty something is broken now, so a provider may be unable to tell
 */
export function judge({ kind, number }: PhoneCall, answer: WireAnswer, faulty: boolean): Verdict {
  const couldNotTell = answer.status === 204 && answer.reason !== undefined && answer.body === '';
  if (couldNotTell && answer.reason === 'overloaded') return 'shed';
  if (kind === 'stranger') {
    if (!couldNotTell) return 'wrong';
    return answer.reason === 'no-match' || (faulty && COULD_NOT_TELL.has(answer.reason))
      ? 'stranger'
      : 'wrong';
  }
  if (couldNotTell && COULD_NOT_TELL.has(answer.reason)) return 'missed';
  return answer.status === 200 && answer.reason === 'matched' && answer.body === instructionsOf(kind, number)
    ? 'recognised'
    : 'wrong';
}

export function instructionsOf(kind: VipKind, number: string): string {
  const source = kind.split(' ')[0] as Source;
  return `{"InitialTarget":"VIP_SALES","ExtraPriority":20,"Greeting":"${nameOf(source, indexOf(source, number)!)}"}`;
}
