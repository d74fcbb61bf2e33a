import { MigrationExecutor } from 'typeorm';
import type { DataSource } from 'typeorm';
import { isNotAllowed } from './failures.js';
import { exclusively } from './table-lock.js';

/**
 * Brings the service's own table up to date. Several instances may do so at once.
 * @returns false when the database user may not change the schema; whether the table will do shows when it is looked at
 */
export async function migrate(dataSource: DataSource): Promise<boolean> {
  if (await isUpToDate(dataSource)) return true;
  try {
    await exclusively(dataSource, () => runMigrations(dataSource));
    return true;
  } catch (error) {
    if (isNotAllowed(error)) return false;
    throw error;
  }
}

/** Asks without writing, so that a user without CREATE can start on a table that is there. */
async function isUpToDate(dataSource: DataSource): Promise<boolean> {
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
