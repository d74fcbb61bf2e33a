import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { withTemporaryFolder } from '../../test/support/temporary-folder.js';
import { patient } from '../../test/support/eventually.js';
import { withMariaDb } from '../../test/support/with-mariadb.js';
import { withPostgres } from '../../test/support/with-postgres.js';
import { contactNumber, startPagingCrm } from '../../test/support/paging-crm.js';
import type { PagingCrm } from '../../test/support/paging-crm.js';
import { nth, StoppingState } from '../../test/support/stopping-state.js';
import type { StateCall } from '../../test/support/stopping-state.js';
import { recalled, syncedProvider } from '../../test/support/synced-provider.js';
import type { ProviderState } from '../plugin-api/index.js';
import { Database } from '../database/database.js';
import { DatabaseStates } from './database-states.js';
import { closeDataSource } from '../database/data-source.js';
import { openDatabase } from '../providers/database/vip-caller.repository.js';
import type { CopyHead } from '../providers/crm-http/sync/copy-store.js';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };
const AINO = '+358501231234';
const aino = { id: 9_001, phones: [AINO], tier: 'gold' };
/** Enough for two parts. */
const MANY = Array.from({ length: 2_500 }, (_, n) => contactNumber(n));

const server = withMariaDb();
const postgres = withPostgres();
const folder = withTemporaryFolder();
let files = 0;
const ending: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

const isPart = (...[method, key]: StateCall) => method === 'write' && key!.startsWith('sync.');
/** Says yes to the writing of the head that makes parts count. */
function untilCommit(): (...call: StateCall) => boolean {
  let hasParts = false;
  return (...call) => {
    hasParts ||= isPart(...call);
    return hasParts && isHead(...call);
  };
}
const isHead = (...[method, key]: StateCall) => method === 'write' && key === 'sync';

describe.each([
  ['SQLite', async () => `sqlite:${folder.path(`overtaken-${++files}.sqlite`)}`],
  ['MariaDB', () => server.createDatabase()],
  ['PostgreSQL', () => postgres.createDatabase()],
])('a puller that stood still until another took over, in %s', (_, newUrl) => {
  let crm: PagingCrm;
  let url: string;
  let database: DataSource;
  let state: ProviderState;

  beforeEach(async () => {
    crm = await startPagingCrm(...MANY, aino);
    crm.pageSize = 2_000;
    ending.push(() => crm.stop());
    url = await newUrl();
    database = await openDatabase(url);
    ending.push(() => closeDataSource(database));
    state = stateOfOneMore();
    await pull(state);
  });

  /** What one more process sees. */
  function stateOfOneMore(): ProviderState {
    const states = new DatabaseStates(new Database(url), SILENT);
    ending.push(() => states.close());
    return states.of('crm');
  }

  function instance(own: ProviderState) {
    const { provider } = syncedProvider(crm.options(), own);
    ending.push(() => provider.close());
    return provider;
  }

  const pull = (own: ProviderState, full = true) => instance(own).sync({ full });
  const head = async () => JSON.parse((await state.read('sync'))!.text) as CopyHead;

  /** Has one stand still before a call, another pull what is new, and the first go on. */
  async function overtake(
    isHere: (...call: StateCall) => boolean,
    full: boolean,
    own = stateOfOneMore(),
  ): Promise<void> {
    const first = new StoppingState(own, isHere);
    const overtaken = pull(first.state, full).then(
      () => 'pulled',
      (error: Error) => error.message,
    );
    await first.stopped;
    crm.put({ ...aino, tier: 'silver' });
    // As if half a minute had gone by.
    await database.query('UPDATE provider_lease SET expires_ms = 1');
    await pull(stateOfOneMore(), full);
    // What the first has done away with it cannot bring back by pulling again.
    crm.brokenFromPage = 1;
    const { copy } = await head();
    first.goOn();
    expect(await overtaken).toMatch(/^the exclusive right was lost|^another instance changed the copy/);
    expect((await head()).copy).toEqual(copy);
    const reader = instance(stateOfOneMore());
    await reader.open();
    expect(recalled(reader, AINO)).toMatchObject([{ tier: 'silver' }]);
    expect(await reader.check(patient())).toMatchObject({ status: 'up', entries: 2_501 });
  }

  it.each([
    ['looks for what to sweep away', nth(1, (method) => method === 'keys')],
    ['writes a part', nth(2, isPart)],
    ['has its parts count', untilCommit()],
  ])('before it %s, changes nothing', async (__, isHere) => {
    await overtake(isHere, true);
  });

  it('before it sweeps a part away, leaves the one of that name that counts by now', async () => {
    const { copy } = await head();
    await state.write(`sync.${copy!.generation}.${copy!.parts}`, 'left over', undefined);
    await overtake(
      nth(1, (method) => method === 'remove'),
      false,
    );
  });

  it('cannot have its parts count by an older version of the head, right or no right', async () => {
    const own = stateOfOneMore();
    let heads = 0;
    const forgetful: ProviderState = {
      read: (key) => own.read(key),
      write: (key, text, version) => {
        if (key === 'sync') heads++;
        return own.write(key, text, version);
      },
      keys: () => own.keys(),
      remove: (key) => own.remove(key),
      exclusively: (name, work) => own.exclusively(name, work),
    };
    const first = new StoppingState(forgetful, untilCommit());
    const overtaken = pull(first.state).then(
      () => 'pulled',
      (error: Error) => error.message,
    );
    await first.stopped;
    await database.query('UPDATE provider_lease SET expires_ms = 1');
    const second = new StoppingState(stateOfOneMore(), nth(1, isPart));
    const overtaking = pull(second.state);
    await second.stopped;
    first.goOn();
    expect(await overtaken).toMatch(/^another instance changed the copy/);
    expect(heads).toBe(1);
    second.goOn();
    expect(await overtaking).toMatchObject({ kind: 'full', entries: 2_501 });
  });
});
