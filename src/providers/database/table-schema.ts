import type { DataSource } from 'typeorm';
import { suggestion, VipLookupError } from '../../plugin-api/index.js';
import { codeOf, isMissingTable, isNotAllowed } from '../../database/failures.js';
import { isSqlite, select } from '../../database/select.js';
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
  const present = await columnNames(dataSource, table.name, signal);
  if (present.length === 0) throw await missingTable(dataSource, table.name, signal);
  const lowerCase = new Set(present.map((name) => name.toLowerCase()));
  const missing = columnsOf(table).filter((column) => !lowerCase.has(column.toLowerCase()));
  if (missing.length > 0) {
    throw new VipLookupError(
      `table "${table.name}" has no ${missing.map((column) => `column "${column}"`).join(', no ')}.${suggestion(missing[0]!, present)}`,
    );
  }
  try {
    await select(dataSource, probe, [], signal);
  } catch (error) {
    if (isMissingTable(error)) throw await missingTable(dataSource, table.name, signal);
    if (!isNotAllowed(error) && codeOf(error) !== 'ER_COLUMNACCESS_DENIED_ERROR') throw error;
    throw new VipLookupError(
      `table "${table.name}" may not be read by this database user (${codeOf(error)}); grant it SELECT`,
    );
  }
}

/** The columns of a table, in no particular order; empty if the table does not exist or is not visible. */
async function columnNames(dataSource: DataSource, table: string, signal: AbortSignal): Promise<string[]> {
  const [name, schema] = table.split('.').reverse() as [string, string?];
  const [sql, parameters] = isSqlite(dataSource)
    ? [`SELECT name FROM pragma_table_xinfo(?, ?)`, [name, schema ?? 'main']]
    : schema === undefined
      ? [`SELECT COLUMN_NAME AS name ${COLUMNS} = DATABASE()`, [name]]
      : [`SELECT COLUMN_NAME AS name ${COLUMNS} = ?`, [name, schema]];
  return (await select(dataSource, sql, parameters, signal)).map((row) => String(row['name']));
}

const COLUMNS = 'FROM information_schema.COLUMNS WHERE TABLE_NAME = ? AND TABLE_SCHEMA';

async function missingTable(
  dataSource: DataSource,
  table: string,
  signal: AbortSignal,
): Promise<VipLookupError> {
  const sql = isSqlite(dataSource)
    ? `SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`
    : 'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()';
  const present = (await select(dataSource, sql, [], signal)).map((row) => String(row['name']));
  return new VipLookupError(
    `there is no table "${table}", or this database user may not read it.${suggestion(table, present)}`,
  );
}
