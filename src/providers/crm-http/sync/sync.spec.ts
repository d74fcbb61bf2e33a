import { describe, expect, it } from '@jest/globals';
import { withTemporaryFolder } from '../../../../test/support/temporary-folder.js';
import { startMariaDb } from '../../../../test/support/mariadb.js';
import { withMariaDb } from '../../../../test/support/with-mariadb.js';
import { contactNumber, contactNumbers } from '../../../../test/support/paging-crm.js';
import { withPagingCrm } from '../../../../test/support/with-paging-crm.js';
import { eventually, patient } from '../../../../test/support/eventually.js';
import { NEVER, recalled, syncedProvider } from '../../../../test/support/synced-provider.js';
import { Caller } from '../../../plugin-api/index.js';
import { Database } from '../../../database/database.js';
import { DatabaseStates } from '../../../store/database-states.js';
import type { CrmHttpProvider } from '../crm-http.provider.js';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };
const AINO = '+358501231234';
const aino = { id: 9_001, phones: [AINO, '09 123 4567'], tier: 'gold', name: 'Aino Aalto' };
const server = withMariaDb();
const folder = withTemporaryFolder();
let files = 0;

const suite = withPagingCrm();

const newFile = async (): Promise<string> => `sqlite:${folder.path(`sync-${++files}.sqlite`)}`;

/** A process of the service that has a provider with a copy. */
function instance(url: string, sync: object = {}) {
  const states = new DatabaseStates(new Database(url), SILENT);
  const { provider, logged } = syncedProvider(suite.crm.options(sync), states.of('crm'));
  suite.ending.push(async () => {
    await provider.close();
    await states.close();
  });
  return { provider, logged };
}

/** An instance that takes calls, with the copy that there is. */
async function opened(url: string, sync: object = {}): Promise<CrmHttpProvider> {
  const { provider } = instance(url, sync);
  await provider.open();
  return provider;
}

async function health(provider: CrmHttpProvider) {
  return provider.check(patient());
}

