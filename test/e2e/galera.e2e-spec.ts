import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeDataSource } from '../../src/database/data-source.js';
import { importRecords, openDatabase } from '../../src/providers/database/vip-caller.repository.js';
import { Database } from '../../src/database/database.js';
import { DatabaseStates } from '../../src/store/database-states.js';
import { eventually } from '../support/eventually.js';
import { startGalera } from '../support/galera.js';
import type { Galera, GaleraNode } from '../support/galera.js';
import { IS_LONG } from '../support/length.js';
import { Program } from '../support/process.js';
import { ask, KEY } from '../support/service.js';
import { SteadyLoad, tally } from '../support/steady-load.js';
import type { ExclusiveRight } from '../../src/plugin-api/index.js';

const VIPS = Array.from({ length: 20 }, (_, index) => `+3585012${String(index).padStart(5, '0')}`);
const STRANGER = '+358409999999';
const RECORDS = VIPS.map((number) => ({ number, tier: 'gold' }));
const PER_SECOND = IS_LONG ? 40 : 20;
/** How often a node is killed and another one frozen. */
const ROUNDS = IS_LONG ? 3 : 1;
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };
const LEADS = [0, 1, 2];

let cluster: Galera;
beforeAll(async () => {
  cluster = await startGalera();
});
afterAll(() => cluster?.stop());

/** Opens the database as three instances would whose view of the cluster differs: each begins with another node. */
function openFromEachNode(database?: string): ReturnType<typeof openDatabase>[] {
  return LEADS.map((lead) => openDatabase(cluster.url(lead, database)));
}

describe('instances that write to different nodes of a Galera cluster at once', () => {
  const undo: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const step of undo.splice(0)) await step();
  });

  /** What three instances keep for a provider, each by way of another node. */
  function statesFromEachNode(provider: string) {
    return LEADS.map((lead) => {
      const states = new DatabaseStates(new Database(cluster.url(lead)), SILENT);
      undo.push(() => states.close());
      return states.of(provider);
    });
  }

  it('make the tables once, and no instance fails to start', async () => {
    await cluster.nodes[0].sql('CREATE DATABASE fresh');
    await cluster.nodes[2].untilSynced(3);
    const opened = await Promise.all([...openFromEachNode('fresh'), ...openFromEachNode('fresh')]);
    undo.push(() => Promise.all(opened.map(closeDataSource)));
    for (const dataSource of opened) {
      await importRecords(dataSource, [{ number: '+358501', tier: 'gold' }], 'merge');
    }
    const rows = await cluster.nodes[1].sql('SELECT number FROM fresh.vip_caller');
    expect(rows).toEqual([{ number: '+358501' }]);
  });

  it('import whole lists, one after the other, never a mixture', async () => {
    const opened = await Promise.all(openFromEachNode());
    undo.push(() => Promise.all(opened.map(closeDataSource)));
    const listOf = (index: number) =>
      Array.from({ length: 700 }, (_, row) => ({
        number: `+35840${index}${1_000 + row}`,
        tier: `list ${index}`,
      }));
    await Promise.all(opened.map((dataSource, index) => importRecords(dataSource, listOf(index), 'replace')));
    const tiers = await cluster.nodes[0].sql(
      'SELECT tier, COUNT(*) AS count FROM smartrouting.vip_caller GROUP BY tier',
    );
    expect(tiers).toEqual([{ tier: expect.stringMatching(/^list [012]$/), count: 700 }]);
  });

  it('have the exclusive right to something one at a time, and see what the one before wrote', async () => {
    const instances = statesFromEachNode('crm');
    let holders = 0;
    let most = 0;
    let done = 0;
    const seen: string[] = [];
    await Promise.all(
      instances.map(async (state, index) => {
        const work = async (_lost: AbortSignal, right: ExclusiveRight): Promise<boolean> => {
          most = Math.max(most, ++holders);
          const before = await state.read('token');
          seen.push(before?.text ?? 'none');
          const written = await state.write('token', `${index}.${++done}`, before?.version, right);
          holders--;
          return written;
        };
        for (let wins = 0; wins < 4; wins++) {
          const written = await eventually(async () => {
            const outcome = await state.exclusively('token', work);
            return outcome !== undefined && { outcome };
          });
          expect(written).toEqual({ outcome: true });
        }
      }),
    );
    expect({ most, done }).toEqual({ most: 1, done: 12 });
    // Each text is read exactly once: nobody began from what was there before.
    expect(new Set(seen).size).toBe(12);
  });

  it('replace a text only once for each version', async () => {
    const instances = statesFromEachNode('cas');
    await instances[0]!.write('count', '0', undefined);
    const tries = instances.map(async (state, index) => state.write('count', `by ${index}`, 1));
    expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1);
  });
});

