import type { Json, JsonObject } from '../common/json.js';
import { isDeeperThan, isPlainObject } from '../common/json.js';
import { MAX_NUMBER_LENGTH, readNumber, readRange } from './phone-number.js';

/**
 * One entry of a VIP list, in the form that the decision works with.
 * @since 0.1.0
 */
export interface VipRecord {
  /** E.164 (`+358501231234`), a range (`+3589123*`), or the text itself for anything that is no E.164 number. */
  readonly number: string;
  /** What routes are chosen by, for example `gold`. */
  readonly tier: string;
  /** Who that is, for templates: `{{ name }}`; at most 200 characters. */
  readonly name?: string;
  /** The targetids this entry is limited to, compared exactly; absent: all. */
  readonly targets?: readonly string[];
  /** First instant the entry is valid, milliseconds since the epoch. */
  readonly validFromMs?: number;
  /** First instant the entry is no longer valid, milliseconds since the epoch. */
  readonly validUntilMs?: number;
  /** Further fields, for templates: `{{ attributes.company }}`. */
  readonly attributes?: Readonly<JsonObject>;
  /** Laid over the route's instructions; `null` takes a property away. */
  readonly instructions?: Readonly<JsonObject>;
}

/**
 * The fields of a record as people write them, in CSV, JSON, YAML or a CRM mapping.
 * @since 0.1.0
 */
export const RECORD_FIELDS = [
  'number',
  'tier',
  'name',
  'targets',
  'validFrom',
  'validUntil',
  'attributes',
  'instructions',
] as const;

/**
 * One thing that is wrong with a record as written.
 * @since 0.1.0
 */
export interface RecordProblem {
  /** The field at fault; `''` when the record as a whole is. */
  readonly field: string;
  /** What is wrong and how to mend it; never the record's own values. */
  readonly message: string;
}

/**
 * A record could not be read; lists everything that is wrong with it.
 * @since 0.1.0
 */
export class VipRecordError extends Error {
  override readonly name = 'VipRecordError';
  constructor(readonly problems: readonly RecordProblem[]) {
    super(
      problems
        .map((problem) => (problem.field ? `${problem.field}: ${problem.message}` : problem.message))
        .join('; '),
    );
  }
}

const MAX_TIER_LENGTH = 64;
const MAX_NAME_LENGTH = 200;
const MAX_TARGETS = 1_000;
const MAX_OBJECT_CHARACTERS = 16_384;
const MAX_OBJECT_DEPTH = 50;
/** How many fields that are none are told one by one. */
const MAX_UNKNOWN = 10;

/**
 * Reads one record as written in CSV, JSON, YAML, a database row or a CRM mapping. Texts are trimmed; `null` and empty
 * text mean absent. `targets` may be a list or a text separated by `;`; `attributes` and `instructions` objects or JSON
 * text, nested no deeper than 50 levels. A date without a time is the whole day, UTC, both ends included.
 * @param raw the fields, `RECORD_FIELDS`; others are refused, put them under `attributes`
 * @param options.country how a national number is read
 * @param options.number used when `raw` has none, for backends that were asked for one number
 * @throws VipRecordError with every problem; of fields that are none, the first ten and how many more
 * @since 0.1.0
 */
export function readVipRecord(
  raw: Readonly<Record<string, unknown>>,
  options: { country?: string | undefined; number?: string } = {},
): VipRecord {
  const reader = new FieldReader(raw);
  reader.refuseOthers(RECORD_FIELDS);
  const number =
    raw['number'] == null && options.number !== undefined ? options.number : reader.number(options.country);
  const tier = reader.text('tier', MAX_TIER_LENGTH);
  if (tier === undefined && !reader.has('tier'))
    reader.problem('tier', 'is missing; write the tier that routes name, for example gold');
  const name = reader.text('name', MAX_NAME_LENGTH);
  const targets = reader.targets();
  const validFromMs = reader.instant('validFrom', 'start');
  const validUntilMs = reader.instant('validUntil', 'end');
  if (validFromMs !== undefined && validUntilMs !== undefined && validFromMs >= validUntilMs) {
    reader.problem('validUntil', 'is before validFrom');
  }
  const attributes = reader.object('attributes');
  const instructions = reader.object('instructions');
  reader.throwIfAny();
  return {
    number: number!,
    tier: tier!,
    ...(name !== undefined && { name }),
    ...(targets !== undefined && { targets }),
    ...(validFromMs !== undefined && { validFromMs }),
    ...(validUntilMs !== undefined && { validUntilMs }),
    ...(attributes !== undefined && { attributes }),
    ...(instructions !== undefined && { instructions }),
  };
}

/** True when the record may be used for a call to `targetid` at the instant `nowMs`. */
export function recordApplies(record: VipRecord, targetid: string | undefined, nowMs: number): boolean {
  if (record.validFromMs !== undefined && nowMs < record.validFromMs) return false;
  if (record.validUntilMs !== undefined && nowMs >= record.validUntilMs) return false;
  return record.targets === undefined || (targetid !== undefined && record.targets.includes(targetid));
}

/**
 * Orders records of one caller: exact number first, then ranges, longest first. Records of equal rank keep their order.
 * @since 0.1.0
 */
