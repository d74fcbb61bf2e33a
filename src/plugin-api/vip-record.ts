import type { JsonObject } from '../common/json.js';
import { FieldReader, VipRecordError } from './field-reader.js';
import type { RecordProblem } from './field-reader.js';
import { instantText } from './instant.js';
import type { DateOptions } from './instant.js';

/**
 * One entry of a VIP list, in the form that decisions use.
 * @since 0.1.0
 */
export interface VipRecord {
  /** E.164 (`+358501231234`), a range (`+3589123*`), or the text itself for anything that is not an E.164 number. */
  readonly number: string;
  /** Routes are chosen by it, for example `gold`. */
  readonly tier: string;
  /** The VIP's name, for templates: `{{ name }}`; at most 200 characters. */
  readonly name?: string;
  /** The targetids this entry is limited to, compared exactly; absent: all. */
  readonly targets?: readonly string[];
  /** First instant the entry is valid, milliseconds since the epoch. */
  readonly validFromMs?: number;
  /** First instant the entry is no longer valid, milliseconds since the epoch. */
  readonly validUntilMs?: number;
  /** Further fields, for templates: `{{ attributes.company }}`. */
  readonly attributes?: Readonly<JsonObject>;
  /** Override the route's instructions; `null` removes a property. */
  readonly instructions?: Readonly<JsonObject>;
}

const MAX_TIER_LENGTH = 64;
const MAX_NAME_LENGTH = 200;

interface ReadOptions extends DateOptions {
  readonly country?: string | undefined;
  readonly number?: string;
}

/** A field's value: a text, a list of texts, an instant in milliseconds, or a JSON object. */
export type FieldKind = 'text' | 'texts' | 'instant' | 'object';

/**
 * One field of a record: its name as people write it, how it is read, and how it is written so that reading it gives
 * the same value.
 */
interface Field<Value> {
  readonly name: string;
  readonly kind: FieldKind;
  /** `undefined` if it is absent or invalid; the reader collects the problem. */
  read(reader: FieldReader, options: ReadOptions): Value | undefined;
  write(value: Value, timezone: string | undefined): string;
}
type Fields = { readonly [Property in keyof Required<VipRecord>]: Field<NonNullable<VipRecord[Property]>> };

/** The only list of a record's fields; parser, CSV, the service's own table and the checks of answers use it. */
const FIELDS = {
  number: {
    name: 'number',
    kind: 'text',
    read: (reader, { number, country }) =>
      number !== undefined && reader.raw['number'] == null ? number : reader.number(country),
    write: (number) => number,
  },
  tier: {
    name: 'tier',
    kind: 'text',
    read: (reader) => reader.tier(MAX_TIER_LENGTH),
    write: (tier) => tier,
  },
  name: {
    name: 'name',
    kind: 'text',
    read: (reader) => reader.text('name', MAX_NAME_LENGTH),
    write: (name) => name,
  },
  targets: {
    name: 'targets',
    kind: 'texts',
    read: (reader) => reader.targets(),
    write: (targets) => targets.join(';'),
  },
  validFromMs: {
    name: 'validFrom',
    kind: 'instant',
    read: (reader, options) => reader.instant('validFrom', 'start', options),
    write: (ms, timezone) => instantText(ms, 'start', timezone),
  },
  validUntilMs: {
    name: 'validUntil',
    kind: 'instant',
    read: (reader, options) => reader.instant('validUntil', 'end', options),
    write: (ms, timezone) => instantText(ms, 'end', timezone),
  },
  attributes: {
    name: 'attributes',
    kind: 'object',
    read: (reader) => reader.object('attributes'),
    write: (object) => JSON.stringify(object),
  },
  instructions: {
    name: 'instructions',
    kind: 'object',
    read: (reader) => reader.object('instructions'),
    write: (object) => JSON.stringify(object),
  },
} as const satisfies Fields;

const ALL = Object.entries(FIELDS as Fields) as readonly [keyof VipRecord, Field<unknown>][];

/**
 * A field of a record as people write it, in CSV, JSON, YAML or a CRM mapping.
 * @since 0.2.0
 */
export type RecordField = (typeof FIELDS)[keyof typeof FIELDS]['name'];

/**
 * The fields of a record as people write them, in CSV, JSON, YAML or a CRM mapping.
 * @since 0.1.0
 */
export const RECORD_FIELDS = ALL.map(([, { name }]) => name) as readonly RecordField[];

/**
 * Those of `RECORD_FIELDS` that are always text: `number: 0501231234` in YAML is not the number 501231234.
 * @since 0.2.0
 */
