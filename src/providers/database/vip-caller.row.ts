import {
  MAX_NUMBER_LENGTH,
  readVipRecord,
  RECORD_FIELDS,
  recordTexts,
  VipRecordError,
} from '../../plugin-api/index.js';
import type { RecordField, RecordProblem, VipRecord } from '../../plugin-api/index.js';
import { UNSTORABLE } from './stored-numbers.js';

/** The column of the service's own table that holds a field. */
export const columnOf = (field: RecordField): string =>
  field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The columns that an import writes, in the order of `recordTexts`. */
export const WRITTEN_COLUMNS = RECORD_FIELDS.map(columnOf);

/** Leaves a row of an export well below what is read as one row of CSV. */
const MAX_TARGETS_CHARACTERS = 100_000;

/** Entries of the same number for the same targets are one another's successors. */
export function identityOf(number: string, targets: readonly string[] = []): string {
  return JSON.stringify([number, ...[...new Set(targets)].sort()]);
}

/** @throws VipRecordError listing every entry (`[0]` is the first) that the table cannot hold */
export function refuseUnstorable(records: readonly VipRecord[]): void {
  const problems = records.flatMap((record, index) =>
    problemsOf(record).map(({ field, message }) => ({ field: `[${index}].${field}`, message })),
  );
  if (problems.length > 0) throw new VipRecordError(problems);
}

function problemsOf(record: VipRecord): RecordProblem[] {
  const texts = recordTexts(record);
  const problems: RecordProblem[] = RECORD_FIELDS.filter((_, index) =>
    UNSTORABLE.test(texts[index] ?? ''),
  ).map((field) => ({ field, message: 'has a NUL or half a character in it' }));
  if (record.number.length > MAX_NUMBER_LENGTH) {
    problems.push({ field: 'number', message: `is longer than ${MAX_NUMBER_LENGTH} characters` });
  }
  if (record.targets?.some((target) => target.includes(';'))) {
    problems.push({ field: 'targets', message: 'has a ; within a targetid, which separates targetids here' });
  }
  if ((record.targets?.join(';').length ?? 0) > MAX_TARGETS_CHARACTERS) {
    problems.push({ field: 'targets', message: `has more than ${MAX_TARGETS_CHARACTERS} characters in all` });
  }
  return [...problems, ...readBackProblems(texts)];
}

/** Reading has limits of its own, for JSON text for instance; an entry beyond them would fail its caller later. */
function readBackProblems(texts: readonly (string | null)[]): readonly RecordProblem[] {
  const { number, ...raw } = Object.fromEntries(RECORD_FIELDS.map((field, index) => [field, texts[index]]));
  try {
    readVipRecord(raw, { number: number! });
    return [];
  } catch (error) {
    if (error instanceof VipRecordError) return error.problems;
    throw error;
  }
}
