import { describe, expect, it } from '@jest/globals';
import { contactNumbers } from '../../../../test/support/paging-crm.js';
import { NEVER, recalled, syncedProvider } from '../../../../test/support/synced-provider.js';
import { withPagingCrm } from '../../../../test/support/with-paging-crm.js';
import { MemoryState } from '../../../plugin-api/testing/index.js';
import { CopyIndex, unreadDocument } from './copy-index.js';

const AINO = '+358501231234';
const aino = { id: 9_001, phones: [AINO], tier: 'gold' };
const TOO_LONG = 'tier: is longer than 64 characters';
const unreadable = { ...aino, tier: 'x'.repeat(65) };
const suite = withPagingCrm();

function instance(state: MemoryState, sync: object = {}) {
  const { provider } = syncedProvider(suite.crm.options(sync), state);
  suite.ending.push(() => provider.close());
  return provider;
}

async function unreadIn(provider: ReturnType<typeof instance>) {
  return (await provider.countEntries!(NEVER))!.unreadable;
}

describe('contacts of a copy that cannot be read', () => {
  it('are told with their ids, also by an instance that only reads the copy, and after a restart without the CRM', async () => {
    suite.crm.put(...contactNumbers(3), unreadable, { ...unreadable, id: 9_002 });
    const state = new MemoryState();
    const provider = instance(state);
    expect(await provider.sync({})).toMatchObject({ entries: 3, skipped: 2, problem: TOO_LONG });
    const told = { count: 2, problems: [`contact 9001: ${TOO_LONG}`, `contact 9002: ${TOO_LONG}`] };
    expect(await unreadIn(provider)).toEqual(told);
    await suite.crm.stop();
    const reader = instance(state);
    expect(await unreadIn(reader)).toEqual(told);
    const restarted = instance(state);
    await restarted.open();
    expect(await unreadIn(restarted)).toEqual(told);
    expect((await restarted.countEntries!(NEVER))!.entries).toBe(3);
  });

  it('are told until they are mended or gone, and from the pull that cannot read them any more', async () => {
    suite.crm.put(...contactNumbers(9), aino);
    const provider = instance(new MemoryState());
    await provider.sync({});
    await provider.open();
    expect(await unreadIn(provider)).toEqual({ count: 0, problems: [] });

    suite.crm.put(unreadable, { ...unreadable, id: 9_002 });
    expect(await provider.sync({})).toMatchObject({ kind: 'changes', entries: 9, skipped: 2 });
    expect(recalled(provider, AINO)).toBeUndefined();
    expect(await unreadIn(provider)).toMatchObject({ count: 2 });

    suite.crm.put({ ...contactNumbers(1)[0]!, tier: 'silver' });
    await provider.sync({});
    expect(await unreadIn(provider)).toMatchObject({ count: 2 });

    suite.crm.put(aino);
    suite.crm.delete(9_002);
    expect(await provider.sync({})).toMatchObject({ kind: 'changes', entries: 10, skipped: 0 });
    expect(recalled(provider, AINO)).toHaveLength(1);
    expect(await unreadIn(provider)).toEqual({ count: 0, problems: [] });
  });

  it('are told with their places if they have no id, until the next full pull', async () => {
    const records = 'contacts.{ "id": name = "nobody" ? null : id, "number": phones, "tier": tier }';
    suite.crm.put(...contactNumbers(3), { ...aino, name: 'nobody' });
    const state = new MemoryState();
    const provider = instance(state, { records });
    await provider.sync({});
    const problem =
      "sync.records: an entry has no usable id; name the CRM's own key of the contact, text or number of at most 200 characters";
    const told = `contact 4 on page 1: ${problem}`;
    expect(await unreadIn(provider)).toEqual({ count: 1, problems: [told] });

    suite.crm.put({ id: 9_002, phones: [AINO], tier: 'gold', name: 'nobody' });
    await provider.sync({});
    expect(await unreadIn(instance(state, { records }))).toMatchObject({
      count: 2,
      problems: [told, `contact 1 on page 1: ${problem}`],
    });

    suite.crm.delete(9_001, 9_002);
    await provider.sync({ full: true });
    await provider.open();
    expect(await unreadIn(provider)).toEqual({ count: 0, problems: [] });
  });
});

describe('the index of a copy', () => {
  it('has no contact that cannot be read, whatever it had of it before', async () => {
    const index = new CopyIndex();
    index.put('a', JSON.stringify([[AINO], { tier: 'gold' }]));
    index.put('a', unreadDocument('number: must be text'));
    expect(index.has('a')).toBe(false);
    const tally = await index.countEntries(NEVER);
    expect([tally.entries, tally.unreadable]).toEqual([
      0,
      { count: 1, problems: ['contact a: number: must be text'] },
    ]);
    index.remove('a');
    expect((await index.countEntries(NEVER)).unreadable.count).toBe(0);
  });
});
