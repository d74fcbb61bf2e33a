import { Type } from 'class-transformer';
import { ArrayNotEmpty, IsIn, IsOptional, Matches, ValidateNested } from 'class-validator';
import { isPlainObject, Rule, SPELLINGS } from '../../plugin-api/index.js';
import type { Spelling } from '../../plugin-api/index.js';
import { databaseUrlProblem } from '../../database/url.js';

/** How numbers are written in a customer's table unless `spellings` says otherwise. */
export const DEFAULT_SPELLINGS: readonly Spelling[] = ['e164'];

const MAX_TIER_LENGTH = 64;
const COLUMN = /^[\p{L}_$][\p{L}\p{N}_$ -]{0,127}$/u;
const TABLE = /^(?:[\p{L}_$][\p{L}\p{N}_$ -]{0,127}\.)?[\p{L}_$][\p{L}\p{N}_$ -]{0,127}$/u;
const NAME_RULE = 'Write letters, digits, spaces, _, $ and -, beginning with a letter';

const Column = (example: string): PropertyDecorator =>
  Matches(COLUMN, { message: `is not a column name. ${NAME_RULE}, for example ${example}.` });

/** What the columns of the customer's table contain. */
export class DatabaseColumns {
  /** The telephone number, in one of `spellings`. */
  @Column('phone')
  readonly number: string;

  /** A row without a tier is not a VIP. */
  @IsOptional()
  @Column('vip_level')
  readonly tier?: string;

  @IsOptional()
  @Column('full_name')
  readonly name?: string;

  /** Targetids separated by `;`. */
  @IsOptional()
  @Column('queues')
  readonly targets?: string;

  /** ISO 8601 text, a date, or a date and time in UTC. */
  @IsOptional()
  @Column('valid_from')
  readonly validFrom?: string;

  @IsOptional()
  @Column('valid_until')
  readonly validUntil?: string;

  /** Attribute -> column. */
  @IsOptional()
  @Rule(attributesProblem, { type: 'object', additionalProperties: { type: 'string' } })
  readonly attributes?: Record<string, string>;

  /** JSON text. */
  @IsOptional()
  @Column('routing')
  readonly instructions?: string;
}

const SPELLINGS_RULE = `must be a list of the spellings in which the column holds numbers, for example [national]. Known: ${SPELLINGS.join(', ')}. Default: [${DEFAULT_SPELLINGS.join(', ')}].`;

/**
 * The options of a provider of `kind: database`. Without `table` it is the service's own table; with it, a customer's
 * table, which is only read.
 */
export class DatabaseOptions {
  /** A database other than the service's own (`DATABASE_URL`). */
  @IsOptional()
  @Rule(databaseUrlProblem, { type: 'string' })
  readonly connection?: string;

  /** A table or view, if necessary as `schema.table`. */
  @IsOptional()
  @Matches(TABLE, { message: `is not a table name. ${NAME_RULE}, for example customers or crm.customers.` })
  readonly table?: string;

  @ValidateNested()
  @Type(() => DatabaseColumns)
  @Rule(columnsProblem)
  readonly columns?: DatabaseColumns;

  /** The tier of all rows, if no column holds it. */
  @Rule(tierProblem, { type: 'string', maxLength: MAX_TIER_LENGTH })
  readonly tier?: string;

  @IsOptional()
  @Rule(needsTable)
  @ArrayNotEmpty({ message: SPELLINGS_RULE })
  @IsIn(SPELLINGS, { each: true, message: SPELLINGS_RULE })
  readonly spellings?: Spelling[];
}

function needsTable(value: unknown, { table }: DatabaseOptions): string | undefined {
  return value != null && table == null
    ? 'describes a table of yours. Name it with table, or remove this: the table of the service needs no description.'
    : undefined;
}

function columnsProblem(columns: unknown, options: DatabaseOptions): string | undefined {
  return columns == null && options.table != null
    ? 'is missing. Say which columns the table has, for example { number: phone, tier: vip_level }.'
    : needsTable(columns, options);
}

function tierProblem(tier: unknown, options: DatabaseOptions): string | undefined {
  const fromColumn = options.columns?.tier != null;
  if (tier == null) {
    return options.table == null || fromColumn
      ? undefined
      : 'is missing. Write the tier of everybody in the table, for example gold, or columns.tier for the column that tells it.';
  }
  if (typeof tier !== 'string' || tier.trim() === '' || tier.length > MAX_TIER_LENGTH) {
    return `must be text of 1 to ${MAX_TIER_LENGTH} characters, for example gold.`;
  }
  if (fromColumn) return 'is given together with columns.tier. Keep one of the two.';
  return needsTable(tier, options);
}

function attributesProblem(attributes: unknown): string | undefined {
  const rule = `must be a map of attributes and their columns, for example { company: company_name }. ${NAME_RULE}.`;
  if (!isPlainObject(attributes)) return rule;
  const columns = Object.values(attributes);
  return columns.every((column) => typeof column === 'string' && COLUMN.test(column)) ? undefined : rule;
}
