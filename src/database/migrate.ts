import type { DataSource } from 'typeorm';
import { typeorm } from './drivers.js';
import { codeOf, isConflict, isNotAllowed, unlessInTheWay } from './failures.js';
import { exclusively } from './table-lock.js';

const EXISTS = new Set(['ER_TABLE_EXISTS_ERROR', 'ER_DUP_FIELDNAME', 'ER_DUP_KEYNAME']);

/**
 * Brings the service's own table up to date. Several instances may do so at once.
 * @returns false when the database user may not change the schema; whether the table will do shows when it is looked at
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

/** Asks without writing, so that a user without CREATE can start on a table that is there. */
async function isUpToDate(dataSource: DataSource): Promise<boolean> {
  const { MigrationExecutor } = typeorm();
  return (await new MigrationExecutor(dataSource).getPendingMigrations()).length === 0;
}

async function runMigrations(dataSource: DataSource): Promise<void> {
  try {
    if (!(await isUpToDate(dataSource))) await dataSource.runMigrations({ transaction: 'all' });
  } catch (error) {
    // Another process may have been a moment faster; then ours failed because the table was there already.
    if (!(await isUpToDate(dataSource))) throw error;
  }
}

/** Another process is at it on another node of the cluster, where no lock is seen, and is not done yet. */
const isAnothers = (error: unknown): boolean => isConflict(error) || EXISTS.has(codeOf(error) ?? '');
