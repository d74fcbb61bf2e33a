import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { databaseProvider, openSockets, spoilingProxy } from '../../../test/support/database-provider.js';
import { startMariaDb } from '../../../test/support/mariadb.js';
import type { MariaDb } from '../../../test/support/mariadb.js';
import { Caller } from '../../plugin-api/index.js';
import { closeDataSource, createDataSource, dropConnections, warmUp } from './data-source.js';
import { select } from './select.js';

const AINO = Caller.read('+358501231234', 'FI');
const WARM = 3;

describe('the connections to a database server', () => {
  let server: MariaDb;
  let url: string;
  const undo: (() => unknown)[] = [];
  beforeAll(async () => {
    server = await startMariaDb();
    await server.sql(`CREATE USER vip@'127.0.0.1'; GRANT ALL ON *.* TO vip@'127.0.0.1'`);
    url = server.url.replace('root@', 'vip@');
  }, 120_000);
  afterAll(() => server.stop());
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
  });

  /** Ids of the provider's connections, as the server sees them. */
  async function connections(): Promise<unknown[]> {
    const rows = await server.sql(
      `SELECT id FROM information_schema.processlist WHERE user = 'vip' ORDER BY id`,
    );
    return rows.map(({ id }) => id).sort();
  }

  async function untilWarm(except: readonly unknown[] = []): Promise<unknown[]> {
    for (let tries = 0; tries < 200; tries++) {
      const found = await connections().catch(() => []);
      if (found.length >= WARM && !found.some((id) => except.includes(id))) return found;
      await sleep(50);
    }
    throw new Error('the connections are not there');
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
    await Promise.all(Array.from({ length: WARM }, () => provider.lookup(AINO, AbortSignal.timeout(5_000))));
    expect(await connections()).toEqual(ready);
  });

  it('are made anew after a restart of the server without a call', async () => {
    const provider = provide();
    await provider.open();
    await server.restart();
    const ready = await untilWarm();
    expect(await provider.lookup(AINO, AbortSignal.timeout(5_000))).toBeNull();
    expect(await connections()).toEqual(ready);
  }, 60_000);

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
    await warmUp(dataSource);
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
    try {
      const asked = select(dataSource, 'SELECT 1', [], lookup.signal);
      await sleep(50);
      const tried = warmUp(dataSource);
      lookup.abort(new Error('too slow'));
      await expect(asked).rejects.toMatchObject({ message: 'too slow' });
      await tried;
      // Not half closed: a server that is gone never says goodbye, and they would count as there.
      for (let tries = 0; openSockets() > sockets - WARM && tries < 40; tries++) await sleep(5);
      expect(openSockets()).toBeLessThanOrEqual(sockets - WARM);
    } finally {
      server.thaw();
    }
    await untilWarm(frozen);
  });

  it('cannot be made any more once they are dropped, not even for those who wait in line', async () => {
    const before = openSockets();
    const dataSource = createDataSource(url, { quiet: true });
    await dataSource.initialize();
    await warmUp(dataSource);
    const waiting = Array.from({ length: 60 }, () =>
      dataSource.query('SELECT SLEEP(5)').then(
        () => 'answered',
        () => 'rejected',
      ),
    );
    await sleep(100);
    dropConnections(dataSource);
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['rejected']));
    await warmUp(dataSource);
    await sleep(50);
    expect(openSockets()).toBeLessThanOrEqual(before);
    await closeDataSource(dataSource);
  });
});
