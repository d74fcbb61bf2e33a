import { isAnyArrayBuffer } from 'node:util/types';
import { isNothing, readVipRecord, RECORD_FIELDS } from '../../plugin-api/index.js';
import type { Json, RecordField, VipRecord } from '../../plugin-api/index.js';
import type { DatabaseOptions } from './database.options.js';
import type { Parameter, Row } from '../../database/select.js';

/** Where a table keeps the fields of a record: the service's own table, or a customer's. */
export interface VipTable {
  /** May be qualified: `crm.customers`. */
  readonly name: string;
  /** The service created it, migrates it, and finds ranges in it. */
  readonly isOwn: boolean;
  /** Field -> column. `attributes` here is one column with a JSON object. */
  readonly fields: ReadonlyMap<RecordField, string>;
  /** Attribute -> column, if attributes have their own columns. */
  readonly attributes: ReadonlyMap<string, string>;
  /** The tier of every row, if it is not read from a column. */
  readonly tier: string | undefined;
}

export const OWN_TABLE: VipTable = {
  name: 'vip_caller',
  isOwn: true,
  fields: new Map(
    RECORD_FIELDS.map((field) => [field, field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)]),
  ),
  attributes: new Map(),
  tier: undefined,
};

/** As SQL has it, without an offset. */
const DATE_TIME = /^(\d{4}-\d{2}-\d{2})[T ](\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)$/;

/** Which SQLite may have stored as a number. */
const WHOLE_NUMBER = /^[1-9]\d{0,14}$/;
/** A flag that is not set: `BIT`, `BOOLEAN`, `TINYINT(1)`, `DECIMAL`, or as text. */
const NO_FLAG = /^\s*(?:0+(?:[.,]0+)?|false)\s*$/i;

/**
 * Leaves out rows that are not VIPs, in all usual types of flags. The column is not compared with '', which MySQL converts to
 * the number 0.
 */
function isTier(column: string): string {
  return ` AND LENGTH(TRIM(${column})) > 0 AND LOWER(TRIM(${column})) NOT IN ('0', '0.0', '0.00', 'false', x'00')`;
}

/** More rows than any caller has; a column full of one placeholder must not exhaust the memory. */
export const MAX_ROWS = 500;
/** Counting more would take longer than a health check may. */
const MAX_COUNTED = 100_000;

/** The table that a provider's options name; by default the service's own. */
export function tableOf(options: DatabaseOptions): VipTable {
  const { table, columns, tier } = options;
  if (table === undefined || columns === undefined) return OWN_TABLE;
  const { attributes = {}, ...fields } = columns;
  const given = Object.entries(fields).filter(([, column]) => column != null) as [RecordField, string][];
  return {
    name: table,
    isOwn: false,
    fields: new Map(given),
    attributes: new Map(Object.entries(attributes)),
    tier,
  };
}

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
    private readonly isSqlite: boolean,
  ) {
    // No name has a quote in it: see `DatabaseOptions`.
    const escape = (name: string): string => (isSqlite ? `"${name}"` : `\`${name}\``);
    this.#table = table.name.split('.').map(escape).join('.');
    this.#number = escape(table.fields.get('number')!);
    const tier = table.isOwn ? undefined : table.fields.get('tier');
    this.#isVip = tier === undefined ? '' : isTier(escape(tier));
    const aliased = [
      ...[...table.fields].map(([field, column]) => `${escape(column)} AS ${escape(field)}`),
      ...[...table.attributes.values()].map((column, index) => `${escape(column)} AS ${escape(`a${index}`)}`),
    ];
    this.#select = `SELECT ${aliased.join(', ')} FROM ${this.#table}`;
  }

  /**
   * Rows with any of `count` numbers, in an order in which the limit does not hide the important ones. In the
   * service's own table the exact number comes before the ranges, longer ranges before shorter ones, and then in the
   * order of writing. In a customer's table, rows without a tier, which are not VIPs, are excluded.
   * @param isVip false: those, too
   */
  find(count: number, isVip = true): string {
    const number = this.#number;
    const found = `${this.#select} WHERE ${number} IN (${marks(count)})${isVip ? this.#isVip : ''}`;
    const order = this.table.isOwn ? ` ORDER BY ${number} LIKE '%*', LENGTH(${number}) DESC, id` : '';
    return `${found}${order} LIMIT ${MAX_ROWS}`;
  }

  /**
   * The values to search for. SQLite converts a text to the type of the column that it is compared with; but a column without a
   * type, or an expression behind a view, has none, and there the number 1, the text '1' and the bytes of '1' are three values.
   */
  parameters(texts: readonly string[]): Parameter[] {
    if (!this.isSqlite || this.table.isOwn) return [...texts];
    const numbers = texts.filter((text) => WHOLE_NUMBER.test(text)).map(Number);
    return [...texts, ...numbers, ...texts.map((text) => Buffer.from(text))];
  }

  /** The next rows of the service's own table after an `id`, with their ids. */
  page(rows: number): string {
    return `${this.#select.replace('SELECT ', 'SELECT id, ')} WHERE id > ? ORDER BY id LIMIT ${rows}`;
  }

  /** The first rows, as the table hands them out. */
  sample(rows: number): string {
    return `${this.#select} LIMIT ${rows}`;
  }

  /** Reads no row, but fails if a lookup would. */
  probe(): string {
    return this.sample(0);
  }

  /** One row with `entries`, the `last` id and when that row was `changed`, where counting is cheap; otherwise a sign of life. */
  count(): string {
    return this.table.isOwn
      ? `SELECT COUNT(*) AS entries, (SELECT MAX(id) FROM ${this.#table}) AS last, (SELECT updated_at FROM ${this.#table} ORDER BY id DESC LIMIT 1) AS changed FROM (SELECT 1 FROM ${this.#table} LIMIT ${MAX_COUNTED + 1}) AS counted`
      : `SELECT 1 FROM ${this.#table} LIMIT 1`;
  }
}

