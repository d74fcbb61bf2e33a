import { describe, expect, it } from '@jest/globals';
import { contactNumbers } from '../../../../test/support/paging-crm.js';
import type { PagedContact } from '../../../../test/support/paging-crm.js';
import { NEVER, recalled, syncedProvider } from '../../../../test/support/synced-provider.js';
import { withPagingCrm } from '../../../../test/support/with-paging-crm.js';
import { eventually } from '../../../../test/support/eventually.js';
import { MemoryState } from '../../../plugin-api/testing/index.js';
import { NotVips } from './without-vips.js';

const suite = withPagingCrm();

function instance(sync: object = {}, state = new MemoryState()) {
  const made = syncedProvider(suite.crm.options(sync), state);
  suite.ending.push(() => made.provider.close());
  return made;
}

const CURE =
  'sync.records must yield number and tier, for example { "id": id, "number": [phone, mobile], "tier": level }. If none of them is to be a VIP, confirm it with the command sync crm --full --confirm';
/** The CRM's own objects, and others in which a name is not the one that is needed. */
const MISTAKES: [string, string, string][] = [
  [
    'contacts.{ "id": id, "phones": phones, "level": tier, "name": name }',
    '35 name no number, 35 name no tier',
    'id, phones, level, name',
  ],
  ['contacts.{ "id": id, "tier": tier, "phone": phones }', '35 name no number', 'id, tier, phone'],
  ['contacts.{ "id": id, "number": phones, "tier": vip }', '35 name no tier', 'id, number'],
  ['contacts.{ "id": id, "number": [mobile, phone], "tier": tier }', '35 name no number', 'id, number, tier'],
];

describe('a pull of contacts of which none is a VIP', () => {
  it.each(MISTAKES)('is refused, and says what they have: %s', async (records, lacking, properties) => {
    suite.crm.pageSize = 10;
    suite.crm.put(...contactNumbers(35));
    const { provider, logged } = instance({ records });
    const reason = `a pull was refused: none of its 35 contacts is a VIP: ${lacking}. The first has the properties ${properties}; ${CURE}`;
    await expect(provider.sync({})).rejects.toMatchObject({ name: 'VipLookupError', message: reason });
    expect(logged).toContainEqual({
      level: 'error',
      fields: { problem: reason, failures: 1 },
      message: 'the copy stays as it is: a pull failed',
    });
    await provider.open();
    expect(await provider.check(NEVER)).toMatchObject({
      status: 'degraded',
      reason: expect.stringContaining(reason),
    });
  });

  it('leaves the copy that there is', async () => {
    suite.crm.put(...contactNumbers(35));
    const state = new MemoryState();
    await instance({}, state).provider.sync({});
    const { provider } = instance({ records: MISTAKES[0]![0] }, state);
    await provider.open();
    await eventually(async () =>
      expect(await provider.check(NEVER)).toMatchObject({
        status: 'degraded',
        reason: expect.stringContaining('properties id, phones, level, name'),
        entries: 35,
      }),
    );
    expect(recalled(provider, '+358501000004')).toMatchObject([{ tier: 'gold' }]);
  });

  it('is right once that is confirmed, until the settings change', async () => {
    const nobody: PagedContact[] = contactNumbers(5).map((contact) => ({ ...contact, tier: null }));
    suite.crm.put(...nobody);
    const state = new MemoryState();
    const { provider } = instance({}, state);
    await expect(provider.sync({})).rejects.toThrow('5 name no tier');
    expect(await provider.sync({ full: true, confirm: true })).toMatchObject({ entries: 0, notVips: 5 });
    expect(await provider.sync({})).toMatchObject({ kind: 'changes', entries: 0 });
    expect(await provider.sync({ full: true })).toMatchObject({ kind: 'full', entries: 0, notVips: 5 });
    const { provider: changed } = instance({ records: MISTAKES[2]![0] }, state);
    await expect(changed.sync({})).rejects.toThrow('5 name no tier');
    suite.crm.put(...contactNumbers(5));
    expect(await provider.sync({})).toMatchObject({ entries: 5 });
    suite.crm.put(...nobody);
    await expect(provider.sync({ full: true })).rejects.toThrow('5 name no tier');
  });

  it('is nothing to speak of where there is one, or some are VIPs', async () => {
    suite.crm.put({ ...contactNumbers(1)[0]!, tier: null });
    expect(await instance().provider.sync({})).toMatchObject({ entries: 0, notVips: 1 });
    suite.crm.put(...contactNumbers(1), { id: 7, phones: [], tier: 'gold' }, { id: 8, phones: ['+358501'] });
    expect(await instance().provider.sync({})).toMatchObject({ entries: 1, skipped: 0, notVips: 2 });
  });

  it('is nothing to speak of where there are no contacts', async () => {
    const report = await instance().provider.sync({});
    expect(report).toMatchObject({ entries: 0 });
    expect(report).not.toHaveProperty('notVips');
  });
});

describe('the properties of a contact', () => {
  it('are told by name where that is one, and never by value', () => {
    const notVips = new NotVips();
    notVips.add({
      id: 'SECRET',
      Sähköposti: 'a@example.com',
      '+358501231234': 1,
      tel358501231234: 1,
      'aino@example.com': 1,
      'a b': 'SECRET',
      '': 1,
    });
    expect(notVips.sentence).toContain('The first has the properties id, Sähköposti, 5 more;');
    expect(notVips.sentence).not.toMatch(/\d{5}|SECRET|example\.com/);
  });

  it('are told as far as anybody reads', () => {
    const notVips = new NotVips();
    notVips.add(Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`p${index}`, index])));
    expect(notVips.sentence).toMatch(/p11, 28 more;/);
  });
});
