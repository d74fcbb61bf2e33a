import { readListBytes } from './list-bytes.js';
import { describeAll, describeProblem } from './line-problems.js';
import { readRecords } from './record-file.js';
import type { Findings, RecordOnLine } from './record-file.js';

/** All that is to be said about a list, as sentences: `line 4, tier: is missing; …`. */
export interface ListReport {
  /** What cannot be read: the first hundred, and `and N more`. The list may be used only when there is none. */
  readonly problems: readonly string[];
  readonly problemCount: number;
  /** Entries that say again what an earlier one says, capped likewise. */
  readonly duplicates: readonly string[];
  /** What can be read but is probably not meant, capped likewise. */
  readonly warnings: readonly string[];
}

/** What a list says, and what is to be said about it. */
export interface RecordList extends ListReport {
  /** In the order of the list. */
  readonly records: readonly RecordOnLine[];
}

/**
 * Reads a list of VIP records. The ending says how it is written: `.csv`, `.json`, `.yaml` or `.yml`.
 * @param country ISO 3166-1 alpha-2: how national numbers are read
 * @throws VipLookupError when there is no such file, or it may not be read, or is larger than 256 MiB
 */
export async function readRecordFile(path: string, country?: string): Promise<RecordList> {
  const bytes = await readListBytes(path, path);
  const list = await readRecords(bytes, path, { country });
  return { records: list.records, ...inSentences(list) };
}

export function inSentences(file: Findings): ListReport {
  return {
    problems: describeAll(file.problems, file.problemCount, describeProblem),
    problemCount: file.problemCount,
    duplicates: describeAll(
      file.duplicates.listed,
      file.duplicates.total,
      ({ line, firstLine }) => `line ${line} repeats line ${firstLine}`,
    ),
    warnings: describeAll(file.warnings, file.warningCount, describeProblem),
  };
}