/**
 * The number of entries in the result of `count()`; `undefined` if there are too many to count, or they were not
 * counted.
 */
export function entriesIn(rows: readonly Row[]): number | undefined {
  const entries = Number(rows[0]?.['entries'] ?? Number.NaN);
  return entries <= MAX_COUNTED ? entries : undefined;
}

/** What is different whenever rows were added, and mostly when some were removed. SQLite uses the ids of removed rows again. */
export function markOf([row]: readonly Row[]): string {
  return ['entries', 'last', 'changed'].map((column) => String(row?.[column])).join();
}

/**
 * Reads one row. A row without a tier is not a VIP, because a customer's table may list everybody.
 * @param number the key of the number that the row was found by
 * @param timezone where a date without a time is a whole day
 * @returns `null` for a row without a tier
 * @throws VipRecordError if the row cannot be read
 */
export function recordOf(row: Row, table: VipTable, number: string, timezone: string): VipRecord | null {
  const raw: Record<string, Json> = {};
  for (const field of table.fields.keys()) {
    if (field !== 'number') raw[field] = fieldValue(field, plainValue(row[field]), table);
  }
  if (table.attributes.size > 0) raw['attributes'] = attributesOf(row, table);
  const value = table.tier ?? raw['tier'] ?? '';
  const tier = typeof value === 'boolean' ? String(value) : value;
  if (typeof tier === 'string' && (tier.trim() === '' || isNothing(tier.trim()))) return null;
  if (!table.isOwn && table.tier === undefined && typeof tier !== 'object' && NO_FLAG.test(String(tier)))
    return null;
  return readVipRecord({ ...raw, tier }, { number, timezone });
}

/** The text in the number column. */
export function numberIn(row: Row): string {
  const number = plainValue(row['number']);
  return typeof number === 'object' ? JSON.stringify(number) : String(number);
}

/**
 * In a customer's table, date and time without an offset are UTC, as the session is; midnight is how a column of that type holds
 * a date without a time.
 */
function fieldValue(field: RecordField, value: Json, { isOwn }: VipTable): Json {
  if (isOwn || typeof value !== 'string' || (field !== 'validFrom' && field !== 'validUntil')) return value;
  const [, date, time] = DATE_TIME.exec(value.trim()) ?? [];
  if (date === undefined) return value;
  return /[1-9]/.test(time!) ? `${value.trim()}Z` : date;
}

function attributesOf(row: Row, table: VipTable): Record<string, Json> {
  const attributes: Record<string, Json> = {};
  [...table.attributes.keys()].forEach((name, index) => {
    const value = plainValue(row[`a${index}`]);
    if (value != null) attributes[name] = value;
  });
  return attributes;
}

/** A column's value as in JSON: binary columns contain text, and big numbers keep their digits. */
export function plainValue(value: unknown): Json {
  if (value == null) return null;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (isAnyArrayBuffer(value)) return Buffer.from(value).toString('utf8');
  if (typeof value === 'bigint') return value.toString();
  // How MySQL writes "no date" if a column may not be NULL.
  if (typeof value === 'string' && value.startsWith('0000-00-00')) return null;
  return value as Json;
}
