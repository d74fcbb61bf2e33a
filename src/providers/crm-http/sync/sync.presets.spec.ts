import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startCrmServer } from '../../../../test/support/crm-server.js';
import type { CrmRequestRecord, CrmServer } from '../../../../test/support/crm-server.js';
import { LISTING_VENDORS } from '../../../../test/support/crm-vendors/lists.js';
import type { Listed } from '../../../../test/support/crm-vendors/lists.js';
import { MemoryState } from '../../../plugin-api/testing/index.js';
import { completed } from '../../../../test/support/crm-provider.js';
import { recalled, syncedProvider } from '../../../../test/support/synced-provider.js';

const AINO = '+358501231234';
const COUNT = 501;
const phoneOf = (n: number): string => (n === COUNT - 1 ? AINO : `+35840${2_000_000 + n}`);
const all = Array.from({ length: COUNT }, (_, n) => n);

interface Vendor {
  readonly parameters: (url: string) => object;
  readonly pages: number;
  /** A page as the vendor sends it. */
  readonly answer: (request: CrmRequestRecord) => unknown;
  readonly record: object;
}

const json = ({ body }: CrmRequestRecord) => JSON.parse(body) as Record<string, unknown>;

const VENDORS: Readonly<Record<string, Vendor>> = {
  hubspot: {
    parameters: (host) => ({ host }),
    pages: 3,
    answer(request) {
      const { after = '0', limit, filterGroups } = json(request);
      expect(filterGroups).toEqual([{ filters: [{ propertyName: 'vip_tier', operator: 'HAS_PROPERTY' }] }]);
      const [begin, end] = [Number(after), Number(after) + Number(limit)];
      const results = all.slice(begin, end).map((n) => ({
        id: String(n),
        properties: {
          firstname: 'Aino',
          lastname: null,
          company: null,
          phone: null,
          mobilephone: phoneOf(n),
          vip_tier: 'Gold',
        },
      }));
      return { total: COUNT, results, ...(end < COUNT && { paging: { next: { after: String(end) } } }) };
    },
    record: { tier: 'gold', name: 'Aino' },
  },
  twenty: {
    parameters: (host) => ({ host }),
    pages: 9,
    answer({ url }) {
      const query = new URL(url, 'http://crm').searchParams;
      expect(query.get('filter')).toBe('vipTier[is]:NOT_NULL');
      const begin = Number(query.get('starting_after') ?? 0);
      const end = begin + Number(query.get('limit'));
      const people = all.slice(begin, end).map((n) => ({
        id: `id-${n}`,
        name: { firstName: 'Aino', lastName: 'Aalto' },
        phones: {
          primaryPhoneNumber: phoneOf(n).slice(4),
          primaryPhoneCallingCode: '+358',
          additionalPhones: null,
        },
        vipTier: 'GOLD',
      }));
      return {
        data: { people },
        pageInfo: { hasNextPage: end < COUNT, endCursor: String(end) },
        totalCount: COUNT,
      };
    },
    record: { tier: 'gold', name: 'Aino Aalto' },
  },
  odoo: {
    parameters: (host) => ({ host }),
    pages: 3,
    answer(request) {
      const { offset, limit, domain } = json(request) as { offset: number; limit: number; domain: unknown };
      expect(domain).toEqual([['x_vip_tier', '!=', false]]);
      expect(typeof offset).toBe('number');
      return all.slice(offset, offset + limit).map((n) => ({
        id: n,
        display_name: 'Aino Aalto',
        phone: n % 2 === 0 ? phoneOf(n) : false,
        phone_sanitized: phoneOf(n),
        x_vip_tier: 'Gold',
      }));
    },
    record: { tier: 'gold', name: 'Aino Aalto' },
  },
};

let crm: CrmServer;
beforeEach(async () => {
  crm = await startCrmServer();
});
afterEach(() => crm.stop());

describe.each(Object.entries(VENDORS))('the preset %s', (preset, { parameters, pages, answer, record }) => {
  it('brings all that a copy needs but how often it is pulled', async () => {
    crm.answer = (request) => ({ body: answer(request) });
    const options = completed({
      preset,
      parameters: parameters(crm.url),
      auth: { token: 'secret' },
      sync: { every: '15m' },
      rateLimit: '1000/s',
    });
    const { provider } = syncedProvider(options, new MemoryState());
    expect(await provider.sync({})).toMatchObject({ kind: 'full', entries: COUNT, pages, skipped: 0 });
    expect(crm.requests.every(({ headers }) => headers.authorization === 'Bearer secret')).toBe(true);
    await provider.open();
    expect(recalled(provider, AINO)).toMatchObject([{ number: AINO, ...record }]);
    await provider.close();
  });
});

/** Vendors that list by tier list those with one only. */
const BY_TIER = ['salesforce', 'dynamics', 'espocrm'];

describe.each(Object.entries(LISTING_VENDORS))('the preset %s', (preset, vendor) => {
  const listed = (count: number): Listed[] =>
    Array.from({ length: count }, (_, n) => ({
      n,
      phone: n === count - 1 ? AINO : `+35840${2_000_000 + n}`,
      tier: n % 2 === 0 ? 'Gold' : undefined,
    }));

  it('copies every VIP that the vendor lists, and nobody else', async () => {
    const count = vendor.size * 4 + 1;
    const contacts = listed(count);
    crm.answer = (request) => ({ body: vendor.answer(request, contacts, crm.url) });
    const options = completed({
      preset,
      parameters: vendor.parameters(crm.url),
      auth: { type: 'bearer', token: 'secret' },
      sync: { every: '15m' },
      rateLimit: '1000/s',
    });
    const { provider } = syncedProvider(options, new MemoryState());
    expect(await provider.sync({})).toMatchObject({
      kind: 'full',
      entries: vendor.size * 2 + 1,
      pages: BY_TIER.includes(preset) ? 3 : 5,
      skipped: 0,
    });
    expect(crm.requests.every(({ headers }) => headers.authorization === 'Bearer secret')).toBe(true);
    await provider.open();
    expect(recalled(provider, AINO)).toMatchObject([{ number: AINO, ...vendor.record }]);
    expect(recalled(provider, contacts[0]!.phone)).toHaveLength(1);
    crm.answer = () => ({ body: { status: 'ok' } });
    await expect(provider.sync({ full: true })).rejects.toThrow('the answer reports an error (errorPath)');
    await provider.close();
  });
});