describe('the service on a Galera cluster', () => {
  let folder: string;
  let program: Program;
  let url: string;

  beforeAll(async () => {
    const dataSource = await openDatabase(cluster.url());
    await importRecords(dataSource, RECORDS, 'replace');
    await closeDataSource(dataSource);
    folder = await mkdtemp(join(tmpdir(), 'smartrouting-galera-service-'));
    await writeFile(
      join(folder, 'smartrouting.yaml'),
      `
server: { port: 0 }
credentials: [{ id: core, apiKey: ${KEY} }]
providers: { vips: { kind: database, timeout: 4400ms } }
targets: { SALES_QUEUE: { providers: [vips], deadline: 4500ms, routes: [{ instructions: { ExtraPriority: 5 } }] } }
`,
    );
    program = new Program('dist/main.js', [], {
      SMARTROUTING_CONFIG: join(folder, 'smartrouting.yaml'),
      DATABASE_URL: cluster.url(),
    });
    [, url] = (await program.until(/"url":"(http:[^"]+)"/)) as unknown as [string, string];
  });
  afterAll(async () => {
    program?.signal('SIGKILL');
    await program?.finished;
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  async function health(): Promise<{ status?: string; reason?: string }> {
    const answer = await ask(new URL('/health', url).href);
    return (answer.json as { details: { vips: { status?: string; reason?: string } } }).details.vips;
  }

  /** Waits until health says that these nodes are in trouble, and only these. */
  function untilTroubled(...nodes: GaleraNode[]): Promise<{ status?: string; reason?: string }> {
    return eventually(async () => {
      const found = await health();
      const named = cluster.nodes.filter(({ name }) => found.reason?.includes(`${name} `));
      expect({ found, named: named.map(({ name }) => name) }).toMatchObject({
        named: cluster.nodes.filter((node) => nodes.includes(node)).map(({ name }) => name),
      });
      return found;
    });
  }

  const selects = (): Promise<number[]> =>
    Promise.all(cluster.nodes.map(async (node) => Number(await node.status('Com_select'))));

  it('recognises every VIP while a node is killed and comes back, and while another one is frozen and thawed', async () => {
    const [first, second, third] = cluster.nodes;
    const load = new SteadyLoad(url, [...VIPS, STRANGER], PER_SECOND).start();
    try {
      await load.more(20);
      const isUp = async () => expect(await health()).toMatchObject({ status: 'up', entries: VIPS.length });
      await eventually(isUp);

      for (let round = 0; round < ROUNDS; round++) {
        await third.kill();
        expect(await untilTroubled(third)).toMatchObject({
          status: 'degraded',
          reason: expect.stringMatching(
            /^1 of 3 database nodes in trouble: 127\.0\.0\.1:\d+ is not reachable/,
          ),
        });
        // Until the others go on without it.
        await second.untilSynced(2);
        await third.rejoin();
        await untilTroubled();

        first.freeze();
        try {
          await untilTroubled(first);
          await second.untilSynced(2);
          await load.more(20);
        } finally {
          first.thaw();
        }
        // It still takes itself for one of three when it is thawed; the others know when it is.
        await second.untilSynced(3);
        await first.untilSynced(3);
        await untilTroubled();
      }

      const before = await selects();
      await eventually(async () => {
        const after = await selects();
        expect(after.map((count, index) => count > before[index]! + 10)).toEqual([true, true, true]);
      });
    } finally {
      await load.stop();
    }
    const sent = await load.stop();
    const strangers = load.outcomes.filter(({ anum }) => anum === STRANGER).length;
    expect(tally(load.outcomes)).toEqual({
      '200 matched {"ExtraPriority":5}': sent - strangers,
      '204 no-match': strangers,
    });
  });

  it('says in its log which node was left alone, and that it is used again', () => {
    const told = program.logLines
      .filter(({ node }) => node !== undefined)
      .map(({ level, node, msg }) => ({ level, node, msg }));
    for (const index of [0, 2]) {
      const { name: node } = cluster.nodes[index]!;
      expect(told.filter((line) => line.node === node).slice(0, 2)).toEqual([
        { level: 'warn', node, msg: 'database node is failing; the other nodes are used' },
        { level: 'info', node, msg: 'database node is used again' },
      ]);
    }
  });

  it('recognises every VIP although two of three nodes are gone, and the third has no majority', async () => {
    const [first, second, third] = cluster.nodes;
    const load = new SteadyLoad(url, VIPS, PER_SECOND).start();
    try {
      await Promise.all([first.kill(), third.kill()]);
      await eventually(async () => expect(await second.status('wsrep_ready')).toBe('OFF'));
      await untilTroubled(first, second, third);
      await load.more(20);
    } finally {
      await load.stop();
    }
    expect(tally(load.outcomes)).toEqual({ '200 matched {"ExtraPriority":5}': await load.stop() });
  });
});
