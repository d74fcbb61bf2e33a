import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { databaseProvider, openSockets, spoilingProxy } from '../../test/support/database-provider.js';
import { eventually, patient } from '../../test/support/eventually.js';
import { holdTimeouts } from '../../test/support/held-timeouts.js';
import { startMariaDb } from '../../test/support/mariadb.js';
import type { MariaDb } from '../../test/support/mariadb.js';
import { Caller } from '../plugin-api/index.js';
import { rereadNumbers } from '../providers/database/reread-numbers.js';
import { openDatabase } from '../providers/database/vip-caller.repository.js';
import { closeDataSource, createDataSource, dropConnections, POOL_SIZE, warmUp } from './data-source.js';
import { select } from './select.js';

const AINO = Caller.read('+358501231234', 'FI');
const WARM = 3;
/** What a connection that is tried may take to answer. */
const PING_PATIENCE_MS = 2_000;

describe('the connections to a database server', () => {
  let server: MariaDb;
  let url: string;
  const undo: (() => unknown)[] = [];
  beforeAll(async () => {
    server = await startMariaDb();
    url = await server.createUser('ALL');
    // What happens once, beside the first calls after an update, would take connections, too.
    const dataSource = await openDatabase(url);
    await rereadNumbers(dataSource, undefined);
    await closeDataSource(dataSource);
  });
  afterAll(() => server.stop());
  afterEach(async () => {
    jest.useRealTimers();
    for (const step of undo.splice(0).reverse()) await step();
  });

  /** Ids of the provider's connections, as the server sees them. */
  async function connections(): Promise<unknown[]> {
    const rows = await server.sql(
      `SELECT id FROM information_schema.processlist WHERE user = '${new URL(url).username}'`,
    );
    return rows.map(({ id }) => id).sort();
  }

  async function untilWarm(except: readonly unknown[] = []): Promise<unknown[]> {
    let found: unknown[] = [];
    await eventually(async () => {
      found = await connections();
      return found.length >= WARM && !found.some((id) => except.includes(id));
    });
    return found;
  }

  /** Tries the connections, which do not answer, until they are given up. */
  async function warmUpInVain(dataSource: DataSource): Promise<void> {
    let isOver = false;
    const tried = warmUp(dataSource).then(() => (isOver = true));
    await eventually(() => {
      jest.advanceTimersByTime(PING_PATIENCE_MS);
      return isOver;
    });
    await tried;
  }

  /** The pause after a try is over, and time goes on by itself. */
  function letTimeoutsGo(): void {
    jest.runOnlyPendingTimers();
    jest.useRealTimers();
  }

  function provide() {
    const { provider } = databaseProvider(url);
    undo.push(() => provider.close());
    return provider;
  }

  it('are made before the first call, and used by it', async () => {
    const provider = provide();
    await provider.open();
    const ready = await untilWarm();
    expect(ready).toHaveLength(WARM);
    await Promise.all(Array.from({ length: WARM }, () => provider.lookup(AINO, patient())));
    expect(await connections()).toEqual(ready);
  });

  it('are made anew after a restart of the server without a call', async () => {
    const provider = provide();
    await provider.open();
    await server.restart();
    const ready = await untilWarm();
    expect(await provider.lookup(AINO, patient())).toBeNull();
    expect(await connections()).toEqual(expect.arrayContaining(ready));
  });

  it('are made anew when the server closes them for being idle', async () => {
    const provider = provide();
    await provider.open();
    const closed = await connections();
    for (const id of closed) await server.sql(`KILL ${Number(id)}`);
    await untilWarm(closed);
  });

  it('that died without a word are replaced when they are tried', async () => {
    const proxy = await spoilingProxy(server.port);
    undo.push(() => proxy.stop());
    const dataSource = createDataSource(url.replace(String(server.port), String(proxy.port)), {
      quiet: true,
    });
    undo.push(() => closeDataSource(dataSource));
    await dataSource.initialize();
    await warmUp(dataSource);
    const dead = await connections();
    proxy.swallow();
    holdTimeouts();
    await warmUpInVain(dataSource);
    letTimeoutsGo();
    await untilWarm(dead);
    expect(await dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('are made anew although one closed while they were being tried', async () => {
    const dataSource = createDataSource(url, { quiet: true });
    undo.push(() => closeDataSource(dataSource));
    await dataSource.initialize();
    await warmUp(dataSource);
    const frozen = await connections();
    const sockets = openSockets();
    const lookup = new AbortController();
    server.freeze();
    holdTimeouts();
    try {
      const asked = select(dataSource, 'SELECT 1', [], lookup.signal);
      const tried = warmUpInVain(dataSource);
      lookup.abort(new Error('too slow'));
      await expect(asked).rejects.toMatchObject({ message: 'too slow' });
      await tried;
      // Not half closed: a server that is gone never says goodbye, and they would count as there. Others may have been begun
      // in their place; those are given up as well, and the pauses between grow.
      await eventually(() => {
        if (openSockets() <= sockets - WARM) return true;
        jest.advanceTimersByTime(PING_PATIENCE_MS);
        return false;
      });
    } finally {
      server.thaw();
    }
    letTimeoutsGo();
    await untilWarm(frozen);
  });

  it('cannot be made any more once they are dropped, not even for those who wait in line', async () => {
    const before = openSockets();
    const dataSource = createDataSource(url, { quiet: true });
    await dataSource.initialize();
    await warmUp(dataSource);
    const waiting = Array.from({ length: 60 }, () =>
      dataSource.query('SELECT SLEEP(600)').then(
        () => 'answered',
        () => 'rejected',
      ),
    );
    await eventually(async () => expect(await connections()).toHaveLength(POOL_SIZE));
    dropConnections(dataSource);
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['rejected']));
    await warmUp(dataSource);
    await eventually(() => openSockets() <= before);
    await closeDataSource(dataSource);
  });
});
