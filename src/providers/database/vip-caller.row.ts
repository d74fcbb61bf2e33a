import { readVipRecord, VipRecordError } from '../../plugin-api/index.js';
import type { RecordProblem, VipRecord } from '../../plugin-api/index.js';
import { isStorable } from './stored-numbers.js';

/** The columns that an import writes, in the order of `valuesOf` and of `RECORD_FIELDS`. */
export const WRITTEN_COLUMNS = [
  'number',
  'tier',
  'name',
  'targets',
  'valid_from',
  'valid_until',
  'attributes',
  'instructions',
] as const;

const DAY_MS = 86_400_000;
const FARTHEST_ZONE_MS = DAY_MS - 60_000;
/** Leaves a row of an export well below what is read as one row of CSV. */
const MAX_TARGETS_CHARACTERS = 100_000;

/** A record as the table, and an export, holds it: texts in the order of `RECORD_FIELDS`. */
export function valuesOf(record: VipRecord): (string | null)[] {
  return [
    record.number,
    record.tier,
    record.name ?? null,
    record.targets === undefined ? null : record.targets.join(';'),
    record.validFromMs === undefined ? null : instantText(record.validFromMs, 0),
    record.validUntilMs === undefined ? null : instantText(record.validUntilMs, DAY_MS),
    record.attributes === undefined ? null : JSON.stringify(record.attributes),
    record.instructions === undefined ? null : JSON.stringify(record.instructions),
  ];
}

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
  const problems: RecordProblem[] = [];
  if (!isStorable(record.number)) {
    problems.push({ field: 'number', message: 'is too long, or has a NUL or half a character in it' });
  }
  if (/[\0\p{Surrogate}]/u.test([record.tier, record.name ?? '', ...(record.targets ?? [])].join(' '))) {
    problems.push({ field: 'tier, name or targets', message: 'has a NUL or half a character in it' });
  }
  if (record.targets?.some((target) => target.includes(';'))) {
    problems.push({ field: 'targets', message: 'has a ; within a targetid, which separates targetids here' });
  }
  if ((record.targets?.join(';').length ?? 0) > MAX_TARGETS_CHARACTERS) {
    problems.push({ field: 'targets', message: `has more than ${MAX_TARGETS_CHARACTERS} characters in all` });
  }
  return [...problems, ...readBackProblems(record)];
}

/** Reading has limits of its own, for JSON text for instance; an entry beyond them would fail its caller later. */
function readBackProblems(record: VipRecord): readonly RecordProblem[] {
  const [number, tier, name, targets, validFrom, validUntil, attributes, instructions] = valuesOf(record);
  const raw = { tier, name, targets, validFrom, validUntil, attributes, instructions };
  try {
    readVipRecord(raw, { number: number! });
    return [];
  } catch (error) {
    if (error instanceof VipRecordError) return error.problems;
    throw error;
  }
}

/**
 * ISO 8601 as `readVipRecord` reads it back: a whole day as its date; in a zone far enough away where the year would not have
 * four digits in UTC.
 * @param dayMs the length of the day that a date without a time ends, 0 for one that begins it
 */
function instantText(ms: number, dayMs: number): string {
  const day = new Date(ms - dayMs).toISOString();
  if (ms % DAY_MS === 0 && hasPlainYear(day)) return day.slice(0, 'YYYY-MM-DD'.length);
  const text = new Date(ms).toISOString();
  if (hasPlainYear(text)) return text;
  const [awayMs, zone] = ms < 0 ? [FARTHEST_ZONE_MS, '+23:59'] : [-FARTHEST_ZONE_MS, '-23:59'];
  return new Date(ms + awayMs).toISOString().replace('Z', zone);
}

function hasPlainYear(text: string): boolean {
  return /^\d{4}-/.test(text);
}
