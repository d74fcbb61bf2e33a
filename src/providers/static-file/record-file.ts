import { isUtf8 } from 'node:buffer';
import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { readVipRecord, VipLookupError, VipRecordError } from '../../plugin-api/index.js';
import type { VipRecord } from '../../plugin-api/index.js';
import { csvEntries } from './csv-entries.js';
import { findDuplicates } from './duplicates.js';
import type { Duplicate } from './duplicates.js';
import { jsonEntries } from './json-entries.js';
import { LineProblems } from './line-problems.js';
import type { LineProblem } from './line-problems.js';
import { Pace } from './pace.js';
import type { RawEntry } from './raw-entry.js';
import { yamlEntries } from './yaml-entries.js';

export const MAX_FILE_BYTES = 256 * 1024 * 1024;

/** A record and the line of the list that it stands on. */
export interface RecordOnLine {
  readonly record: VipRecord;
  /** From 1. */
  readonly line: number;
}

/** What a list says. It may be used only when `problemCount` is 0. */
export interface RecordFile {
  /** In the order of the list. */
  readonly records: readonly RecordOnLine[];
  /** What cannot be read, at most the first hundred. */
  readonly problems: readonly LineProblem[];
  readonly problemCount: number;
  /** Entries that say again what an earlier one says: same number, same targets, at the same time. */
  readonly duplicates: readonly Duplicate[];
  /** What can be read but is probably not meant, at most the first hundred. */
  readonly warnings: readonly LineProblem[];
  readonly warningCount: number;
}

export interface ReadOptions {
  /** ISO 3166-1 alpha-2: how national numbers are read. */
  readonly country?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The content of a list.
 * @param name what the file is called in messages
 * @throws VipLookupError when there is no such file, or it may not be read, or is larger than 256 MiB
 */
export async function readListBytes(path: string, name: string, signal?: AbortSignal): Promise<Buffer> {
  try {
    const file = await stat(path);
    if (!file.isFile()) throw new VipLookupError(`${name} is no file`);
    if (file.size > MAX_FILE_BYTES) {
      const mebibytes = Math.ceil(file.size / 1_048_576);
      throw new VipLookupError(`${name} has ${mebibytes} MiB; a list may have 256 MiB at most`);
    }
    return await readFile(path, { signal });
  } catch (error) {
    if (error instanceof VipLookupError) throw error;
    const { code } = error as { code?: string };
    if (code === 'ABORT_ERR') throw error;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new VipLookupError(`${name} does not exist`);
    if (code === 'EACCES' || code === 'EPERM') throw new VipLookupError(`${name} may not be read (${code})`);
    throw new VipLookupError(`${name} cannot be read (${code ?? 'unknown error'})`);
  }
}

/**
 * Reads a list of VIP records from its bytes; makes way for other work every few milliseconds.
 * @param path decides by its ending how the list is written
 */
export async function readRecords(
  bytes: Buffer,
  path: string,
  { country, signal }: ReadOptions = {},
): Promise<RecordFile> {
  const pace = new Pace(signal);
  const problems = new LineProblems();
  const warnings = new LineProblems();
  const records: RecordOnLine[] = [];
  const share = sharing();
  for await (const { line, fields, attributes } of entriesOf(bytes, path, problems, warnings, pace)) {
    if (pace.isDue) await pace.makeWay();
    const record = readEntry(fields, line, country, problems);
    if (record === undefined) continue;
    if (isUnreadNumber(record.number)) warnings.add(line, 'number', unreadNumber(country));
    records.push({
      line,
      record: {
        ...record,
        tier: share(record.tier),
        ...(record.targets && { targets: record.targets.map(share) }),
        ...(attributes && { attributes: { ...record.attributes, ...attributes } }),
      },
    });
  }
  return {
    records,
    problems: problems.listed,
    problemCount: problems.total,
    duplicates: await findDuplicates(records, pace),
    warnings: warnings.listed,
    warningCount: warnings.total,
  };
}

function entriesOf(
  bytes: Buffer,
  path: string,
  problems: LineProblems,
  warnings: LineProblems,
  pace: Pace,
): AsyncIterable<RawEntry> | Iterable<RawEntry> {
  if (!isUtf8(bytes)) {
    problems.add(
      lineOfInvalidText(bytes),
      '',
      'is no UTF-8 text; save the file with the encoding UTF-8 (in Excel: "CSV UTF-8")',
    );
    return [];
  }
  const content = bytes.subarray(0, 3).toString('hex') === 'efbbbf' ? bytes.subarray(3) : bytes;
  switch (extname(path).toLowerCase()) {
    case '.csv':
      return csvEntries(content, problems, warnings);
    case '.json':
      return jsonEntries(content, problems);
    case '.yaml':
    case '.yml':
      return yamlEntries(content.toString('utf8'), problems, pace);
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
    : `is no telephone number of ${country}, so it is compared as text; check it, or write + and the country code`;
}

function lineOfInvalidText(bytes: Buffer): number {
  let line = 1;
  for (let from = 0; ; line++) {
    const end = bytes.indexOf(0x0a, from);
    if (end === -1 || !isUtf8(bytes.subarray(from, end))) return line;
    from = end + 1;
  }
}

/** Equal texts become one: a hundred thousand entries have few different tiers and targets. */
function sharing(): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const same = known.get(text);
    if (same === undefined) known.set(text, text);
    return same ?? text;
  };
}
