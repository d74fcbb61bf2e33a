import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import {
  closedPort,
  databaseProvider,
  openSockets,
  silentServer,
  spoilingProxy,
} from '../../test/support/database-provider.js';
import type { SpoilingProxy } from '../../test/support/database-provider.js';
import { eventually, patient } from '../../test/support/eventually.js';
import { withMariaDb } from '../../test/support/with-mariadb.js';
import { Caller } from '../plugin-api/index.js';
import { Database } from './database.js';
import { DatabaseStates } from '../store/database-states.js';
import { closeDataSource, POOL_SIZE } from './data-source.js';
import { DatabaseNodes } from './nodes.js';
import type { DatabaseProvider } from '../providers/database/database.provider.js';
import { importRecords, openDatabase } from '../providers/database/vip-caller.repository.js';

const AINO = Caller.read('+358501231234', 'FI');
const GOLD = [{ number: '+358501231234', tier: 'gold' }];

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** One server behind several doors stands for the nodes of a cluster; the Galera cluster itself is in test/e2e. */
describe('a database of several servers', () => {
  const server = withMariaDb();
  let doors: SpoilingProxy[];
  let others = 0;
  const undo: (() => unknown)[] = [];
  beforeAll(async () => {
    const dataSource = await openDatabase(server.url);
    await importRecords(dataSource, GOLD, 'replace');
    await closeDataSource(dataSource);
  });
  beforeEach(async () => {
    doors = [await spoilingProxy(server.port), await spoilingProxy(server.port)];
    others = openSockets();
  });
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
    for (const door of doors) await door.stop();
  });

  const urlOf = (...ports: number[]): string =>
    `mysql://root@${ports.map((port) => `127.0.0.1:${port}`).join(',')}${new URL(server.url).pathname}`;

  function provide(...ports: number[]): ReturnType<typeof databaseProvider> {
    const subject = databaseProvider(urlOf(...ports));
    undo.push(() => subject.provider.close());
    return subject;
  }

  const find = (provider: DatabaseProvider) => provider.lookup(AINO, patient());
  const crowd = (provider: DatabaseProvider) =>
    Promise.all(Array.from({ length: POOL_SIZE }, () => find(provider)));

  /** Waits until every server is thought to be well, which a slow one may not have been at first. */
  function untilUp(provider: DatabaseProvider): Promise<void> {
    return eventually(async () => expect(await provider.check(patient())).toMatchObject({ status: 'up' }));
  }

  /** How many of so many lookups each door passes on. */
  async function shares(provider: DatabaseProvider): Promise<boolean[]> {
    const before = doors.map(({ bytes }) => bytes());
    for (let lookups = 0; lookups < 6; lookups++) expect(await find(provider)).toEqual(GOLD);
    return doors.map(({ bytes }, index) => bytes() > before[index]! + 100);
  }

  it('is read in turn', async () => {
    const { provider } = provide(doors[0]!.port, doors[1]!.port);
    await provider.open();
    await untilUp(provider);
    await eventually(async () => expect(await shares(provider)).toEqual([true, true]));
    await eventually(async () =>
      expect(await provider.check(patient())).toEqual({ status: 'up', entries: 1 }),
    );
  });

  it('answers while one refuses, and health and log say which; it is used again when it is back', async () => {
    const refusing = await closedPort();
    const { provider, logged } = provide(refusing, server.port);
    await provider.open();
    for (let lookups = 0; lookups < 4; lookups++) expect(await find(provider)).toEqual(GOLD);
    const reason = 'database is not reachable (ECONNREFUSED)';
    await eventually(async () =>
      expect(await provider.check(patient())).toEqual({
        status: 'degraded',
        reason: `1 of 2 database nodes in trouble: 127.0.0.1:${refusing} is not reachable (ECONNREFUSED)`,
        entries: 1,
      }),
    );
    const node = `127.0.0.1:${refusing}`;
    // The other one may have been slow.
    const told = () => logged.filter(({ fields }) => (fields as { node?: string }).node === node);
    const message = 'database node is failing; the other nodes are used';
    const inTrouble = { level: 'warn', fields: { node, reason }, message };
    await eventually(() => expect(told()).toEqual([inTrouble]));
    const back = await spoilingProxy(server.port, refusing);
    undo.unshift(() => back.stop());
    const again = { level: 'info', fields: { node }, message: 'database node is used again' };
    await eventually(() => expect(told()).toEqual([inTrouble, again]));
    await eventually(async () =>
      expect(await provider.check(patient())).toEqual({ status: 'up', entries: 1 }),
    );
  });

  it('answers from the start while one takes connections and says nothing', async () => {
    const silent = await silentServer();
    undo.push(() => silent.stop());
    const { provider } = provide(silent.port, server.port);
    await provider.open();
    expect(await find(provider)).toEqual(GOLD);
  });

  it('answers every lookup in hand when one freezes, leaves it alone, and gives its connections up', async () => {
    const [frozen, well] = doors as [SpoilingProxy, SpoilingProxy];
    const { provider } = provide(frozen.port, well.port);
    await provider.open();
    await untilUp(provider);
    await crowd(provider);
    frozen.swallow();
    expect(await crowd(provider)).toEqual(Array.from({ length: POOL_SIZE }, () => GOLD));
    // Each of a pool has a socket here and two in the doors. The swallowed ones do not pile up beside new ones.
    await eventually(() => openSockets() - others <= 2 * POOL_SIZE * 3);
    expect(await crowd(provider)).toEqual(Array.from({ length: POOL_SIZE }, () => GOLD));
    await untilUp(provider);
    await eventually(async () => expect(await shares(provider)).toEqual([true, true]));
  });

  it('fails as its first server does when none can be used', async () => {
    const { provider } = provide(await closedPort(), await closedPort());
    const reason = 'database is not reachable (ECONNREFUSED)';
    await expect(provider.open()).rejects.toMatchObject({ message: reason });
    await expect(find(provider)).rejects.toMatchObject({ message: reason });
    await expect(provider.check(patient())).rejects.toMatchObject({ message: reason });
  });

  it('does not blame a server for a number that its column cannot hold', async () => {
    await server.sql('CREATE TABLE latin (phone VARCHAR(40) CHARACTER SET latin1) ENGINE = InnoDB');
    const { provider } = databaseProvider(urlOf(doors[0]!.port, doors[1]!.port), {
      table: 'latin',
      columns: { number: 'phone' },
      tier: 'gold',
      spellings: ['text'],
    });
    undo.push(() => provider.close());
    await provider.open();
    // Again if it was blamed for being slow.
    await eventually(async () => {
      await untilUp(provider);
      expect(await provider.lookup(Caller.read('阿', undefined), patient())).toBeNull();
      expect(await provider.check(patient())).toMatchObject({ status: 'up' });
    });
  });

  it('is written to where it can be: not where it refuses, is silent, or only read', async () => {
    const silent = await silentServer();
    undo.push(() => silent.stop());
    const lists = [
      [await closedPort(), server.port],
      [silent.port, server.port],
    ];
    const importInto = async (url: string): Promise<void> => {
      const dataSource = await openDatabase(url);
      expect(await importRecords(dataSource, GOLD, 'merge')).toEqual({ added: 0, replaced: 1, removed: 0 });
      await closeDataSource(dataSource);
    };
    const keepIn = async (url: string, index: number): Promise<void> => {
      const states = new DatabaseStates(new Database(url), SILENT);
      undo.push(() => states.close());
      expect(await states.of(`crm${index}`).write('token', 'a', undefined)).toBe(true);
      expect(await states.of(`crm${index}`).exclusively('sync', async () => 'done')).toBe('done');
    };
    const urls = lists.map((ports) => urlOf(...ports));
    await Promise.all([...urls.map(importInto), ...urls.map(keepIn)]);
  });

  it('knows what was written before the server was lost that wrote it, and what somebody else wrote', async () => {
    const known = new DatabaseStates(new Database(server.url), SILENT);
    undo.push(() => known.close());
    const other = known.of('lost');
    const [lost, well] = doors as [SpoilingProxy, SpoilingProxy];
    /** One whose first server does what it is asked, and is lost before it can say so. */
    async function unlucky() {
      const states = new DatabaseStates(new Database(urlOf(lost.port, well.port)), SILENT);
      undo.push(() => states.close());
      await states.of('lost').read('connects');
      lost.breakOnAnswer();
      return states.of('lost');
    }
    expect(await (await unlucky()).write('token', 'a', undefined)).toBe(true);
    expect(await (await unlucky()).write('token', 'b', 1)).toBe(true);
    expect(await other.read('token')).toEqual({ text: 'b', version: 2 });
    expect(await other.write('token', 'c', 2)).toBe(true);
    expect(await (await unlucky()).write('token', 'd', 2)).toBe(false);
    expect(await (await unlucky()).write('token', 'd', undefined)).toBe(false);
    // The same was written earlier, by somebody.
    expect(await (await unlucky()).write('token', 'c', 1)).toBe(false);
    expect(await other.read('token')).toEqual({ text: 'c', version: 3 });
  });
});

