import { setTimeout as sleep } from 'node:timers/promises';
import {
  Caller,
  EntryTally,
  readWrittenNumbers,
  SeenNumbers,
  VipRecordError,
} from '../../plugin-api/index.js';
import type { ProviderContext, VipRecord } from '../../plugin-api/index.js';
import type { Row } from '../../database/select.js';
import type { StoredNumbers } from './stored-numbers.js';
import { OWN_TABLE, plainValue, recordOf } from './vip-table.js';
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

const NO_TIER = 'tier: says that there is none';
const NO_NUMBER = 'without a number';
const OTHER_SPELLING =
  "with a number that is not written in one of the provider's spellings; name its spelling under spellings";

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
      tally.add(record, place);
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

/**
 * Counts the VIPs among rows of a customer's table.
 * @param rows the first of the table, as it hands them out; a place is a row's position
 */
export async function countSample(
  rows: readonly Row[],
  table: VipTable,
  numbers: StoredNumbers,
  { country, timezone }: Pick<ProviderContext, 'country' | 'timezone'>,
  signal: AbortSignal,
): Promise<EntryTally> {
  const tally = new EntryTally('row');
  if (rows.length === SAMPLE_ROWS) tally.firstRows = SAMPLE_ROWS;
  const seen = new SeenNumbers();
  for (const [index, row] of rows.entries()) {
    if (index % ROWS_AT_ONCE === ROWS_AT_ONCE - 1) await sleep(0, undefined, { signal });
    const place = index + 1;
    const stored = plainValue(row['number']);
    const isText = typeof stored === 'string' || typeof stored === 'number';
    const text = isText ? String(stored).trimEnd() : '';
    const keys = readWrittenNumbers(text, country).keys;
    const record = readRow(row, table, keys[0] ?? text, timezone, tally, place);
    if (record == null) continue;
    const isFound = (key: string): boolean => isFoundAs(key, text, stored, numbers, country);
    // Digits alone may be those of E.164.
    const problem = [...keys, `+${text}`, text].some(isFound) ? undefined : OTHER_SPELLING;
    tally.add(record, place, text === '' ? NO_NUMBER : problem);
    if (keys.length > 0 && seen.isRepeat(record)) tally.addRepeat(place);
  }
  return tally;
}

/** Whether a lookup of this caller finds what is stored, and takes it for the caller's. */
function isFoundAs(
  key: string,
  text: string,
  stored: unknown,
  numbers: StoredNumbers,
  country: string | undefined,
): boolean {
  const caller = Caller.read(key, country);
  // A numeric column is compared by its value.
  const isNumeric = typeof stored === 'number' || /^\d+[.,]0+$/.test(text);
  const value = Number.parseFloat(text);
  const isAskedFor = numbers
    .textsOf(caller)
    .some((asked) => asked === text || (isNumeric && Number(asked) === value));
  return isAskedFor && numbers.isCaller(text, caller);
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
  const own = rows.filter((row) => isCallers(String(row['number'])));
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
