import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { rename } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  closedPort,
  databaseProvider,
  openSockets,
  silentServer,
  spoilingProxy,
  temporaryFolder,
} from '../../../test/support/database-provider.js';
import { startMariaDb } from '../../../test/support/mariadb.js';
import type { MariaDb } from '../../../test/support/mariadb.js';
import { Caller } from '../../plugin-api/index.js';
import { closeDataSource, POOL_SIZE } from './data-source.js';
import type { DatabaseProvider } from './database.provider.js';
import { importRecords, openDatabase } from './vip-caller.repository.js';

const AINO = Caller.read('+358501231234', 'FI');
const GOLD = [{ number: '+358501231234', tier: 'gold' }];

async function fill(url: string): Promise<void> {
  const dataSource = await openDatabase(url);
  await importRecords(dataSource, [{ number: '+358501231234', tier: 'gold' }], 'replace');
  await closeDataSource(dataSource);
}

/** What one call gets: the records, or why there are none. */
async function outcome(provider: DatabaseProvider, timeoutMs: number): Promise<unknown> {
  try {
    return await provider.lookup(AINO, AbortSignal.timeout(timeoutMs));
  } catch (error) {
    return (error as Error).name === 'TimeoutError' ? 'timeout' : (error as Error).message;
  }
}

async function untilFound(provider: DatabaseProvider): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (Array.isArray(await outcome(provider, 500))) return;
    await sleep(100);
  }
  throw new Error('the VIP is still not found');
}

/** Sockets of this process that are not ours: those that suites before this one left open. */
let others = 0;
const ownSockets = (): number => openSockets() - others;
beforeEach(() => {
  others = openSockets();
});

async function untilSockets(count: number): Promise<void> {
  for (let tries = 0; ownSockets() > count && tries < 40; tries++) await sleep(50);
  expect(ownSockets()).toBeLessThanOrEqual(count);
}

describe('a lookup on a server in trouble', () => {
  let server: MariaDb;
  let subject: ReturnType<typeof databaseProvider>;
  let provider: DatabaseProvider;
  beforeAll(async () => {
    server = await startMariaDb();
    await fill(server.url);
  }, 120_000);
  afterAll(() => server.stop());
  beforeEach(() => {
    subject = databaseProvider(server.url);
    provider = subject.provider;
  });
  afterEach(() => provider.close());

  it('fails at once while the server is down, and finds again after its restart', async () => {
    await provider.open();
    let calls = 0;
    const seen = new Set<string>();
    const load = new AbortController();
    const running = Promise.all(
      Array.from({ length: 5 }, async () => {
        while (!load.signal.aborted) {
          seen.add(JSON.stringify(await outcome(provider, 2_000)));
          calls++;
          await sleep(5);
        }
      }),
    );
    await sleep(100);
    await server.kill();
    await sleep(300);
    const before = calls;
    await sleep(300);
    expect(calls - before).toBeGreaterThan(5);
    await expect(provider.check(AbortSignal.timeout(2_000))).rejects.toMatchObject({
      name: 'VipLookupError',
      message: 'database is not reachable (ECONNREFUSED)',
    });
    await server.restart();
    await untilFound(provider);
    load.abort();
    await running;
    expect(seen).toContain(JSON.stringify(GOLD));
    expect(seen).toContain('"database is not reachable (ECONNREFUSED)"');
    expect(seen).not.toContain('null');
    expect(seen).not.toContain('"timeout"');
    expect(await provider.check(AbortSignal.timeout(2_000))).toEqual({ status: 'up', entries: 1 });
  }, 60_000);

  it('ends at its signal while the server is frozen, however many there are, and finds again afterwards', async () => {
    await Promise.all(Array.from({ length: POOL_SIZE }, () => outcome(provider, 2_000)));
    server.freeze();
    try {
      for (let round = 0; round < 3; round++) {
        const outcomes = await Promise.all(Array.from({ length: 30 }, () => outcome(provider, 150)));
        expect(outcomes).toEqual(outcomes.map(() => 'timeout'));
      }
      expect(ownSockets()).toBeLessThanOrEqual(POOL_SIZE);
    } finally {
      server.thaw();
    }
    await untilFound(provider);
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => outcome(provider, 5_000)));
    expect(outcomes).toEqual(outcomes.map(() => GOLD));
  }, 60_000);

  it('can be closed while the server is frozen', async () => {
    await Promise.all(Array.from({ length: 5 }, () => outcome(provider, 2_000)));
    server.freeze();
    try {
      expect(await outcome(provider, 100)).toBe('timeout');
      const closed = provider.close().then(() => 'closed');
      expect(await Promise.race([closed, sleep(5_000, 'still open', { ref: false })])).toBe('closed');
      await untilSockets(0);
    } finally {
      server.thaw();
    }
  });

  it.each(['swallow', 'breakOnUse'] as const)(
    'outlives connections that died in the pool (%s)',
    async (spoil) => {
      const proxy = await spoilingProxy(server.port);
      const { provider: far } = databaseProvider(server.url.replace(String(server.port), String(proxy.port)));
      const crowd = () => Promise.all(Array.from({ length: POOL_SIZE }, () => outcome(far, 2_000)));
      await far.open();
      await crowd();
      proxy[spoil]();
      if (spoil === 'swallow') {
        const lost = await Promise.all(Array.from({ length: POOL_SIZE }, () => outcome(far, 150)));
        expect(lost).toEqual(lost.map(() => 'timeout'));
      }
      expect(await outcome(far, 2_000)).toEqual(GOLD);
      expect(await crowd()).toEqual(Array.from({ length: POOL_SIZE }, () => GOLD));
      await far.close();
      await proxy.stop();
    },
  );

  it('waits for the server when it is down at the start, and says so once', async () => {
    await server.kill();
    await expect(provider.open()).rejects.toMatchObject({
      message: 'database is not reachable (ECONNREFUSED)',
    });
    expect(await outcome(provider, 2_000)).toBe('database is not reachable (ECONNREFUSED)');
    await sleep(1_500);
    await server.restart();
    for (let tries = 0; subject.logged.length < 2 && tries < 300; tries++) await sleep(50);
    expect(subject.logged).toEqual([
      {
        level: 'warn',
        fields: { reason: 'database is not reachable (ECONNREFUSED)' },
        message: 'database cannot be used; trying again in the background',
      },
      { level: 'info', fields: {}, message: 'database can be used again' },
    ]);
    expect(await outcome(provider, 2_000)).toEqual(GOLD);
  }, 60_000);

  it('makes its table when the database is emptied under it', async () => {
    const url = await server.createDatabase();
    await fill(url);
    const { provider: other } = databaseProvider(url);
    expect(await outcome(other, 2_000)).toEqual(GOLD);
    await server.sql('DROP TABLE vip_caller', url);
    expect(await outcome(other, 2_000)).toBe('database failed (ER_NO_SUCH_TABLE)');
    expect(await outcome(other, 2_000)).toMatch(/^there is no table "vip_caller"/);
    await server.sql('DROP TABLE smartrouting_migrations', url);
    await fill(url);
    await untilFound(other);
    await other.close();
  });
});

