import type { DataSource } from 'typeorm';
import { suggestion, VipLookupError } from '../../plugin-api/index.js';
import { codeOf, isMissingTable, isNotAllowed } from '../../database/failures.js';
import { dialectOf, select } from '../../database/select.js';
import { columnsOf } from './vip-table.js';
import type { VipTable } from './vip-table.js';

/**
 * Checks that a table and its columns exist and may be read. SQLite in particular treats a misspelt quoted column as
 * a text, and would return nonsense.
 * @throws VipLookupError naming the table or the columns, and what exists instead
 */
export async function checkTable(
  dataSource: DataSource,
  table: VipTable,
  probe: string,
  signal: AbortSignal,
): Promise<void> {
  const present = await columnsIn(dataSource, table.name, signal).catch((error: unknown) => {
    throw unreadable(error, table);
  });
  if (present.length === 0) throw await missingTable(dataSource, table.name, signal);
  const same = dialectOf(dataSource) === 'postgres' ? exactly : withoutCase;
  const names = present.map(({ name }) => name);
  const known = new Set(names.map(same));
  const missing = columnsOf(table).filter((column) => !known.has(same(column)));
  if (missing.length > 0) {
    throw new VipLookupError(
      `table "${table.name}" has no ${missing.map((column) => `column "${column}"`).join(', no ')}.${suggestion(missing[0]!, names)}`,
    );
  }
  const number = table.fields.get('number');
  const type = present.find(({ name }) => name === number)?.unsearchable;
  if (type !== undefined) {
    throw new VipLookupError(
      `column "${number}" of table "${table.name}" is of type ${type}, in which no number can be searched for; name a column of text or numbers, or a view with one number in each row`,
    );
  }
  try {
    await select(dataSource, probe, [], signal);
  } catch (error) {
    if (isMissingTable(error)) throw await missingTable(dataSource, table.name, signal);
    throw unreadable(error, table);
  }
}

const withoutCase = (name: string): string => name.toLowerCase();
/** PostgreSQL tells capital and small letters apart. */
const exactly = (name: string): string => name;

function unreadable(error: unknown, table: VipTable): unknown {
  const code = codeOf(error);
  if (!isNotAllowed(error) && code !== 'ER_COLUMNACCESS_DENIED_ERROR') return error;
  const shown = code === '42501' ? `SQLSTATE ${code}` : code;
  return new VipLookupError(
    `table "${table.name}" may not be read by this database user (${shown}); grant it SELECT`,
  );
}

interface Column {
  readonly name: string;
  /** Its type, if that cannot be compared with a number or text. */
  readonly unsearchable: string | undefined;
}

/** The columns of a table, in no particular order; empty if the table does not exist or is not visible. */
async function columnsIn(dataSource: DataSource, table: string, signal: AbortSignal): Promise<Column[]> {
  const [name, schema] = table.split('.').reverse() as [string, string?];
  const [sql, parameters] = {
    sqlite: () => [`SELECT name FROM pragma_table_xinfo(?, ?)`, [name, schema ?? 'main']] as const,
    mysql: () =>
      schema === undefined
        ? ([`SELECT COLUMN_NAME AS name ${COLUMNS} = DATABASE()`, [name]] as const)
        : ([`SELECT COLUMN_NAME AS name ${COLUMNS} = ?`, [name, schema]] as const),
    postgres: () =>
      [
        POSTGRES_COLUMNS,
        [
          table
            .split('.')
            .map((part) => `"${part}"`)
            .join('.'),
        ],
      ] as const,
  }[dialectOf(dataSource)]();
  return (await select(dataSource, sql, parameters, signal)).map((row) => ({
    name: String(row['name']),
    unsearchable: typeof row['unsearchable'] === 'string' ? row['unsearchable'] : undefined,
  }));
}

/** Types of text (S) and numbers (N), and bytes, can be asked for a text. */
const POSTGRES_COLUMNS = `
  SELECT attname AS name,
    CASE WHEN typcategory NOT IN ('S', 'N') AND typname <> 'bytea' THEN format_type(atttypid, atttypmod) END AS unsearchable
  FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
  WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped`;
const TABLES = {
  sqlite: `SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`,
  mysql: 'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()',
  postgres: `SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND pg_table_is_visible(oid) AND relnamespace::regnamespace::name = ANY (current_schemas(false))`,
} as const;
const COLUMNS = 'FROM information_schema.COLUMNS WHERE TABLE_NAME = ? AND TABLE_SCHEMA';

async function missingTable(
  dataSource: DataSource,
  table: string,
  signal: AbortSignal,
): Promise<VipLookupError> {
  const sql = TABLES[dialectOf(dataSource)];
  const present = (await select(dataSource, sql, [], signal)).map((row) => String(row['name']));
  return new VipLookupError(
    `there is no table "${table}", or this database user may not read it.${suggestion(table, present)}`,
  );
}
