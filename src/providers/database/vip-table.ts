import type { DataSource } from 'typeorm';
import { isNothing, readVipRecord, RECORD_FIELDS } from '../../plugin-api/index.js';
import type { Json, RecordField, VipRecord } from '../../plugin-api/index.js';
import type { DatabaseOptions } from './database.options.js';
import type { Row } from '../../database/select.js';

/** Where a table keeps what makes a record: the service's own table, or one that a customer has. */
export interface VipTable {
  /** May be qualified: `crm.customers`. */
  readonly name: string;
  /** The service made it, keeps it up to date, and finds ranges in it. */
  readonly isOwn: boolean;
  /** Field -> column. `attributes` here is one column with a JSON object. */
  readonly fields: ReadonlyMap<RecordField, string>;
  /** Attribute -> column, where attributes have columns of their own. */
  readonly attributes: ReadonlyMap<string, string>;
  /** The tier of every row, where it is not read from a column. */
  readonly tier: string | undefined;
}

/** The table that the migrations make. */
export const OWN_TABLE: VipTable = {
  name: 'vip_caller',
  isOwn: true,
  fields: new Map(
    RECORD_FIELDS.map((field) => [field, field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)]),
  ),
  attributes: new Map(),
  tier: undefined,
};

/** More rows than any caller has; a column full of one placeholder must not fill the memory. */
export const MAX_ROWS = 500;
/** Counting further takes longer than a health check may. */
const MAX_COUNTED = 100_000;

/** The table that a provider's options name; the service's own unless they name one. */
export function tableOf(options: DatabaseOptions): VipTable {
  const { table, columns, tier } = options;
  if (table === undefined || columns === undefined) return OWN_TABLE;
  const { attributes = {}, ...fields } = columns;
  return {
    name: table,
    isOwn: false,
    fields: new Map(
      RECORD_FIELDS.flatMap((field) => {
        const column = (fields as Partial<Record<RecordField, string>>)[field];
        return column == null ? [] : [[field, column] as const];
      }),
    ),
    attributes: new Map(Object.entries(attributes)),
    tier,
  };
}

/** Every column that the table must have. */
export function columnsOf(table: VipTable): string[] {
  return [...table.fields.values(), ...table.attributes.values()];
}

/** Places for so many parameters. */
export function marks(count: number): string {
  return Array.from({ length: count }, () => '?').join(', ');
}

/** The statements that read a table, with identifiers quoted for the database at hand. */
export class TableStatements {
  readonly #select: string;
  readonly #number: string;
  readonly #table: string;
  readonly #isVip: string;

  constructor(
    private readonly table: VipTable,
    { driver }: DataSource,
  ) {
    const escape = (name: string): string => driver.escape(name);
    this.#table = table.name.split('.').map(escape).join('.');
    this.#number = escape(table.fields.get('number')!);
    const tier = table.isOwn ? undefined : table.fields.get('tier');
    // Not compared with '', which MySQL takes for the number 0.
    this.#isVip = tier === undefined ? '' : ` AND LENGTH(TRIM(${escape(tier)})) > 0`;
    const aliased = [
      ...[...table.fields].map(([field, column]) => `${escape(column)} AS ${escape(field)}`),
      ...[...table.attributes.values()].map((column, index) => `${escape(column)} AS ${escape(`a${index}`)}`),
    ];
    this.#select = `SELECT ${aliased.join(', ')} FROM ${this.#table}`;
  }

  /**
   * Rows of any of `count` numbers. Those that matter most are not behind the limit: in the own table the exact number comes
   * before the ranges, the longer before the shorter, and then the order in which they were written; in a customer's table rows
   * without a tier, who are no VIPs, are left out.
   */
  find(count: number): string {
    const number = this.#number;
    const found = `${this.#select} WHERE ${number} IN (${marks(count)})${this.#isVip}`;
    const order = this.table.isOwn ? ` ORDER BY ${number} LIKE '%*', LENGTH(${number}) DESC, id` : '';
    return `${found}${order} LIMIT ${MAX_ROWS}`;
  }

  /** The next rows of the own table after an `id`, with theirs. */
  page(rows: number): string {
    return `${this.#select.replace('SELECT ', 'SELECT id, ')} WHERE id > ? ORDER BY id LIMIT ${rows}`;
  }

  /** Reads no row, but fails where a lookup would. */
  probe(): string {
    return `${this.#select} LIMIT 0`;
  }

  /** One row with `entries`, where counting is cheap; otherwise a sign of life. */
  count(): string {
    return this.table.isOwn
      ? `SELECT COUNT(*) AS entries FROM (SELECT 1 FROM ${this.#table} LIMIT ${MAX_COUNTED + 1}) AS counted`
      : `SELECT 1 FROM ${this.#table} LIMIT 1`;
  }
}

/** The number of entries in the answer to `count()`; `undefined` when there are too many to count, or none were counted. */
export function entriesIn(rows: readonly Row[]): number | undefined {
  const entries = Number(rows[0]?.['entries'] ?? Number.NaN);
  return entries <= MAX_COUNTED ? entries : undefined;
}

/**
 * Reads one row. A row without a tier is not a VIP: a customer's table lists everybody.
 * @param number the key of the number that the row was found by
 * @returns `null` for a row without a tier
 * @throws VipRecordError when the row cannot be read
 */
export function recordOf(row: Row, table: VipTable, number: string): VipRecord | null {
  const raw: Record<string, Json> = {};
  for (const field of table.fields.keys()) if (field !== 'number') raw[field] = plainValue(row[field]);
  if (table.attributes.size > 0) raw['attributes'] = attributesOf(row, table);
  const tier = table.tier ?? raw['tier'] ?? '';
  if (typeof tier === 'string' && (tier.trim() === '' || isNothing(tier.trim()))) return null;
  return readVipRecord({ ...raw, tier }, { number });
}

function attributesOf(row: Row, table: VipTable): Record<string, Json> {
  const attributes: Record<string, Json> = {};
  [...table.attributes.keys()].forEach((name, index) => {
    const value = plainValue(row[`a${index}`]);
    if (value != null) attributes[name] = value;
  });
  return attributes;
}

/** A column's value as JSON has it: binary columns hold text, and big numbers keep their digits. */
export function plainValue(value: unknown): Json {
  if (value == null) return null;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (Object.prototype.toString.call(value) === '[object ArrayBuffer]') {
    return Buffer.from(value as ArrayBuffer).toString('utf8');
  }
  if (typeof value === 'bigint') return value.toString();
  // How MySQL writes "no date" where a column may not be NULL.
  if (typeof value === 'string' && value.startsWith('0000-00-00')) return null;
  return value as Json;
}
