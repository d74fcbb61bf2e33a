import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, QueryRunner } from 'typeorm';
import { VipLookupError } from '../plugin-api/index.js';
import { unlessInTheWay } from './failures.js';
import { dialectOf } from './select.js';
import type { Row } from './select.js';

const WAIT_S = 10;
const PAUSE_MS = 50;
/** MySQL's belong to the whole server and have at most 64 characters. */
const MYSQL_NAME = `LEFT(CONCAT('smartrouting.', DATABASE()), 64)`;
/** PostgreSQL's belong to the database. */
const POSTGRES_KEY = `hashtext('smartrouting.vip_caller')`;

interface TableLock {
  /** @returns false if another connection has held it for 10 s */
  readonly take: (runner: QueryRunner) => Promise<boolean>;
  readonly release: string;
}

const MYSQL_LOCK: TableLock = {
  take: async (runner) => {
    const [row] = (await runner.query(`SELECT GET_LOCK(${MYSQL_NAME}, ${WAIT_S}) AS locked`)) as Row[];
    return Number(row?.['locked']) === 1;
  },
  release: `DO RELEASE_LOCK(${MYSQL_NAME})`,
};

const POSTGRES_LOCK: TableLock = {
  take: async (runner) => {
    const endMs = performance.now() + WAIT_S * 1_000;
    for (;;) {
      const [row] = (await runner.query(`SELECT pg_try_advisory_lock(${POSTGRES_KEY}) AS locked`)) as Row[];
      if (row?.['locked'] === true) return true;
      if (performance.now() > endMs) return false;
      await sleep(PAUSE_MS);
    }
  },
  release: `SELECT pg_advisory_unlock(${POSTGRES_KEY})`,
};

/**
 * Lets one process at a time change the service's own table. SQLite does not need this: its transactions lock the
 * file. A server commits at every CREATE, and would allow two concurrent imports.
 *
 * The nodes of a Galera cluster do not see each other's locks, and some refuse locks altogether. There, transactions
 * call `takeTurn`, and the work is repeated if the cluster refused it.
 * @throws VipLookupError if another process has held the lock for 10 s
 */
export async function exclusively<T>(dataSource: DataSource, work: () => Promise<T>): Promise<T> {
  if (dialectOf(dataSource) === 'sqlite') return work();
  const runner = dataSource.createQueryRunner();
  try {
    if (dialectOf(dataSource) === 'mysql' && (await isGalera(runner))) return await unlessInTheWay(work);
    const { take, release } = dialectOf(dataSource) === 'postgres' ? POSTGRES_LOCK : MYSQL_LOCK;
    if (!(await take(runner))) {
      throw new VipLookupError(
        `another process has been changing table vip_caller for ${WAIT_S} s; try again when it is done`,
      );
    }
    try {
      return await work();
    } finally {
      await runner.query(release);
    }
  } finally {
    await runner.release();
  }
}

/**
 * The first statement of a transaction that must not run concurrently with another of its kind. In a Galera cluster
 * it writes a row that all of them write, so that the cluster refuses the one that commits later. In SQLite it takes
 * the write lock, which a transaction that has already read may not get. Elsewhere it does nothing.
 */
export async function takeTurn(runner: QueryRunner): Promise<void> {
  const dialect = dialectOf(runner.dataSource);
  if (dialect === 'sqlite') return void (await runner.query('DELETE FROM vip_caller WHERE 0'));
  if (dialect === 'postgres' || !(await isGalera(runner))) return;
  const turn = randomUUID();
  await runner.query(
    `INSERT INTO provider_lease (provider, name, owner, expires_ms) VALUES ('', 'vip_caller', ?, 0) ON DUPLICATE KEY UPDATE owner = ?`,
    [turn, turn],
  );
}

async function isGalera(runner: QueryRunner): Promise<boolean> {
  const [row] = (await runner.query(`SHOW GLOBAL VARIABLES LIKE 'wsrep_on'`)) as Row[];
  return row?.['Value'] === 'ON';
}
