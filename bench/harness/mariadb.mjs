import { tsImport } from 'tsx/esm/api';
import makeRunFolder from '../../test/support/run-folder.mjs';
import { folder } from './children.mjs';
import { tell } from './rounds.mjs';

/** What the tests start MariaDB with. */
export async function loadStart() {
  const { startMariaDb } = await tsImport('../../test/support/mariadb.ts', import.meta.url);
  return startMariaDb;
}

/** A server on the load's core. */
export async function startDatabase() {
  process.env.TMPDIR = folder; // the server's data goes when all else does
  makeRunFolder();
  const startMariaDb = await loadStart();
  tell('starting MariaDB');
  return startMariaDb();
}

/** Fills the service's own table. */
export async function fill(database, { count, step }) {
  await database.sql(`
    INSERT INTO vip_caller (number, tier)
      SELECT CONCAT('+35840', LPAD(seq * ${step}, 7, '0')), 'gold' FROM seq_0_to_${count - 1};
    ANALYZE TABLE vip_caller`);
}
