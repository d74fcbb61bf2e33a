import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { rename } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  closedPort,
  databaseProvider,
  openSockets,
  silentServer,
  spoilingProxy,
} from '../../../test/support/database-provider.js';
import { temporaryFolder } from '../../../test/support/temporary-folder.js';
import { eventually, patient } from '../../../test/support/eventually.js';
import { holdTimeouts } from '../../../test/support/held-timeouts.js';
import { startMariaDb } from '../../../test/support/mariadb.js';
import type { MariaDb } from '../../../test/support/mariadb.js';
import { startPostgres } from '../../../test/support/postgres.js';
import { Caller, withTimeLimit } from '../../plugin-api/index.js';
import { closeDataSource, POOL_SIZE } from '../../database/data-source.js';
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
async function outcome(provider: DatabaseProvider, signal = patient()): Promise<unknown> {
  try {
    return await provider.lookup(AINO, signal);
  } catch (error) {
    return (error as Error).name === 'TimeoutError' ? 'timeout' : (error as Error).message;
  }
}

/** The same for calls that are meant to end without an answer. */
const outcomeSoon = (provider: DatabaseProvider): Promise<unknown> =>
  withTimeLimit(150, [], (signal) => outcome(provider, signal));

function untilFound(provider: DatabaseProvider): Promise<void> {
  return eventually(async () => {
    const found = await withTimeLimit(2_000, [], (signal) => outcome(provider, signal));
    expect(found).toEqual(GOLD);
  });
}

/** Sockets of this process that are not ours: those that suites before this one left open. */
let others = 0;
const ownSockets = (): number => openSockets() - others;
beforeEach(() => {
  others = openSockets();
});

function untilSockets(count: number): Promise<void> {
  return eventually(() => expect(ownSockets()).toBeLessThanOrEqual(count));
}

describe.each([
  ['MariaDB', startMariaDb, 'ER_NO_SUCH_TABLE'],
  ['PostgreSQL', startPostgres, 'SQLSTATE 42P01'],
] as const)('a lookup on a server in trouble (%s)', (_, start, missing) => {
  let server: MariaDb;
  let subject: ReturnType<typeof databaseProvider>;
  let provider: DatabaseProvider;
  beforeAll(async () => {
    server = await start();
    await fill(server.url);
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    subject = databaseProvider(server.url);
    provider = subject.provider;
  });
  afterEach(() => provider.close());

  it('fails at once while the server is down, and finds again after its restart', async () => {
    await provider.open();
    let calls = 0;
    const refused = 'database is not reachable (ECONNREFUSED)';
    const seen = new Set<string>();
    const load = new AbortController();
    const running = Promise.all(
      Array.from({ length: 5 }, async () => {
        while (!load.signal.aborted) {
          seen.add(JSON.stringify(await outcome(provider)));
          calls++;
          await sleep(5);
        }
      }),
    );
    await eventually(() => seen.has(JSON.stringify(GOLD)));
    await server.kill();
    await eventually(() => seen.has(`"${refused}"`));
    // A lookup that waited for the server would end after its restart.
    const before = calls;
    await eventually(() => calls > before + 5);
    await eventually(() =>
      expect(provider.check(patient())).rejects.toMatchObject({ name: 'VipLookupError', message: refused }),
    );
    await server.restart();
    await untilFound(provider);
    load.abort();
    await running;
    expect(seen).not.toContain('null');
    expect(await provider.check(patient())).toEqual({ status: 'up', entries: 1 });
  });

  it('ends at its signal while the server is frozen, however many there are, and finds again afterwards', async () => {
    await Promise.all(Array.from({ length: POOL_SIZE }, () => outcome(provider)));
    server.freeze();
    try {
      for (let round = 0; round < 3; round++) {
        const outcomes = await Promise.all(Array.from({ length: 30 }, () => outcomeSoon(provider)));
        expect(outcomes).toEqual(outcomes.map(() => expect.stringMatching(/^timeout$|ETIMEDOUT/)));
      }
      await untilSockets(POOL_SIZE);
    } finally {
      server.thaw();
    }
    await untilFound(provider);
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => outcome(provider)));
    expect(outcomes).toEqual(outcomes.map(() => GOLD));
  });

  it('can be closed while the server is frozen', async () => {
    await Promise.all(Array.from({ length: 5 }, () => outcome(provider)));
    server.freeze();
    try {
      expect(await outcomeSoon(provider)).toBe('timeout');
      await provider.close();
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
      const crowd = () => Promise.all(Array.from({ length: POOL_SIZE }, () => outcome(far)));
      await far.open();
      await crowd();
      proxy[spoil]();
      if (spoil === 'swallow') {
        const lost = await Promise.all(Array.from({ length: POOL_SIZE }, () => outcomeSoon(far)));
        expect(lost).toEqual(lost.map(() => 'timeout'));
      }
      expect(await outcome(far)).toEqual(GOLD);
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
    expect(await outcome(provider)).toBe('database is not reachable (ECONNREFUSED)');
    const down = {
      level: 'warn',
      fields: { reason: 'database is not reachable (ECONNREFUSED)' },
      message: 'database is unavailable; retrying in the background',
    };
    for (let tries = 0; tries < 2; tries++) {
      // After this time a lookup tries again.
      await sleep(300);
      expect(await outcome(provider)).toBe('database is not reachable (ECONNREFUSED)');
    }
    expect(subject.logged).toEqual([down]);
    await server.restart();
    const up = { level: 'info', fields: {}, message: 'database is available again' };
    await eventually(() => expect(subject.logged).toEqual([down, up]));
    expect(await outcome(provider)).toEqual(GOLD);
  });

  it('makes its table when the database is emptied under it', async () => {
    const url = await server.createDatabase();
    await fill(url);
    const { provider: other } = databaseProvider(url);
    expect(await outcome(other)).toEqual(GOLD);
    await server.sql('DROP TABLE vip_caller', url);
    expect(await outcome(other)).toBe(`database failed (${missing})`);
    expect(await outcome(other)).toMatch(/^there is no table "vip_caller"/);
    await server.sql('DROP TABLE smartrouting_migrations', url);
    await fill(url);
    await untilFound(other);
    await other.close();
  });
});