describe('a database that takes the connection and says nothing', () => {
  it('neither holds the start up for good nor the closing', async () => {
    const silent = await silentServer();
    const { provider } = databaseProvider(`mysql://root@127.0.0.1:${silent.port}/vip`);
    const opening = provider.open().then(
      () => 'opened',
      (error: Error) => error.message,
    );
    expect(await outcome(provider, 100)).toBe('timeout');
    await provider.close();
    await untilSockets(0);
    expect(await opening).toBe('database did not answer while connecting');
    expect(await outcome(provider, 100)).toBe('the provider is closed');
    await silent.stop();
  });

  it('is given up after a while', async () => {
    const silent = await silentServer();
    const { provider } = databaseProvider(`mysql://root@127.0.0.1:${silent.port}/vip`);
    await expect(provider.open()).rejects.toMatchObject({ message: 'database is not reachable (ETIMEDOUT)' });
    await provider.close();
    await silent.stop();
  });
});

describe('a provider of a database that is down', () => {
  it('leaves nothing behind when it is closed', async () => {
    const { provider, logged } = databaseProvider(`mysql://root@127.0.0.1:${await closedPort()}/vip`);
    await expect(provider.open()).rejects.toMatchObject({ name: 'VipLookupError' });
    await provider.close();
    const entries = logged.length;
    await sleep(1_500);
    expect(logged).toHaveLength(entries);
  });
});

describe("the service's own SQLite file", () => {
  it('is not replaced by an empty one when it vanishes', async () => {
    const folder = await temporaryFolder();
    const url = `sqlite:${folder.path('vip.sqlite')}`;
    await fill(url);
    const { provider } = databaseProvider(url);
    expect(await outcome(provider, 2_000)).toEqual(GOLD);
    await rename(folder.path('vip.sqlite'), folder.path('away'));
    expect(await outcome(provider, 2_000)).toBe('database is not reachable (ENOENT)');
    await rename(folder.path('away'), folder.path('vip.sqlite'));
    await sleep(300);
    expect(await outcome(provider, 2_000)).toEqual(GOLD);
    await provider.close();
    await folder.remove();
  });
});
