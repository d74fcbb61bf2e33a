import { setTimeout as sleep } from 'node:timers/promises';
import {
  Caller,
  EntryTally,
  isNothing,
  numberProblem,
  readWrittenNumbers,
  SeenNumbers,
  SPELLINGS,
  VipRecordError,
} from '../../plugin-api/index.js';
import type { ProviderContext, VipRecord } from '../../plugin-api/index.js';
import type { Row } from '../../database/select.js';
import { asSeen, HIDDEN } from './hidden-characters.js';
import type { StoredNumbers } from './stored-numbers.js';
import { numberIn, OWN_TABLE, plainValue, recordOf } from './vip-table.js';
import type { VipTable } from './vip-table.js';

/** How much of the own table is counted. */
const MAX_OWN_ROWS = 200_000;
/** How much of a customer's table is read. */
export const SAMPLE_ROWS = 10_000;
/** An embedded database is read in the thread that answers calls. */
export const PAGE_ROWS = 200;
/** Between two pages, so that the database is there for calls most of the time. */
const PAUSE_MS = 20;
/** Rows of a sample between two looks at the event loop. */
const ROWS_AT_ONCE = 100;

/** How many shapes of numbers a database is asked about: equal are those that it takes for equal. */
const MAX_SHAPES = 20;

const NO_TIER = 'tier: says that there is none';
const NO_NUMBER = 'without a number';
const OTHER_SPELLING =
  "with a number that is not written in one of the provider's spellings; name its spelling under spellings";
const NO_SPELLING =
  'with a number that is written in none of the spellings there are; name a view or a column that has it without separators';
const NOT_ONE = 'with something else than one whole number; have one number in each row';
const RANGE =
  "with a range, which no lookup finds in a customer's table; put it into a list or the service's own table, with a provider of its own";

/**
 * Counts the entries of the own table, the first 200,000.
 * @param page reads `PAGE_ROWS` rows after an id, with theirs
 */
export async function countOwnEntries(
  page: (afterId: string) => Promise<readonly Row[]>,
  timezone: string,
  signal: AbortSignal,
): Promise<EntryTally> {
  const tally = new EntryTally('row');
  const seen = new SeenNumbers();
  let rows = await page('0');
  for (let read = 0; rows.length > 0;) {
    for (const row of rows) {
      const place = Number(row['id']);
      const record = readRow(row, OWN_TABLE, String(row['number']), timezone, tally, place);
      if (record === undefined) continue;
      if (record === null) {
        tally.addUnreadable(place, NO_TIER);
        continue;
      }
      tally.add(record, place, problemOfOwn(record.number));
      if (seen.isRepeat(record)) tally.addRepeat(place);
    }
    read += rows.length;
    if (read >= MAX_OWN_ROWS) {
      tally.firstRows = read;
      break;
    }
    await sleep(PAUSE_MS, undefined, { signal });
    rows = await page(String(rows.at(-1)!['id']));
  }
  return tally;
}

/** A caller's number has no blanks around it. */
function problemOfOwn(number: string): string | undefined {
  const problem = numberProblem(number);
  if (number === '' || number === asSeen(number)) return problem;
  const isCured = problem !== undefined && numberProblem(asSeen(number)) === undefined;
  return isCured || number !== number.trim() ? HIDDEN : problem;
}

/**
 * Counts the VIPs among rows of a customer's table.
 * @param rows the first of the table, as it hands them out; a place is a row's position
 * @param find the rows that a lookup with these texts gets
 */
export async function countSample(
  rows: readonly Row[],
  table: VipTable,
  numbers: StoredNumbers,
  { country, timezone }: Pick<ProviderContext, 'country' | 'timezone'>,
  find: (texts: readonly string[]) => Promise<readonly Row[]>,
  signal: AbortSignal,
): Promise<EntryTally> {
  const lookups = new Lookups(numbers, country, find);
  const tally = new EntryTally('row');
  if (rows.length === SAMPLE_ROWS) tally.firstRows = SAMPLE_ROWS;
  const seen = new SeenNumbers();
  for (const [index, row] of rows.entries()) {
    if (index % ROWS_AT_ONCE === ROWS_AT_ONCE - 1) await sleep(0, undefined, { signal });
    const place = index + 1;
    const stored = plainValue(row['number']);
    const isText = typeof stored === 'string' || typeof stored === 'number';
    const text = isText ? asSeen(String(stored)) : '';
    const keys = readWrittenNumbers(text, country).keys;
    const record = readRow(row, table, keys[0] ?? text, timezone, tally, place);
    if (record == null) continue;
    tally.add(
      record,
      place,
      text === '' || isNothing(text) ? NO_NUMBER : await lookups.problemOf(stored, text, keys),
    );
    if (keys.length > 0 && seen.isRepeat(record)) tally.addRepeat(place);
  }
  return tally;
}

