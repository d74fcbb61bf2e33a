import { extname } from 'node:path';
import { readVipRecord, VipLookupError, VipRecordError } from '../../plugin-api/index.js';
import type { VipRecord } from '../../plugin-api/index.js';
import { csvEntries } from './csv-entries.js';
import { jsonEntries } from './json-entries.js';
import { lineOfInvalidText, readListBytes, withoutByteOrderMark } from './list-bytes.js';
import { LineProblems } from './line-problems.js';
import { Pace } from './pace.js';
import type { RawEntry } from './raw-entry.js';
import { RecordIndexBuilder } from './record-index.js';
import type { RecordIndex } from './record-index.js';
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
  /** What cannot be read: `line 4, tier: is missing; …`. The list may be used only when there is none. */
  readonly problems: readonly string[];
  readonly problemCount: number;
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
  const warnings = new LineProblems();
  const builder = new RecordIndexBuilder();
  const entries = await entriesOf(bytes, path, problems, warnings, pace, signal);
  for await (const entry of entries) {
    if (pace.isDue) await pace.makeWay();
    if (entry === undefined) continue;
    const { line, fields, attributes } = entry;
    const read = readEntry(fields, line, country, problems);
    if (read === undefined) continue;
    if (isUnreadNumber(read.number)) warnings.add(line, 'number', unreadNumber(country));
    const record = attributes ? { ...read, attributes: { ...read.attributes, ...attributes } } : read;
    builder.add(record, line);
    each?.({ record, line });
  }
  return {
    ...(await builder.build(pace)),
    problems: problems.sentences,
    problemCount: problems.total,
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
      return csvEntries(content, problems, warnings);
    case '.json':
      return jsonEntries(content, problems);
    case '.yaml':
    case '.yml':
      return anyYamlEntries(content, problems, pace, signal);
    default:
      throw new VipLookupError(`the name of a list must end in .csv, .json, .yaml or .yml`);
  }
}

function readEntry(
  fields: unknown,
  line: number,
  country: string | undefined,
  problems: LineProblems,
): VipRecord | undefined {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    problems.add(line, '', 'must be an object with at least a number and a tier');
    return undefined;
  }
  try {
    return readVipRecord(fields as Record<string, unknown>, { country });
  } catch (error) {
    if (!(error instanceof VipRecordError)) throw error;
    for (const { field, message } of error.problems) problems.add(line, field, message);
    return undefined;
  }
}

/** Looks like a telephone number but is compared as text: too long for an extension, and no E.164 number. */
function isUnreadNumber(number: string): boolean {
  return /^[\d\s()./-]{7,}$/.test(number) && number.replace(/\D/g, '').length >= 7;
}

function unreadNumber(country: string | undefined): string {
  return country === undefined
    ? 'is written nationally but no country is configured, so it is compared as text; set country, or write + and the country code'
    : `is not a telephone number of ${country}, so it is compared as text; check it, or write + and the country code`;
}