export const TEXT_FIELDS = ALL.filter(([, { kind }]) => kind === 'text' || kind === 'instant').map(
  ([, { name }]) => name,
) as readonly RecordField[];

/** The type of each property of a record, to check a plug-in's answers. */
export const KINDS_OF_PROPERTIES = ALL.map(([property, { kind }]) => [property, kind] as const);

/**
 * Reads one record as written in CSV, JSON, YAML, a database row or a CRM mapping. Texts are trimmed; `null` and empty
 * text mean absent. `targets` may be a list or a text separated by `;`; `attributes` and `instructions` objects or JSON
 * text, nested no deeper than 50 levels. A date without a time, or with midnight and no
 * offset, is the whole day, both ends included; dates are ISO 8601 or written as `31.12.2026`, with a time
 * (`31.12.2026 18:00`) or without. `NULL`, `-`, `0000-00-00` and the like are no date.
 * @param raw the fields, `RECORD_FIELDS`; others are refused: put them under `attributes`
 * @param options.country how a national number is read
 * @param options.timezone where a date is a whole day, and a time without an offset is meant: an IANA name; UTC unless given
 * @param options.dateOrder how `12/31/2026` is read: `mdy` or `dmy`; without it such a date is a problem
 * @param options.number used if `raw` has none, for backends that were asked for one number
 * @throws VipRecordError with every problem, including several numbers in the field `number`; of unknown fields, the
 *   first ten and the count of the others
 * @throws RangeError when there is no such time zone
 * @since 0.1.0
 */
export function readVipRecord(raw: Readonly<Record<string, unknown>>, options: ReadOptions = {}): VipRecord {
  const [record, ...more] = readVipRecords(raw, options);
  if (more.length === 0) return record!;
  throw new VipRecordError([{ field: 'number', message: 'has several numbers; write one record for each' }]);
}

/**
 * As `readVipRecord`, for data in which one entry may have several numbers: a record for each of them.
 * @param options.onWarning called with warnings about an entry that can still be used
 * @throws VipRecordError as `readVipRecord`; if all its problems are `isLeftOut`, skip the entry and report it
 * @since 0.2.0
 */
export function readVipRecords(
  raw: Readonly<Record<string, unknown>>,
  options: ReadOptions & { onWarning?: (warning: RecordProblem) => void } = {},
): VipRecord[] {
  const reader = new FieldReader(raw);
  reader.refuseOthers(RECORD_FIELDS);
  const read: Record<string, unknown> = {};
  for (const [property, field] of ALL) {
    const value = field.read(reader, options);
    if (value !== undefined) read[property] = value;
  }
  const { validFromMs, validUntilMs } = read as Partial<VipRecord>;
  if (validFromMs !== undefined && validUntilMs !== undefined && validFromMs >= validUntilMs) {
    reader.problem('validUntil', 'is before validFrom');
  }
  reader.throwIfAny();
  if (options.onWarning !== undefined) reader.warnings.forEach(options.onWarning);
  const record = read as unknown as VipRecord;
  return [record, ...reader.moreNumbers.map((number) => ({ ...record, number }))];
}

/**
 * A record's fields as texts, from which `readVipRecord` makes the same record when it is given the same time zone.
 * @param options.timezone whose whole days are written as dates; UTC unless given
 * @returns in the order of `RECORD_FIELDS`; `null` for an absent field
 * @since 0.2.0
 */
export function recordTexts(
  record: VipRecord,
  { timezone }: Pick<DateOptions, 'timezone'> = {},
): (string | null)[] {
  return ALL.map(([property, field]) => {
    const value = record[property];
    return value === undefined ? null : field.write(value, timezone);
  });
}

/**
 * A tier in the form used for comparison: without regard to case and surrounding blanks.
 * @since 0.2.0
 */
export function sameTier(tier: string): string {
  return tier.trim().toLowerCase();
}

/** True if the record may be used for a call to `targetid` at the instant `nowMs`. */
export function recordApplies(record: VipRecord, targetid: string | undefined, nowMs: number): boolean {
  if (record.validFromMs !== undefined && nowMs < record.validFromMs) return false;
  if (record.validUntilMs !== undefined && nowMs >= record.validUntilMs) return false;
  return record.targets === undefined || (targetid !== undefined && record.targets.includes(targetid));
}

/**
 * Sorts records of one caller: exact number first, then ranges, longest first. Records of equal rank keep their order.
 * @since 0.1.0
 */
export function bySpecificity(a: VipRecord, b: VipRecord): number {
  return specificity(b.number) - specificity(a.number);
}

function specificity(number: string): number {
  return number.endsWith('*') ? number.length : Number.MAX_SAFE_INTEGER;
}