describe.each(['mysql', 'postgres'])(
  'a database that takes the connection and says nothing (%s)',
  (scheme) => {
    it('neither holds the start up for good nor the closing', async () => {
      const silent = await silentServer();
      const { provider } = databaseProvider(`${scheme}://root@127.0.0.1:${silent.port}/vip`);
      const opening = provider.open().then(
        () => 'opened',
        (error: Error) => error.message,
      );
      expect(await outcomeSoon(provider)).toBe('timeout');
      await provider.close();
      await untilSockets(0);
      expect(await opening).toMatch(/^(?:the provider is closed|database is not reachable \(ETIMEDOUT\))$/);
      expect(await outcomeSoon(provider)).toBe('the provider is closed');
      await silent.stop();
    });

    it('is given up after a while', async () => {
      const silent = await silentServer();
      const { provider } = databaseProvider(`${scheme}://root@127.0.0.1:${silent.port}/vip`);
      await expect(provider.open()).rejects.toMatchObject({
        message: 'database is not reachable (ETIMEDOUT)',
      });
      await provider.close();
      await silent.stop();
    });
  },
);

describe.each(['mysql', 'postgres'])('a provider of a database that is down (%s)', (scheme) => {
  it('leaves nothing behind when it is closed', async () => {
    const { provider, logged } = databaseProvider(`${scheme}://root@127.0.0.1:${await closedPort()}/vip`);
    holdTimeouts();
    try {
      await expect(provider.open()).rejects.toMatchObject({ name: 'VipLookupError' });
      expect(jest.getTimerCount()).toBe(1);
      await provider.close();
      expect(jest.getTimerCount()).toBe(0);
      expect(logged).toHaveLength(1);
    } finally {
      jest.useRealTimers();
    }
  });
});

describe("the service's own SQLite file", () => {
  it('is not replaced by an empty one when it vanishes', async () => {
    const folder = temporaryFolder();
    const url = `sqlite:${folder.path('vip.sqlite')}`;
    await fill(url);
    const { provider } = databaseProvider(url);
    expect(await outcome(provider)).toEqual(GOLD);
    await rename(folder.path('vip.sqlite'), folder.path('away'));
    expect(await outcome(provider)).toBe('database is not reachable (ENOENT)');
    await rename(folder.path('away'), folder.path('vip.sqlite'));
    await untilFound(provider);
    await provider.close();
    await folder.remove();
  });
});
