import type { DataSource } from 'typeorm';
import { VipLookupError } from '../../plugin-api/index.js';
import { isSqlite } from './select.js';
import type { Row } from './select.js';

const WAIT_S = 10;
/** Locks belong to the whole server and have at most 64 characters. */
const LOCK_NAME = `LEFT(CONCAT('smartrouting.', DATABASE()), 64)`;

/**
 * Lets one process at a time change the service's own table. SQLite needs nothing of the kind: its transactions lock the
 * file. A server ends the transaction at every CREATE, and would let two imports through side by side.
 * @throws VipLookupError when another process has held the lock for 10 s
 */
export async function exclusively<T>(dataSource: DataSource, work: () => Promise<T>): Promise<T> {
  if (isSqlite(dataSource)) return work();
  const runner = dataSource.createQueryRunner();
  try {
    const [row] = (await runner.query(`SELECT GET_LOCK(${LOCK_NAME}, ${WAIT_S}) AS locked`)) as Row[];
    if (Number(row?.['locked']) !== 1) {
      throw new VipLookupError(
        `another process has been changing table vip_caller for ${WAIT_S} s; try again when it is done`,
      );
    }
    try {
      return await work();
    } finally {
      await runner.query(`DO RELEASE_LOCK(${LOCK_NAME})`);
    }
  } finally {
    await runner.release();
  }
}
