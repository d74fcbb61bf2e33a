import { extname } from 'node:path';
import { readVipRecord, VipLookupError, VipRecordError } from '../../plugin-api/index.js';
import type { VipRecord } from '../../plugin-api/index.js';
import { csvEntries } from './csv-entries.js';
import type { Duplicates } from './duplicates.js';
import { jsonEntries } from './json-entries.js';
import { lineOfInvalidText, withoutByteOrderMark } from './list-bytes.js';
import { LineProblems } from './line-problems.js';
import type { LineProblem } from './line-problems.js';
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

/** What is to be said about a list. It may be used only when `problemCount` is 0. */
export interface Findings {
  /** What cannot be read, at most the first hundred. */
  readonly problems: readonly LineProblem[];
  readonly problemCount: number;
  /** What can be read but is probably not meant, at most the first hundred. */
  readonly warnings: readonly LineProblem[];
  readonly warningCount: number;
  /** Entries that say again what an earlier one says: same number, same targets, at the same time. */
  readonly duplicates: Duplicates;
}

/** A list for looking callers up. What can be read of it is in the index, whatever the problems. */
export interface IndexedList extends Findings {
  readonly index: RecordIndex;
}

/** A list entry by entry, for lists that fit into memory so. */
export interface RecordFile extends Findings {
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
    problems: problems.listed,
    problemCount: problems.total,
    warnings: warnings.listed,
    warningCount: warnings.total,
  };
}

/** As `readList`, with all its records. */
export async function readRecords(
  bytes: Buffer,
  path: string,
  options: ReadOptions = {},
): Promise<RecordFile> {
  const records: RecordOnLine[] = [];
  const list = await readList(bytes, path, options, (entry) => records.push(entry));
  return { ...list, records };
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