/** What a node of a cluster says that has lost the majority; what another says that is gone. */
const APART = Object.assign(new Error('not prepared'), { code: 'ER_UNKNOWN_COM_ERROR' });
const GONE = Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });

describe('a cluster that has just lost its majority', () => {
  const open: DatabaseNodes[] = [];
  afterEach(() => Promise.all(open.splice(0).map((nodes) => nodes.close())));

  /** Asks a cluster once. @param found what becomes of a read, by node */
  function ask(found: Record<string, Error | string>, events: string[] = []): Promise<string> {
    const nodes = new DatabaseNodes(
      'mysql://u:p@a:1,b:1,c:1/d',
      async (url) => {
        const node = /@(\w)/.exec(url)![1]!;
        const dataSource = { node, destroy: async () => undefined } as unknown as DataSource;
        return { isCurrent: () => true, dataSource };
      },
      async () => undefined,
      SILENT,
    );
    open.push(nodes);
    const nodeOf = (dataSource: DataSource) => (dataSource as unknown as { node: string }).node;
    const read = async (dataSource: DataSource): Promise<string> => {
      const node = nodeOf(dataSource);
      events.push(node);
      const what = found[node]!;
      if (typeof what === 'string') return what;
      throw what;
    };
    const readApart = async (dataSource: DataSource): Promise<string> => {
      const node = nodeOf(dataSource);
      events.push(`${node} apart`);
      return `old answer of ${node}`;
    };
    return nodes.read(read, readApart, patient());
  }

  it('answers the first question already, from the node that is left', async () => {
    const events: string[] = [];
    expect(await ask({ a: APART, b: GONE, c: GONE }, events)).toBe('old answer of a');
    expect(events).toEqual(['a', 'b', 'c', 'a apart']);
    expect(await ask({ a: GONE, b: APART, c: GONE })).toBe('old answer of b');
    expect(await ask({ a: GONE, b: GONE, c: APART })).toBe('old answer of c');
    expect(await ask({ a: APART, b: APART, c: APART })).toBe('old answer of c');
  });

  it('does not ask a node that was cut off while another one answers, or would say that the question is wrong', async () => {
    const events: string[] = [];
    expect(await ask({ a: APART, b: GONE, c: 'answer' }, events)).toBe('answer');
    expect(events).toEqual(['a', 'b', 'c']);
    const nonsense = Object.assign(new Error('no such characters'), { code: 'ER_CANNOT_CONVERT_STRING' });
    await expect(ask({ a: APART, b: nonsense, c: GONE })).rejects.toBe(nonsense);
    await expect(ask({ a: GONE, b: GONE, c: GONE })).rejects.toBe(GONE);
  });
});