const IS_RANGE = /^\+\d+\*$/;

/** Whether lookups find what is stored. */
class Lookups {
  /** Shape of a stored number -> whether the database finds it, although it is not what it is asked for. */
  readonly #shapes = new Map<string, boolean>();

  constructor(
    private readonly numbers: StoredNumbers,
    private readonly country: string | undefined,
    private readonly find: (texts: readonly string[]) => Promise<readonly Row[]>,
  ) {}

  async problemOf(stored: unknown, text: string, keys: readonly string[]): Promise<string | undefined> {
    const raw = String(stored);
    if (keys.some((key) => IS_RANGE.test(key))) return RANGE;
    // A numeric column is compared by its value.
    const isNumeric = typeof stored === 'number' || /^\d+[.,]0+$/.test(raw);
    const value = Number.parseFloat(raw);
    const isAsked = (asked: string): boolean => asked === raw || (isNumeric && Number(asked) === value);
    // Digits alone may be those of E.164.
    const callers = [...keys, `+${text}`, text].map((key) => Caller.read(key, this.country));
    const own = callers.filter((caller) => this.numbers.isCaller(raw, caller));
    if (own.some((caller) => this.numbers.textsOf(caller).some(isAsked))) return undefined;
    if (await this.#isFound(stored, raw, own)) return undefined;
    const isHidden = callers.some(
      (caller) => this.numbers.isCaller(text, caller) && this.numbers.textsOf(caller).includes(text),
    );
    if (isHidden) return HIDDEN;
    if (keys.length !== 1) return NOT_ONE;
    // Phone systems send extensions and names as they are; a telephone number is never sent with separators.
    const isSpelled = callers.some((caller) =>
      caller.spellings(SPELLINGS.filter((spelling) => spelling !== 'text')).some(isAsked),
    );
    const isBare = /^\+?[\d ]+$/.test(text) || numberProblem(text) === undefined;
    return isSpelled || isBare ? OTHER_SPELLING : NO_SPELLING;
  }

  /** Blanks at the end, for example, count in SQLite, and in MariaDB they do not. */
  async #isFound(stored: unknown, raw: string, callers: readonly Caller[]): Promise<boolean> {
    const texts = [...new Set(callers.flatMap((caller) => this.numbers.textsOf(caller)))];
    if (texts.length === 0) return false;
    const shape = raw.replace(/\d/g, '0');
    const known = this.#shapes.get(shape);
    if (known !== undefined || this.#shapes.size === MAX_SHAPES) return known ?? false;
    const found = (await this.find(texts)).some((row) => plainValue(row['number']) === stored);
    this.#shapes.set(shape, found);
    return found;
  }
}

function readRow(
  row: Row,
  table: VipTable,
  number: string,
  timezone: string,
  tally: EntryTally,
  place: number,
): VipRecord | null | undefined {
  try {
    return recordOf(row, table, number, timezone);
  } catch (error) {
    if (!(error instanceof VipRecordError)) throw error;
    tally.addUnreadable(place, error.message);
    return undefined;
  }
}

/** Why rows that have a caller's number, or look like it, do not make the caller a VIP. */
export function explainRows(
  rows: readonly Row[],
  table: VipTable,
  isCallers: (number: string) => boolean,
): string {
  const own = rows.filter((row) => isCallers(numberIn(row)));
  const without = own.filter((row) => recordOf(row, table, '', 'UTC') === null).length;
  const strangers = rows.length - own.length;
  const parts = [
    without > 0 && `${counted(without)} with this number, without a tier`,
    strangers > 0 && `${counted(strangers)} with the same digits, which are another number there`,
  ].filter((part) => part !== false);
  if (parts.length > 0) return parts.join('; ');
  return own.length > 0
    ? `${counted(own.length)} with this number by now`
    : `no row has this number${table.isOwn ? ', or a range with it' : ' in one of the spellings'}`;
}

function counted(rows: number): string {
  return rows === 1 ? '1 row' : `${rows} rows`;
}
