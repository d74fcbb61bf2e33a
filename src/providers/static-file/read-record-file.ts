import { describeAll, describeProblem } from './line-problems.js';
import { readListBytes, readRecords } from './record-file.js';
import type { RecordFile, RecordOnLine } from './record-file.js';

/** What a list says, with all that is to be said about it as sentences: `line 4, tier: is missing; …`. */
export interface RecordList {
  /** In the order of the list. */
  readonly records: readonly RecordOnLine[];
  /** What cannot be read: the first hundred, and `and N more`. The list may be used only when there is none. */
  readonly problems: readonly string[];
  readonly problemCount: number;
  /** Entries that say again what an earlier one says, capped likewise. */
  readonly duplicates: readonly string[];
  /** What can be read but is probably not meant, capped likewise. */
  readonly warnings: readonly string[];
}

/**
 * Reads a list of VIP records. The ending says how it is written: `.csv`, `.json`, `.yaml` or `.yml`.
 * @param country ISO 3166-1 alpha-2: how national numbers are read
 * @throws VipLookupError when there is no such file, or it may not be read, or is larger than 256 MiB
 */
export async function readRecordFile(path: string, country?: string): Promise<RecordList> {
  const bytes = await readListBytes(path, path);
  return inSentences(await readRecords(bytes, path, { country }));
}

export function inSentences(file: RecordFile): RecordList {
  return {
    records: file.records,
    problems: describeAll(file.problems, file.problemCount, describeProblem),
    problemCount: file.problemCount,
    duplicates: describeAll(
      file.duplicates,
      file.duplicates.length,
      ({ line, firstLine }) => `line ${line} repeats line ${firstLine}`,
    ),
    warnings: describeAll(file.warnings, file.warningCount, describeProblem),
  };
}
