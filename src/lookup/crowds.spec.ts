import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { crmProvider } from '../../test/support/crm-provider.js';
import { startCrmServer } from '../../test/support/crm-server.js';
import { databaseProvider } from '../../test/support/database-provider.js';
import { eventually } from '../../test/support/eventually.js';
import { holdTimeouts } from '../../test/support/held-timeouts.js';
import { withMariaDb } from '../../test/support/mariadb.js';
import { guarded, outcomeOf } from '../../test/support/scripted-provider.js';
import { MetricsService } from '../observability/metrics.service.js';
import { Caller } from './port/caller.js';
import type { VipLookupProvider } from './port/vip-lookup-provider.js';

const CROWD = 50;
const TIMEOUT_MS = 3_000;
/** Far less than the timeout, and enough to be seen between two turns. */
const SLOW_MS = 300;

/**
 * Kinds of outcome when a crowd calls at once, of whom half have their answer when the time of the others is over. Fails when
 * the circuit breaker opened.
 */
async function kindsOfACrowd(provider: VipLookupProvider): Promise<string[]> {
  const logged: Record<string, unknown>[] = [];
  const limits = { timeoutMs: TIMEOUT_MS, maxConcurrent: CROWD };
  const subject = guarded(provider, new MetricsService(), limits, logged);
  let answered = 0;
  holdTimeouts();
  const asked = Array.from({ length: CROWD }, async (_, i) => {
    const outcome = await outcomeOf(subject.ask(Caller.read(`+3585012340${i + 10}`, 'FI')));
    answered++;
    return outcome.kind;
  });
  await eventually(() => answered >= CROWD / 2);
  jest.advanceTimersByTime(TIMEOUT_MS);
  jest.useRealTimers();
  const kinds = await Promise.all(asked);
  // Where the machine is slow, any lookup may hold the thread.
  const told = logged.filter(({ msg }) => msg !== 'a lookup held the thread, and with it every call');
  expect({ breaker: subject.breakerState, told }).toEqual({ breaker: 'closed', told: [] });
  return kinds;
}

describe('a crowd that has to wait for connections does not open the breaker of a sound backend', () => {
  const server = withMariaDb();
  const undo: (() => unknown)[] = [];
  afterEach(async () => {
    jest.useRealTimers();
    for (const step of undo.splice(0).reverse()) await step();
  });

  it('that is a CRM', async () => {
    const crm = await startCrmServer({ contacts: {} });
    undo.push(() => crm.stop());
    crm.mode = 'slow';
    crm.slowMs = SLOW_MS;
    const provider = crmProvider({ url: `${crm.url}/contacts?phone={{ number }}`, record: 'contacts' });
    undo.push(() => provider.close());
    const kinds = await kindsOfACrowd(provider);
    expect(new Set(kinds)).toEqual(new Set(['none', 'timeout']));
  });

  it('that is a database server', async () => {
    await server.sql(`CREATE TABLE one (phone VARCHAR(40), tier VARCHAR(9)); INSERT INTO one VALUES ('1', 'x');
      CREATE VIEW slow AS SELECT * FROM one WHERE SLEEP(${SLOW_MS / 1_000}) = 0 LIMIT 1`);
    const { provider } = databaseProvider(server.url, {
      connection: server.url,
      table: 'slow',
      columns: { number: 'phone', tier: 'tier' },
    });
    undo.push(() => provider.close());
    await provider.open();
    const kinds = await kindsOfACrowd(provider);
    expect(new Set(kinds)).toEqual(new Set(['none', 'timeout']));
  });
});
