import { warmUp } from '../../database/data-source.js';
import { migrate } from '../../database/migrate.js';
import { connectTo, withoutRights } from '../../database/session.js';
import type { Session } from '../../database/session.js';
import { checkTable } from './table-schema.js';
import { TableStatements } from './vip-table.js';
import type { VipTable } from './vip-table.js';

/** A connected database whose table has been looked at. */
export interface VipSession extends Session {
  readonly statements: TableStatements;
}

/**
 * Connects, brings the service's own table up to date, and checks that the table can be read.
 * @param mustExist do not make an SQLite file that is missing
 * @param signal gives up, whatever it waits for
 */
export async function openVipSession(
  url: string,
  table: VipTable,
  mustExist: boolean,
  signal: AbortSignal,
): Promise<VipSession> {
  return connectTo(url, { mustExist, readOnly: !table.isOwn }, signal, async (session) => {
    const { dataSource } = session;
    const mayChange = table.isOwn ? await migrate(dataSource) : true;
    await checkTable(dataSource, table, signal).catch((error: unknown) => {
      throw mayChange ? error : withoutRights(error);
    });
    const { driver } = dataSource;
    void warmUp(dataSource);
    return { ...session, statements: new TableStatements(table, driver.escape.bind(driver)) };
  });
}