export function bySpecificity(a: VipRecord, b: VipRecord): number {
  return specificity(b.number) - specificity(a.number);
}

function specificity(number: string): number {
  return number.endsWith('*') ? number.length : Number.MAX_SAFE_INTEGER;
}

class FieldReader {
  readonly #problems: RecordProblem[] = [];
  constructor(private readonly raw: Readonly<Record<string, unknown>>) {}

  problem(field: string, message: string): undefined {
    this.#problems.push({ field, message });
    return undefined;
  }

  throwIfAny(): void {
    if (this.#problems.length > 0) throw new VipRecordError(this.#problems);
  }

  refuseOthers(known: readonly string[]): void {
    const others = Object.keys(this.raw).filter((field) => !known.includes(field));
    for (const field of others.slice(0, MAX_UNKNOWN)) {
      // Somebody may have used telephone numbers as names of fields.
      const isName = /^[a-z][\w -]{0,39}$/i.test(field) && !/\d{5}/.test(field);
      this.problem(
        isName ? field : '',
        `${isName ? 'is no field' : 'has a field that is none'} of a record; put it under attributes. Fields: ${known.join(', ')}`,
      );
    }
    const more = others.length - MAX_UNKNOWN;
    if (more > 0) this.problem('', `has ${more} more fields that are none of a record`);
  }

  has(field: string): boolean {
    const value = this.raw[field];
    return value != null && (typeof value !== 'string' || value.trim() !== '');
  }

  text(field: string, maxLength: number): string | undefined {
    const value = this.raw[field];
    if (value == null) return undefined;
    if (typeof value !== 'string' && typeof value !== 'number') return this.problem(field, 'must be text');
    const text = String(value).trim();
    if (text === '') return undefined;
    if (text.length > maxLength) return this.problem(field, `is longer than ${maxLength} characters`);
    return text;
  }

  number(country: string | undefined): string | undefined {
    const written = this.text('number', MAX_NUMBER_LENGTH);
    if (written === undefined) {
      return this.has('number')
        ? undefined
        : this.problem('number', 'is missing; write a number such as +358501231234');
    }
    if (/^\d[.,]?\d*e\+\d+$/i.test(written)) {
      return this.problem(
        'number',
        'was shortened by a spreadsheet (as in 3.58E+11); give the column the format Text and enter it again',
      );
    }
    if (!written.includes('*')) return readNumber(written, country).key;
    const range = readRange(written, country);
    return (
      range ??
      this.problem(
        'number',
        `is no range; write the beginning of a number and one * at the end, for example +3589123*${country === undefined ? ' (no country is configured, so it must begin with + or 00)' : ''}`,
      )
    );
  }

  targets(): readonly string[] | undefined {
    const value = this.raw['targets'];
    if (value == null || value === '') return undefined;
    const list = typeof value === 'string' ? value.split(';') : value;
    if (!Array.isArray(list) || !list.every((target) => typeof target === 'string')) {
      return this.problem('targets', 'must be a list of targetids, or a text separated by ;');
    }
    const names = list.map((target) => target.trim()).filter((target) => target !== '');
    if (names.length > MAX_TARGETS) return this.problem('targets', `has more than ${MAX_TARGETS} entries`);
    return names.length === 0 ? undefined : names;
  }

  instant(field: string, end: 'start' | 'end'): number | undefined {
    const value = this.raw[field];
    if (value instanceof Date && !Number.isNaN(value.getTime())) return value.getTime();
    const text = this.text(field, 40);
    if (text === undefined) return undefined;
    const day = /^\d{4}-\d{2}-\d{2}$/.test(text);
    const isoTime = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?$/.test(text);
    const zoned = /(Z|[+-]\d{2}:?\d{2})$/.test(text.slice(10));
    const ms = day || isoTime ? Date.parse(day || zoned ? text : `${text}Z`) : Number.NaN;
    const exists =
      !Number.isNaN(ms) &&
      new Date(Date.parse(text.slice(0, 10))).toISOString().startsWith(text.slice(0, 10));
    if (!exists) {
      return this.problem(field, 'is no ISO 8601 date; write 2026-12-31 or 2026-12-31T18:00:00Z');
    }
    return day && end === 'end' ? ms + 86_400_000 : ms;
  }

  object(field: string): JsonObject | undefined {
    let value = this.raw[field];
    if (value == null || value === '') return undefined;
    if (typeof value === 'string') {
      if (value.length > MAX_OBJECT_CHARACTERS)
        return this.problem(field, `is longer than ${MAX_OBJECT_CHARACTERS} characters`);
      try {
        value = JSON.parse(value) as Json;
      } catch {
        return this.problem(field, 'is no JSON object; write for example {"ExtraPriority": 50}');
      }
    }
    if (!isPlainObject(value))
      return this.problem(field, 'must be an object, for example {"ExtraPriority": 50}');
    if (isDeeperThan(MAX_OBJECT_DEPTH, value))
      return this.problem(field, `is nested deeper than ${MAX_OBJECT_DEPTH} levels; write it flatter`);
    return Object.keys(value).length === 0 ? undefined : (value as JsonObject);
  }
}
