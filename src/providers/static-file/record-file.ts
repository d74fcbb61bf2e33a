import { readVipRecords, VipRecordError } from '../../plugin-api/index.js';
import type { DateOrder, EntryTally, RecordProblem, VipRecord } from '../../plugin-api/index.js';
import { readListBytes } from './list-bytes.js';
import { ListReader } from './list-entries.js';
import type { ListOptions } from './list-entries.js';
import { LineProblems } from './line-problems.js';
import { Pace } from './pace.js';
import type { RawEntry } from './raw-entry.js';
import { RecordIndexBuilder } from './record-index.js';
import type { RecordIndex } from './record-index.js';
import type { Remarks } from './line-problems.js';

/** A record and the line of the list that it stands on. */
export interface RecordOnLine {
  readonly record: VipRecord;
  /** From 1. */
  readonly line: number;
}

/** A list for looking callers up, and all that is to be said about it, as sentences: the first hundred, and `and N more`. */
export interface IndexedList {
  /** What can be read of the list, whatever the problems. */
  readonly index: RecordIndex;
  /** What cannot be read: `line 4, tier: is missing; …`. */
  readonly problems: readonly string[];
  readonly problemCount: number;
  /** Entries that are nobody's, or not clearly somebody's; they are no reason to refuse the list. */
  readonly leftOut: readonly string[];
  readonly leftOutCount: number;
  /** What can be read but is probably not meant. */
  readonly warnings: readonly string[];
  /** Entries that say again what an earlier one says: same number, same targets, at the same time. */
  readonly duplicates: readonly string[];
  /** Of the entries of the index. */
  readonly tally: EntryTally;
  /** What the text was read as, such as `windows-1252`; `undefined` when it cannot be read. */
  readonly encoding: string | undefined;
  /** Of a file of contacts, what was taken from it and what was left. */
  readonly contacts: string | undefined;
}

/** A list entry by entry, for lists that fit into memory so. */
export interface RecordList extends IndexedList {
  /** In the order of the list. */
  readonly records: readonly RecordOnLine[];
}

export interface ReadOptions extends ListOptions {
  /** IANA name: where a date without a time is a whole day. Default: UTC. */
  readonly timezone?: string | undefined;
  readonly dateOrder?: DateOrder | undefined;
}

/**
 * Reads a list of VIP records from its bytes; makes way for other work every few milliseconds.
 * @param path decides by its ending how the list is written
 * @param each is called with each entry that can be read
 */
export async function readList(
  bytes: Buffer,
  path: string,
  options: ReadOptions = {},
  each?: (entry: RecordOnLine) => void,
): Promise<IndexedList> {
  const { signal } = options;
  const pace = new Pace(signal);
  const remarks = { problems: new LineProblems(), leftOut: new LineProblems(), warnings: new LineProblems() };
  const builder = new RecordIndexBuilder();
  const list = await new ListReader(path, options, remarks, pace).read(bytes);
  for await (const entry of list.entries) {
    if (pace.isDue) await pace.makeWay();
    if (entry === undefined) continue;
    const { line, attributes } = entry;
    for (const read of readEntry(entry, options, remarks)) {
      const record = attributes ? { ...read, attributes: { ...read.attributes, ...attributes } } : read;
      builder.add(record, line);
      each?.({ record, line });
    }
  }
  return {
    ...(await builder.build(pace)),
    problems: remarks.problems.sentences,
    problemCount: remarks.problems.total,
    leftOut: remarks.leftOut.sentences,
    leftOutCount: remarks.leftOut.total,
    warnings: remarks.warnings.sentences,
    encoding: list.encoding,
    contacts: list.contacts?.report,
  };
}

/** As `readList`, with all its records. */
export async function readRecords(
  bytes: Buffer,
  path: string,
  options: ReadOptions = {},
): Promise<RecordList> {
  const records: RecordOnLine[] = [];
  const list = await readList(bytes, path, options, (entry) => records.push(entry));
  return { ...list, records };
}

/**
 * Reads a list of VIP records from a file. The ending says how it is written: `list-endings.ts`.
 * @throws VipLookupError when there is no such file, or it may not be read, or is larger than 256 MiB
 */
export async function readRecordFile(path: string, options: ReadOptions = {}): Promise<RecordList> {
  return readRecords(await readListBytes(path, path), path, options);
}

/** The records of an entry, one for each of its numbers; none when it cannot be used, which is told. */
function readEntry(
  { line, fields, looseFields = [] }: RawEntry,
  { country, timezone, dateOrder }: ReadOptions,
  to: Remarks,
): VipRecord[] {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    to.problems.add(line, '', 'must be an object with at least a number and a tier');
    return [];
  }
  const onWarning = ({ field, message }: RecordProblem): void => to.warnings.add(line, field, message);
  try {
    return readVipRecords(fields as Record<string, unknown>, { country, timezone, dateOrder, onWarning });
  } catch (error) {
    if (!(error instanceof VipRecordError)) throw error;
    const bad = error.problems.filter(({ isLeftOut, field }) => !isLeftOut && !looseFields.includes(field));
    for (const { field, message } of bad) to.problems.add(line, field, message);
    if (bad.length === 0) to.leftOut.add(line, error.problems[0]!.field, error.problems[0]!.message);
    return [];
  }
}
