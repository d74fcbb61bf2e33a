import { isNothing, isPlainObject, nearName, RECORD_FIELDS, sameTier } from '../../../plugin-api/index.js';
import type { JsonSchema, RecordField } from '../../../plugin-api/index.js';

/** A column of the file by its name, in which `*` stands for any text, or by its position, from 1. */
export type ColumnName = string | number;
/** Field of a record, or name of an attribute -> the columns of the file that it is read from. */
export type ColumnMap = Readonly<Record<string, ColumnName | readonly ColumnName[]>>;

/** How records are made of contacts. */
export interface ContactOptions {
  readonly columns?: 'auto' | ColumnMap | null | undefined;
  /** Of those whom `tiers` does not name. */
  readonly tier?: string | null | undefined;
  /** Group of the file -> tier; the first that a contact is in counts. */
  readonly tiers?: Readonly<Record<string, string>> | null | undefined;
}

const MAX_TIER_LENGTH = 64;
const MAX_GROUP_LENGTH = 200;
const MAX_COLUMNS = 100;
const MAX_TIERS = 1_000;
/** As many as a spreadsheet has. */
const MAX_POSITION = 16_384;
const EXAMPLE = '{ number: [Business Phone, Mobile Phone], name: [First Name, Last Name], tier: Categories }';

export function isAboutContacts({ columns, tier, tiers }: ContactOptions): boolean {
  return columns != null || tier != null || tiers != null;
}

export function columnNames(columns: ColumnMap, field: string): readonly ColumnName[] {
  const named = columns[field];
  if (named === undefined) return [];
  return typeof named === 'object' ? named : [named];
}

/** True where the columns are named by position, since the file has no header. */
export function isByPosition(columns: ColumnMap): boolean {
  return typeof columnNames(columns, 'number')[0] === 'number';
}

export function columnsProblem(columns: unknown, { tier, tiers }: ContactOptions): string | undefined {
  if (columns === 'auto') return undefined;
  if (!isPlainObject(columns)) {
    return `must be auto, or say which columns hold what, for example ${EXAMPLE}.`;
  }
  const fields = Object.keys(columns);
  if (!fields.includes('number')) {
    return `has no number. Name the columns with telephone numbers, for example ${EXAMPLE}.`;
  }
  const named: unknown[] = Object.values(columns).flat();
  if (named.length > MAX_COLUMNS)
    return `names more than ${MAX_COLUMNS} columns. Use * for several, as in "Phone * - Value".`;
  const mistyped = fields.find(
    (field) => !RECORD_FIELDS.includes(field as RecordField) && nearName(field, RECORD_FIELDS) !== undefined,
  );
  if (mistyped !== undefined) {
    return `would make an attribute of a key that is nearly "${nearName(mistyped, RECORD_FIELDS)}". Write it so, or give the attribute another name.`;
  }
  const positions = named.filter((name) => typeof name === 'number');
  const isAnyEmpty = Object.values(columns).some((name) => Array.isArray(name) && name.length === 0);
  if (isAnyEmpty || !named.every(isColumnName)) {
    return 'must name each column by its name in the first line, or by its position, from 1.';
  }
  if (positions.length > 0 && positions.length < named.length) {
    return 'names some columns by name and some by position. Use names if the file has a header, else positions.';
  }
  const saysTier = fields.includes('tier');
  if (!saysTier && tiers != null)
    return 'must name the column that tiers goes by, for example tier: Categories.';
  return saysTier || tier != null
    ? undefined
    : 'does not say which tier they have. Name a column, for example tier: Categories, or write tier: gold beside it for all of them.';
}

export function tierProblem(tier: unknown): string | undefined {
  return isTier(tier)
    ? undefined
    : `must be text of 1 to ${MAX_TIER_LENGTH} characters that routes name, for example gold.`;
}

export function tiersProblem(tiers: unknown): string | undefined {
  const rule = 'must say which tier a group of the file means, for example { Board: platinum, VIP: gold }.';
  if (!isPlainObject(tiers)) return rule;
  const groups = Object.entries(tiers);
  if (groups.length === 0) return rule;
  if (groups.length > MAX_TIERS)
    return `has more than ${MAX_TIERS} groups. Leave out those that mean no tier.`;
  if (!groups.every(([group, tier]) => isText(group, MAX_GROUP_LENGTH) && isTier(tier))) {
    return `${rule} A group has 1 to ${MAX_GROUP_LENGTH} characters, a tier 1 to ${MAX_TIER_LENGTH}.`;
  }
  return new Set(groups.map(([group]) => sameTier(group))).size < groups.length
    ? 'has a group twice, apart from capitals. Keep one of the two.'
    : undefined;
}

const COLUMN_SCHEMAS: JsonSchema[] = [
  { type: 'string', minLength: 1 },
  { type: 'integer', minimum: 1, maximum: MAX_POSITION },
];
export const COLUMNS_SCHEMA: JsonSchema = {
  anyOf: [
    { enum: ['auto'] },
    {
      type: 'object',
      required: ['number'],
      additionalProperties: {
        anyOf: [...COLUMN_SCHEMAS, { type: 'array', minItems: 1, items: { anyOf: COLUMN_SCHEMAS } }],
      },
    },
  ],
};
export const TIER_SCHEMA: JsonSchema = { type: 'string', minLength: 1, maxLength: MAX_TIER_LENGTH };
export const TIERS_SCHEMA: JsonSchema = {
  type: 'object',
  minProperties: 1,
  additionalProperties: TIER_SCHEMA,
};

function isColumnName(name: unknown): boolean {
  if (typeof name === 'number') return Number.isInteger(name) && name >= 1 && name <= MAX_POSITION;
  return isText(name, MAX_GROUP_LENGTH);
}

function isTier(tier: unknown): tier is string {
  return isText(tier, MAX_TIER_LENGTH) && !isNothing(tier.trim());
}

function isText(text: unknown, maxLength: number): text is string {
  return typeof text === 'string' && text.trim() !== '' && text.length <= maxLength;
}
