import { describe, expect, it } from '@jest/globals';
import { contactNumbers } from '../../../../test/support/paging-crm.js';
import { withPagingCrm } from '../../../../test/support/with-paging-crm.js';
import { syncedProvider } from '../../../../test/support/synced-provider.js';
import { MemoryState } from '../../../plugin-api/testing/index.js';
import type { CrmHttpProvider } from '../crm-http.provider.js';

const suite = withPagingCrm();

function instance(sync: object = {}, options: object = {}): CrmHttpProvider {
  const { provider } = syncedProvider({ ...suite.crm.options(sync), ...options }, new MemoryState());
  suite.ending.push(() => provider.close());
  return provider;
}

/** A provider with a copy of ten full pages of ten. */
async function withTenPages(sync: object = {}, options: object = {}): Promise<CrmHttpProvider> {
  suite.crm.put(...contactNumbers(100));
  suite.crm.pageSize = 10;
  const provider = instance(sync, options);
  expect(await provider.sync({})).toMatchObject({ entries: 100, pages: 10 });
  return provider;
}

describe('a page that reports an error with HTTP status 200', () => {
  it.each<[string, unknown]>([
    ['as Tryton does', { error: ['TimeoutError', ['']] }],
    ['as JSON-RPC does', { jsonrpc: '2.0', error: { code: -32_000, message: 'busy' } }],
    ['as GraphQL does', { data: null, errors: [{ message: 'timeout' }] }],
    ['as GraphQL does with a part of the data', { contacts: [], errors: [{ message: 'timeout' }] }],
    ['by its success', { success: false, contacts: [] }],
    ['by its status', { status: 'error', contacts: [] }],
    ['by its code', { contacts: null, errorCode: 17 }],
    ['beside some contacts', { contacts: contactNumbers(3), error: 'timeout' }],
  ])('fails the pull, %s', async (_, answer) => {
    const provider = await withTenPages();
    suite.crm.alter = (page, body) => (page === 8 ? answer : body);
    await expect(provider.sync({ full: true })).rejects.toThrow(/^mapping: page 8 reports an error under "/);
    expect(provider.entries()).toBe(undefined);
    suite.crm.alter = (_, body) => body;
    expect(await provider.sync({ full: true })).toMatchObject({ entries: 100, before: 100 });
  });

  it('fails the pull where its words are unknown, because it is built in another way', async () => {
    const provider = await withTenPages();
    for (const [answer, message] of [
      [{ message: 'Permission denied' }, 'has "message", which no page before has, and not their list'],
      ['Permission denied', 'is text or a number alone'],
    ] as const) {
      suite.crm.alter = (page, body) => (page === 8 ? answer : body);
      await expect(provider.sync({ full: true })).rejects.toThrow(
        `mapping: page 8 is not built as the pages before: it ${message}`,
      );
    }
  });

  it('fails the first pull and a pull of changes', async () => {
    suite.crm.put(...contactNumbers(10));
    suite.crm.alter = () => ({ error: 'denied' });
    const provider = instance();
    await expect(provider.sync({})).rejects.toThrow('mapping: page 1 reports an error under "error"');
    suite.crm.alter = (_, body) => body;
    await provider.sync({});
    suite.crm.alter = () => ({ error: 'denied' });
    await expect(provider.sync({})).rejects.toThrow('mapping: page 1 reports an error under "error"');
  });

  it('is left to errorPath where that is set', async () => {
    const provider = await withTenPages({}, { errorPath: 'fault' });
    suite.crm.alter = (page, body) => ({ ...body, ...(page === 10 && { error: 'deprecated' }) });
    expect(await provider.sync({ full: true })).toMatchObject({ entries: 100 });
    suite.crm.alter = (page, body) => (page === 8 ? { fault: 'busy' } : body);
    await expect(provider.sync({ full: true })).rejects.toThrow('the answer reports an error (errorPath)');
  });
});

describe('an ordinary last page', () => {
  it.each<[string, (page: number, body: Record<string, unknown>) => unknown]>([
    ['has no contacts', (page, body) => (page === 10 ? { contacts: [], next: null } : body)],
    ['leaves its list out', (page, body) => (page === 10 ? {} : body)],
    ['leaves its list out and has a token', (page, body) => (page === 10 ? { nextSyncToken: 'x' } : body)],
    ['has null for a list', (page, body) => (page === 10 ? { contacts: null, isEnd: true } : body)],
    ['says on all pages that there is no error', (_, body) => ({ ...body, error: null, errorCode: '0' })],
    ['has an error of its own kind, as all pages', (_, body) => ({ ...body, errors: ['old API version'] })],
  ])('%s', async (_, alter) => {
    suite.crm.put(...contactNumbers(95));
    suite.crm.pageSize = 10;
    suite.crm.alter = alter;
    expect(await instance().sync({})).toMatchObject({ kind: 'full', pages: 10 });
  });
});

describe('pages that look cut short', () => {
  const CONFIRM = 'confirm it with the command sync crm --full --confirm';

  it('make a pull with fewer contacts one to confirm', async () => {
    const provider = await withTenPages();
    suite.crm.alter = (page, body) =>
      page === 5 ? { ...body, contacts: (body['contacts'] as unknown[]).slice(0, 3) } : body;
    await expect(provider.sync({ full: true })).rejects.toThrow(
      `a pull was refused: it leaves 93 of 100 contacts, page 5 is shorter or longer than the first one although others follow, which was not so before. If that is correct, ${CONFIRM}`,
    );
    suite.crm.alter = (page, body) => (page === 8 ? { contacts: [], next: null } : body);
    await expect(provider.sync({ full: true })).rejects.toThrow(
      'it leaves 70 of 100 contacts, the last page is empty although the one before announced it, which was not so before',
    );
    expect(await provider.sync({ full: true, confirm: true })).toMatchObject({ entries: 70 });
    // So it is now: nothing new to confirm.
    suite.crm.alter = (page, body) => (page === 7 ? { contacts: [], next: null } : body);
    expect(await provider.sync({ full: true })).toMatchObject({ entries: 60, before: 70 });
  });

  it('are no sign where contacts were deleted, or pages were uneven before', async () => {
    const provider = await withTenPages();
    suite.crm.delete(...Array.from({ length: 13 }, (_, n) => n));
    expect(await provider.sync({ full: true })).toMatchObject({ entries: 87 });
    const uneven = instance({ records: 'contacts[id % 7 > 0].{ "id": id, "number": phones, "tier": tier }' });
    const { entries } = (await uneven.sync({}))!;
    suite.crm.delete(20, 22, 23, 24, 25, 26, 27);
    expect((await uneven.sync({ full: true }))!.entries).toBeLessThan(entries);
  });
});

describe('the headers of a page', () => {
  it('are those of lookups, without those that name a caller, and its own over them', async () => {
    suite.crm.put(...contactNumbers(1));
    const headers = { 'X-Tenant': 'acme', 'X-Caller': '{{ number }}', 'Accept-Version': '1', 'X-Both': 'a' };
    const full = { url: `${suite.crm.url}/contacts`, headers: { 'accept-version': '2' } };
    const provider = instance({ full }, { headers });
    await provider.sync({});
    suite.crm.put(...contactNumbers(1));
    await provider.sync({});
    const [first, second] = suite.crm.headers;
    expect(first).toMatchObject({ 'x-tenant': 'acme', 'accept-version': '2', 'x-both': 'a' });
    expect(second).toMatchObject({ 'x-tenant': 'acme', 'accept-version': '1', 'x-both': 'a' });
    expect([first!['x-caller'], second!['x-caller']]).toEqual([undefined, undefined]);
  });
});
