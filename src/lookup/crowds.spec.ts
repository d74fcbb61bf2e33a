import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { crmProvider } from '../../test/support/crm-provider.js';
import { startCrmServer } from '../../test/support/crm-server.js';
import { databaseProvider } from '../../test/support/database-provider.js';
import { holdTimeouts } from '../../test/support/held-timeouts.js';
import { withMariaDb } from '../../test/support/with-mariadb.js';
import { guarded, outcomeOf } from '../../test/support/scripted-provider.js';
import { MetricsService } from '../observability/metrics.service.js';
import { Caller } from '../plugin-api/caller.js';
import type { VipLookupProvider } from '../plugin-api/vip-lookup-provider.js';

/** As many lookups for each connection: the first is answered, the second cut off, the third never begun. */
const WAVES = 3;
const TIMEOUT_MS = 3_000;
/** Far less than the timeout; a wave of lookups takes it. */
const SLOW_MS = 300;

/**
 * Kinds of outcome when a crowd calls at once, and time is over as soon as all who did not have to wait have their answer.
 * Fails when the circuit breaker opened.
 */
async function kindsOfACrowd(provider: VipLookupProvider): Promise<string[]> {
  const logged: Record<string, unknown>[] = [];
  const atOnce = provider.maxConcurrent!;
  const limits = { timeoutMs: TIMEOUT_MS, maxConcurrent: atOnce };
  const subject = guarded(provider, new MetricsService(), limits, logged);
  holdTimeouts();
  const asked = Array.from({ length: WAVES * atOnce }, async (_, i) => {
    const caller = Caller.read(`+3585012340${i + 100}`, 'FI');
    return (await outcomeOf(subject.ask(caller))).kind;
  });
  await Promise.all(asked.slice(0, atOnce));
  jest.advanceTimersByTime(TIMEOUT_MS);
  jest.useRealTimers();
  const kinds = await Promise.all(asked);
  // Where the machine is slow, any lookup may hold the thread.
  const told = logged.filter(({ msg }) => msg !== 'a lookup blocked the event loop, and with it every call');
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
