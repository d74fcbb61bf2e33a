import { extname } from 'node:path';
import { readVipRecords, VipLookupError, VipRecordError } from '../../plugin-api/index.js';
import type { RecordProblem, VipRecord } from '../../plugin-api/index.js';
import { isListHeader } from './list-header.js';
import { jsonEntries } from './json-entries.js';
import { lineOfInvalidText, readListBytes, withoutByteOrderMark } from './list-bytes.js';
import { LineProblems } from './line-problems.js';
import { Pace } from './pace.js';
import type { RawEntry } from './raw-entry.js';
import { RecordIndexBuilder } from './record-index.js';
import type { RecordIndex } from './record-index.js';
import { tableEntries } from './table-entries.js';
import { textTable } from './table-rows.js';
import { anyYamlEntries } from './yaml-process.js';

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
}

/** A list entry by entry, for lists that fit into memory so. */
export interface RecordList extends IndexedList {
  /** In the order of the list. */
  readonly records: readonly RecordOnLine[];
}

export interface ReadOptions {
  /** ISO 3166-1 alpha-2: how national numbers are read. */
  readonly country?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a list of VIP records from its bytes; makes way for other work every few milliseconds.
 * @param path decides by its ending how the list is written
 * @param each is called with each entry that can be read
 */
export async function readList(
  bytes: Buffer,
  path: string,
  { country, signal }: ReadOptions = {},
  each?: (entry: RecordOnLine) => void,
): Promise<IndexedList> {
  const pace = new Pace(signal);
  const problems = new LineProblems();
  const leftOut = new LineProblems();
  const warnings = new LineProblems();
  const builder = new RecordIndexBuilder();
  const entries = await entriesOf(bytes, path, problems, warnings, pace, signal);
  for await (const entry of entries) {
    if (pace.isDue) await pace.makeWay();
    if (entry === undefined) continue;
    const { line, fields, attributes } = entry;
    for (const read of readEntry(fields, line, country, { problems, leftOut, warnings })) {
      const record = attributes ? { ...read, attributes: { ...read.attributes, ...attributes } } : read;
      builder.add(record, line);
      each?.({ record, line });
    }
  }
  return {
    ...(await builder.build(pace)),
    problems: problems.sentences,
    problemCount: problems.total,
    leftOut: leftOut.sentences,
    leftOutCount: leftOut.total,
    warnings: warnings.sentences,
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
 * Reads a list of VIP records from a file. The ending says how it is written: `.csv`, `.json`, `.yaml` or `.yml`.
 * @throws VipLookupError when there is no such file, or it may not be read, or is larger than 256 MiB
 */
export async function readRecordFile(path: string, country?: string): Promise<RecordList> {
  return readRecords(await readListBytes(path, path), path, { country });
}

async function entriesOf(
  bytes: Buffer,
  path: string,
  problems: LineProblems,
  warnings: LineProblems,
  pace: Pace,
  signal: AbortSignal | undefined,
): Promise<AsyncIterable<RawEntry | undefined> | Iterable<RawEntry | undefined>> {
  const badLine = await lineOfInvalidText(bytes, pace);
  if (badLine !== undefined) {
    const message = 'is not UTF-8 text; save the file with the encoding UTF-8 (in Excel: "CSV UTF-8")';
    problems.add(badLine, '', message);
    return [];
  }
  const content = withoutByteOrderMark(bytes);
  switch (extname(path).toLowerCase()) {
    case '.csv':
      return tableEntries(await textTable(content, isListHeader, pace), problems, warnings);
    case '.json':
      return jsonEntries(content, problems);
    case '.yaml':
    case '.yml':
      return anyYamlEntries(content, problems, pace, signal);
    default:
      throw new VipLookupError(`the name of a list must end in .csv, .json, .yaml or .yml`);
  }
}

/** The records of an entry, one for each of its numbers; none when it cannot be used, which is told. */
function readEntry(
  fields: unknown,
  line: number,
  country: string | undefined,
  to: { problems: LineProblems; leftOut: LineProblems; warnings: LineProblems },
): VipRecord[] {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    to.problems.add(line, '', 'must be an object with at least a number and a tier');
    return [];
  }
  const onWarning = ({ field, message }: RecordProblem): void => to.warnings.add(line, field, message);
  try {
    return readVipRecords(fields as Record<string, unknown>, { country, onWarning });
  } catch (error) {
    if (!(error instanceof VipRecordError)) throw error;
    const bad = error.problems.filter(({ isLeftOut }) => !isLeftOut);
    for (const { field, message } of bad) to.problems.add(line, field, message);
    if (bad.length === 0) to.leftOut.add(line, error.problems[0]!.field, error.problems[0]!.message);
    return [];
  }
}
