import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { databaseProvider } from '../../test/support/database-provider.js';
import { eventually, patient } from '../../test/support/eventually.js';
import { withPostgres } from '../../test/support/with-postgres.js';
import { Caller } from '../plugin-api/index.js';
import { POOL_SIZE } from './data-source.js';

const AINO = Caller.read('+358501231234', 'FI');
const WARM = 3;
const OURS = `FROM pg_stat_activity WHERE application_name = 'smartrouting-vip' AND datname = current_database()`;

describe('the connections to a PostgreSQL server', () => {
  const server = withPostgres();
  const warnings: Error[] = [];
  const note = (warning: Error): void => void warnings.push(warning);
  beforeAll(() => void process.on('warning', note));
  afterAll(() => void process.off('warning', note));

  const ids = async (): Promise<unknown[]> => (await server.sql(`SELECT pid ${OURS}`)).map(({ pid }) => pid);

  it('are made before the first call, replaced when they are lost, and used by many calls at once', async () => {
    await server.sql(
      `CREATE TABLE customers (phone TEXT, level TEXT); INSERT INTO customers VALUES ('${AINO.key}', 'gold')`,
    );
    const { provider } = databaseProvider('sqlite::memory:', {
      connection: server.url,
      table: 'customers',
      columns: { number: 'phone', tier: 'level' },
    });
    await provider.open();
    await eventually(async () => (await ids()).length === WARM);
    const lost = await ids();
    await server.sql(`SELECT pg_terminate_backend(pid) ${OURS}`);
    await eventually(async () => {
      const now = await ids();
      return now.length === WARM && !now.some((id) => lost.includes(id));
    });
    const answers = await Promise.all(
      Array.from({ length: 10 * POOL_SIZE }, () => provider.lookup(AINO, patient())),
    );
    expect(answers).toEqual(answers.map(() => [{ number: AINO.key, tier: 'gold' }]));
    expect((await ids()).length).toBeLessThanOrEqual(POOL_SIZE);
    const states = await server.sql(`SELECT DISTINCT state ${OURS}`);
    expect(states).toEqual([{ state: 'idle' }]);
    await provider.close();
    await eventually(async () => (await ids()).length === 0);
    // For example that a query was queued at a busy client, which the driver deprecates.
    expect(warnings).toEqual([]);
  });
});
