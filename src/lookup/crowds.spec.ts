import { afterEach, describe, expect, it } from '@jest/globals';
import { crmProvider } from '../../test/support/crm-provider.js';
import { startCrmServer } from '../../test/support/crm-server.js';
import { databaseProvider } from '../../test/support/database-provider.js';
import { withMariaDb } from '../../test/support/mariadb.js';
import { guarded, outcomeOf } from '../../test/support/scripted-provider.js';
import { MetricsService } from '../observability/metrics.service.js';
import { Caller } from './port/caller.js';
import type { VipLookupProvider } from './port/vip-lookup-provider.js';

const CROWD = 50;

/** Kinds of outcome when a crowd calls at once. Fails when the circuit breaker opened. */
async function kindsOfACrowd(provider: VipLookupProvider, timeoutMs: number): Promise<string[]> {
  const logged: Record<string, unknown>[] = [];
  const subject = guarded(provider, new MetricsService(), { timeoutMs, maxConcurrent: CROWD }, logged);
  const asked = Array.from({ length: CROWD }, async (_, i) =>
    outcomeOf(subject.ask(Caller.read(`+3585012340${i + 10}`, 'FI'))),
  );
  const kinds = (await Promise.all(asked)).map(({ kind }) => kind);
  expect({ breaker: subject.breakerState, logged }).toEqual({ breaker: 'closed', logged: [] });
  return kinds;
}

describe('a crowd that has to wait for connections does not open the breaker of a sound backend', () => {
  const server = withMariaDb();
  const undo: (() => unknown)[] = [];
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });

  it('that is a CRM', async () => {
    const crm = await startCrmServer({ contacts: {} });
    undo.push(() => crm.stop());
    crm.mode = 'slow';
    crm.slowMs = 1_500;
    const provider = crmProvider({ url: `${crm.url}/contacts?phone={{ number }}`, record: 'contacts' });
    undo.push(() => provider.close());
    const kinds = await kindsOfACrowd(provider, 2_500);
    expect(new Set(kinds)).toEqual(new Set(['none', 'timeout']));
  }, 20_000);

  it('that is a database server', async () => {
    await server.sql(`CREATE TABLE one (phone VARCHAR(40), tier VARCHAR(9)); INSERT INTO one VALUES ('1', 'x');
      CREATE VIEW slow AS SELECT * FROM one WHERE SLEEP(0.9) = 0 LIMIT 1`);
    const { provider } = databaseProvider(server.url, {
      connection: server.url,
      table: 'slow',
      columns: { number: 'phone', tier: 'tier' },
    });
    undo.push(() => provider.close());
    await provider.open();
    const kinds = await kindsOfACrowd(provider, 3_000);
    expect(new Set(kinds)).toEqual(new Set(['none', 'timeout']));
  }, 120_000);
});
