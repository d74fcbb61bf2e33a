import { describe, expect, it } from '@jest/globals';
import { contactNumbers } from '../../../../test/support/paging-crm.js';
import { withPagingCrm } from '../../../../test/support/with-paging-crm.js';
import { syncedProvider } from '../../../../test/support/synced-provider.js';
import { MemoryState } from '../../../plugin-api/testing/index.js';

const suite = withPagingCrm();

function instance(sync: object = {}) {
  const { provider } = syncedProvider(suite.crm.options(sync), new MemoryState());
  suite.ending.push(() => provider.close());
  return { provider };
}

describe('contacts without a usable id', () => {
  const recordsWith = (id: string) => `contacts.{ "id": ${id}, "number": phones, "tier": tier }`;

  it('are left out and told, and the others count', async () => {
    suite.crm.put(...contactNumbers(6));
    suite.crm.pageSize = 3;
    for (const records of [
      recordsWith('id = 4 ? null : id'),
      `contacts.(id = 4 ? "x" : ${recordsWith('id').slice(9)})`,
    ]) {
      const report = await instance({ records }).provider.sync({});
      expect(report).toMatchObject({ entries: 5, pages: 2, skipped: 1 });
      expect(report!.problem).toMatch(/^sync\.records/);
    }
  });

  it.each([
    [recordsWith('nothing'), 'mapping: sync.records: an entry has no usable id; name'],
    ['contacts.id', 'mapping: sync.records must yield a list of objects such as'],
    [recordsWith('id < 3 ? id'), 'mapping: sync.records: an entry has no usable id; name'],
  ])('fail the pull when a page has no others: %s', async (records, problem) => {
    suite.crm.put(...contactNumbers(6));
    suite.crm.pageSize = 3;
    await expect(instance({ records }).provider.sync({})).rejects.toThrow(problem);
  });

  it('keep no changes out where one is alone on its page', async () => {
    suite.crm.put(...contactNumbers(4));
    const { provider } = instance({ records: recordsWith('id = 3 ? null : id') });
    await provider.sync({});
    suite.crm.put({ ...contactNumbers(4)[3]!, name: 'changed' });
    expect(await provider.sync({})).toMatchObject({ kind: 'changes', entries: 3, skipped: 1 });
  });

  it('fail the pull where they are to be deleted', async () => {
    suite.crm.put(...contactNumbers(6));
    const { provider } = instance({ deleted: 'deleted.{}' });
    await provider.sync({});
    suite.crm.delete(1);
    await expect(provider.sync({})).rejects.toThrow('mapping: sync.deleted: an entry has no usable id');
  });
});

describe('pages that bring no new contacts', () => {
  /** The CRM takes no notice of the page that it is asked for. */
  const unheeded = (records: string) => ({
    full: { url: `${suite.crm.url}/contacts?n={{ page | default: 1 }}` },
    next: '($page ? $page : 1) + 1',
    records,
  });

  it.each([
    ['the same contacts with another stamp', 3, '"name": "n" & $$.stamp'],
    ['one contact', 1, '"name": name'],
    ['contacts that are no VIPs', 3, '"tier": null, "name": "n" & $$.stamp'],
  ])('end the pull: %s on every page', async (_, count, field) => {
    suite.crm.isStamped = true;
    suite.crm.put(...contactNumbers(count));
    const tier = field.includes('"tier"') ? '' : '"tier": tier, ';
    const records = `contacts.{ "id": id, "number": phones, ${tier}${field} }`;
    await expect(instance(unheeded(records)).provider.sync({})).rejects.toThrow(
      'mapping: 100 pages in a row, up to page 101, hold only contacts that were on the pages before (the last new one is on page 1); does the CRM use the value of sync.next? Check sync.next, and where the request names the page',
    );
    expect(suite.crm.asked('/contacts')).toHaveLength(101);
  });

  it('are read to the end where records leaves most of them with nothing', async () => {
    suite.crm.put(...contactNumbers(250));
    suite.crm.pageSize = 1;
    const records = 'contacts[id = 0 or id = 249].{ "id": id, "number": phones, "tier": tier }';
    expect(await instance({ records }).provider.sync({})).toMatchObject({ entries: 2, pages: 250 });
  });
});
