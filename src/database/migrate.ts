import type { DataSource } from 'typeorm';
import { typeorm } from './drivers.js';
import { codeOf, isConflict, isNotAllowed, unlessInTheWay } from './failures.js';
import { exclusively } from './table-lock.js';

const EXISTS = new Set([
  ...['ER_TABLE_EXISTS_ERROR', 'ER_DUP_FIELDNAME', 'ER_DUP_KEYNAME'],
  ...['42P07', '42701', '42710', '23505'],
]);

/**
 * Brings the service's own table up to date. Several instances may do so at once.
 * @returns false if the database user may not change the schema; the later check of the table shows whether it is usable
 */
export async function migrate(dataSource: DataSource): Promise<boolean> {
  if (await isUpToDate(dataSource)) return true;
  try {
    await exclusively(dataSource, () => unlessInTheWay(() => runMigrations(dataSource), isAnothers));
    return true;
  } catch (error) {
    if (isNotAllowed(error)) return false;
    throw error;
  }
}

/** Checks without writing, so that a user without CREATE can use an existing table. */
async function isUpToDate(dataSource: DataSource): Promise<boolean> {
  const { MigrationExecutor } = typeorm();
  return (await new MigrationExecutor(dataSource).getPendingMigrations()).length === 0;
}

async function runMigrations(dataSource: DataSource): Promise<void> {
  try {
    if (!(await isUpToDate(dataSource))) await dataSource.runMigrations({ transaction: 'all' });
  } catch (error) {
    // Another process may have been a moment faster; then ours failed because the table already existed.
    if (!(await isUpToDate(dataSource))) throw error;
  }
}

/** Another process is still migrating on another node of the cluster, where locks are not visible. */
const isAnothers = (error: unknown): boolean => isConflict(error) || EXISTS.has(codeOf(error) ?? '');