describe.each([
  ['SQLite', newFile],
  ['MariaDB', () => server.createDatabase()],
])('a synced copy in %s', (_, newUrl) => {
  it('is pulled in full, page by page, then by what changed', async () => {
    suite.crm.put(...contactNumbers(250), aino);
    const { provider } = instance(await newUrl());
    expect(await provider.sync({})).toEqual({
      kind: 'full',
      entries: 251,
      changed: 251,
      pages: 3,
      skipped: 0,
    });

    suite.crm.put(
      { ...contactNumber(7), tier: 'platinum' },
      { id: 9_002, phones: ['+358501239999'], tier: 'gold' },
    );
    suite.crm.delete(9_001);
    expect(await provider.sync({})).toEqual({
      kind: 'changes',
      entries: 251,
      before: 251,
      changed: 3,
      pages: 1,
      skipped: 0,
    });
    await provider.open();
    expect(recalled(provider, AINO)).toBeUndefined();
    expect(recalled(provider, '+358501239999')).toMatchObject([{ tier: 'gold' }]);
    expect(recalled(provider, contactNumber(7).phones[0]!)).toMatchObject([{ tier: 'platinum' }]);
    expect(recalled(provider, contactNumber(8).phones[0]!)).toMatchObject([
      { tier: 'gold', name: 'Contact 8' },
    ]);
  });

  it('decides calls straight after a restart while the CRM is down', async () => {
    suite.crm.put(...contactNumbers(250), aino);
    const url = await newUrl();
    await instance(url).provider.sync({});
    await suite.crm.stop();

    const provider = await opened(url);
    expect(provider.lookup(Caller.read(AINO, 'FI'), NEVER)).toEqual([
      { number: AINO, tier: 'gold', name: 'Aino Aalto' },
    ]);
    expect(await health(provider)).toEqual({
      status: 'degraded',
      reason: expect.stringContaining('calls are decided from the copy alone: '),
      entries: 251,
      loadedAt: expect.any(String),
    });
    expect(provider.copyAgeSeconds()).toBeGreaterThanOrEqual(0);
  });

  it('is shown by health while the CRM hangs', async () => {
    suite.crm.put(aino);
    suite.crm.holdsSearches = true;
    const url = await newUrl();
    await instance(url).provider.sync({});
    const provider = await opened(url);
    const tooLate = new AbortController();
    const asked = provider.check(tooLate.signal);
    await eventually(() => suite.crm.asked('/search').length > 0);
    tooLate.abort();
    expect(await asked).toEqual({
      status: 'degraded',
      reason: 'calls are decided from the copy alone: no answer in time',
      entries: 1,
      loadedAt: expect.any(String),
    });
  });

  it('is pulled by one of two instances and serves both', async () => {
    suite.crm.put(...contactNumbers(250), aino);
    const url = await newUrl();
    const both = [instance(url).provider, instance(url).provider];
    await Promise.all(both.map((provider) => provider.open()));
    await eventually(() => both.every((provider) => recalled(provider, AINO) !== undefined));
    expect(suite.crm.asked('/contacts')).toHaveLength(3);
    expect(suite.crm.asked('/changes')).toEqual([]);
  });

  it('is brought up to date in an instance that runs when another has pulled', async () => {
    suite.crm.put(...contactNumbers(10), aino);
    const url = await newUrl();
    await instance(url).provider.sync({});
    const provider = await opened(url);
    suite.crm.put({ ...aino, tier: 'silver' });
    await instance(url).provider.sync({});
    await eventually(() => expect(recalled(provider, AINO)).toMatchObject([{ tier: 'silver' }]));
    expect(suite.crm.asked('/changes')).toHaveLength(1);
  });

  it('stays as it is when a pull breaks off in the middle', async () => {
    suite.crm.put(...contactNumbers(250), aino);
    const url = await newUrl();
    const { provider, logged } = instance(url);
    await provider.sync({});
    await provider.open();
    const before = await health(provider);

    suite.crm.put({ ...aino, tier: 'silver' });
    suite.crm.heldFromPage = 3;
    const pull = provider.sync({ full: true });
    pull.catch(() => undefined);
    await eventually(() => suite.crm.asked('/contacts?page=3').length > 1);
    await suite.crm.stop();
    await expect(pull).rejects.toMatchObject({ name: 'VipLookupError' });
    expect(recalled(provider, AINO)).toMatchObject([{ tier: 'gold' }]);
    expect(await health(provider)).toEqual({
      ...before,
      status: 'degraded',
      reason: expect.stringMatching(/^the copy was not brought up to date: the pull failed: /),
    });
    expect(logged).toContainEqual(
      expect.objectContaining({ level: 'warn', message: 'the copy stays as it is: a pull failed' }),
    );

    suite.crm.heldFromPage = Infinity;
    await suite.crm.start();
    expect(await provider.sync({ full: true })).toMatchObject({ kind: 'full', entries: 251 });
    expect(recalled(provider, AINO)).toMatchObject([{ tier: 'silver' }]);
    expect(await health(provider)).toEqual({ status: 'up', entries: 251, loadedAt: expect.any(String) });
  });

  it.each([
    ['the first one', 1],
    ['in the middle of the list', 3],
  ])('takes no page that is not found for the end of the list: %s', async (_, page) => {
    suite.crm.put(...contactNumbers(250), aino);
    const { provider } = instance(await newUrl());
    await provider.sync({});
    await provider.open();
    suite.crm.missingFromPage = page;
    await expect(provider.sync({ full: true, confirm: true })).rejects.toThrow('HTTP 404');
    expect(recalled(provider, AINO)).toMatchObject([{ tier: 'gold' }]);
    await expect(provider.check(patient())).resolves.toMatchObject({ entries: 251 });
  });
});

describe('a database that is down', () => {
  it('leaves live lookups, and the copy that is loaded', async () => {
    suite.crm.put(aino);
    const own = await startMariaDb();
    suite.ending.push(() => own.stop());
    const provider = await opened(own.url);
    await eventually(() => recalled(provider, AINO) !== undefined);
    own.freeze();
    try {
      const { provider: late } = instance(own.url);
      const opening = late.open();
      expect(await late.lookup(Caller.read(AINO), NEVER)).toMatchObject([{ tier: 'gold' }]);
      expect(recalled(provider, AINO)).toHaveLength(1);
      own.thaw();
      await opening;
      await eventually(() => recalled(late, AINO) !== undefined);
    } finally {
      own.thaw();
    }
  });
});

describe('a copy whose parts are gone', () => {
  it('is pulled anew', async () => {
    suite.crm.put(aino);
    const url = await newFile();
    await instance(url).provider.sync({});
    const states = new DatabaseStates(new Database(url), SILENT);
    const state = states.of('crm');
    for (const key of await state.keys()) if (key !== 'sync') await state.remove(key);
    await states.close();
    const provider = await opened(url);
    await eventually(() => recalled(provider, AINO) !== undefined);
    expect(suite.crm.asked('/contacts')).toHaveLength(2);
  });
});
