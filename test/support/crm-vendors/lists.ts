import { expect } from '@jest/globals';
import type { CrmRequestRecord } from '../crm-server.js';

/** A vendor that lists its contacts page by page; every contact is a VIP but where the vendor lists all of them. */
export interface ListingVendor {
  readonly parameters: (url: string) => object;
  /** Contacts on a page. */
  readonly size: number;
  /** A page as the vendor sends it. */
  readonly answer: (request: CrmRequestRecord, all: readonly Listed[], url: string) => unknown;
  readonly record: object;
}

export interface Listed {
  readonly n: number;
  readonly phone: string;
  /** Not of every second one, where the vendor lists those without as well. */
  readonly tier: string | undefined;
}

const queryOf = ({ url }: CrmRequestRecord) => new URL(url, 'http://crm').searchParams;
const pathOf = ({ url }: CrmRequestRecord) => decodeURIComponent(new URL(url, 'http://crm').pathname);
const vips = (all: readonly Listed[]) => all.filter(({ tier }) => tier !== undefined);
const page = <T>(all: readonly T[], begin: number, size: number) => all.slice(begin, begin + size);

const SALESFORCE_FIELDS = 'Id,FirstName,LastName,Phone,MobilePhone,HomePhone,OtherPhone,VIP_Tier__c';
const LABEL = '@OData.Community.Display.V1.FormattedValue';
const SUPEROFFICE_TIER = 'personUdef/SuperOffice:7';

export const LISTING_VENDORS: Readonly<Record<string, ListingVendor>> = {
  salesforce: {
    parameters: (host) => ({ host }),
    size: 1_000,
    answer(request, all) {
      expect(request.headers['sforce-query-options']).toBe('batchSize=1000');
      const [, next] = /^\/services\/data\/v62\.0\/query\/01g-(\d+)$/.exec(pathOf(request)) ?? [];
      if (next === undefined) {
        expect(pathOf(request)).toBe('/services/data/v62.0/query');
        expect(queryOf(request).get('q')).toBe(
          `SELECT ${SALESFORCE_FIELDS} FROM Contact WHERE VIP_Tier__c != null ORDER BY Id`,
        );
      }
      const begin = Number(next ?? 0);
      const end = begin + 1_000;
      const found = vips(all);
      return {
        totalSize: found.length,
        done: end >= found.length,
        ...(end < found.length && { nextRecordsUrl: `/services/data/v62.0/query/01g-${end}` }),
        records: page(found, begin, 1_000).map(({ n, phone, tier }) => ({
          attributes: { type: 'Contact', url: `/services/data/v62.0/sobjects/Contact/${n}` },
          Id: `003${n}`,
          FirstName: 'Aino',
          LastName: 'Aalto',
          Phone: null,
          MobilePhone: phone,
          HomePhone: null,
          OtherPhone: null,
          VIP_Tier__c: tier,
        })),
      };
    },
    record: { tier: 'gold', name: 'Aino Aalto' },
  },
  dynamics: {
    parameters: (host) => ({ host, tenant: 't', tierField: 'new_viptier' }),
    size: 500,
    answer(request, all, url) {
      const query = queryOf(request);
      const [, size] = /odata\.maxpagesize=(\d+)/.exec(String(request.headers['prefer'])) ?? [];
      expect(request.headers['prefer']).toContain('FormattedValue');
      expect(query.get('$filter')).toBe('statecode eq 0 and new_viptier ne null');
      const begin = Number(query.get('$skiptoken') ?? 0);
      const end = begin + Number(size);
      const found = vips(all);
      query.set('$skiptoken', String(end));
      return {
        value: page(found, begin, Number(size)).map(({ n, phone }) => ({
          '@odata.etag': 'W/"1"',
          contactid: `c-${n}`,
          fullname: 'Aino Aalto',
          telephone1: phone,
          telephone2: null,
          mobilephone: null,
          new_viptier: 100_000_001,
          [`new_viptier${LABEL}`]: 'Gold',
        })),
        ...(end < found.length && { '@odata.nextLink': `${url}/api/data/v9.2/contacts?${query.toString()}` }),
      };
    },
    record: { tier: 'gold', name: 'Aino Aalto' },
  },
  zendesk: {
    parameters: (host) => ({ host }),
    size: 100,
    answer(request, all) {
      expect(pathOf(request)).toBe('/api/v2/users');
      const query = queryOf(request);
      const size = Number(query.get('page[size]'));
      expect(size).toBeLessThanOrEqual(100);
      const begin = Number(query.get('page[after]') ?? 0);
      return {
        users: page(all, begin, size).map(({ n, phone, tier }) => ({
          id: n,
          name: 'Aino',
          phone,
          active: true,
          user_fields: { vip_tier: tier ?? null },
        })),
        meta: { has_more: begin + size < all.length, after_cursor: String(begin + size), before_cursor: 'x' },
      };
    },
    record: { tier: 'gold', name: 'Aino' },
  },
  pipedrive: {
    parameters: (host) => ({ host }),
    size: 200,
    answer(request, all) {
      expect(pathOf(request)).toBe('/api/v2/persons');
      const query = queryOf(request);
      const begin = Number(query.get('cursor') ?? 0);
      const size = Number(query.get('limit'));
      return {
        success: true,
        data: page(all, begin, size).map(({ n, phone, tier }) => ({
          id: n,
          name: 'Aino',
          org_id: 9,
          phones: [{ value: phone, label: 'work', primary: true }],
          custom_fields: {
            a1: 'some text',
            b2: tier === undefined ? null : `VIP-${tier}`,
            c3: { value: 5, currency: 'EUR' },
            d4: 12,
          },
        })),
        additional_data: { next_cursor: begin + size < all.length ? String(begin + size) : null },
      };
    },
    record: { tier: 'gold', name: 'Aino' },
  },
  zoho: {
    parameters: (host) => ({ host, accounts: host }),
    size: 200,
    answer(request, all) {
      expect(pathOf(request)).toBe('/crm/v8/Contacts');
      const query = queryOf(request);
      expect(query.get('fields')).toBe('Full_Name,Phone,Mobile,Account_Name,VIP_Tier');
      const begin = Number(query.get('page_token') ?? 0);
      const more = begin + 200 < all.length;
      return {
        data: page(all, begin, 200).map(({ n, phone, tier }) => ({
          id: `5540230000005${n}`,
          Full_Name: 'Aino Aalto',
          Phone: null,
          Mobile: phone,
          Account_Name: { name: 'Acme Oy', id: '5' },
          VIP_Tier: tier ?? null,
        })),
        info: {
          per_page: 200,
          more_records: more,
          next_page_token: more ? String(begin + 200) : null,
        },
      };
    },
    record: { tier: 'gold', name: 'Aino Aalto', attributes: { company: 'Acme Oy' } },
  },
  intercom: {
    parameters: (host) => ({ host }),
    size: 150,
    answer(request, all) {
      expect(pathOf(request)).toBe('/contacts');
      expect(request.headers['intercom-version']).toBe('2.14');
      const query = queryOf(request);
      const size = Number(query.get('per_page'));
      expect(size).toBeLessThanOrEqual(150);
      const begin = Number(query.get('starting_after') ?? 0);
      const more = begin + size < all.length;
      return {
        type: 'list',
        data: page(all, begin, size).map(({ n, phone, tier }) => ({
          type: 'contact',
          id: `676${n}`,
          name: 'Aino',
          phone,
          custom_attributes: tier === undefined ? {} : { vip_tier: tier },
        })),
        total_count: all.length,
        pages: { type: 'pages', ...(more && { next: { page: 2, starting_after: String(begin + size) } }) },
      };
    },
    record: { tier: 'gold', name: 'Aino' },
  },
  superoffice: {
    parameters: (host) => ({ host: `${host}/Cust12345`, login: host, tierField: SUPEROFFICE_TIER }),
    size: 200,
    answer(request, all) {
      expect(pathOf(request)).toBe('/Cust12345/api/v1/Person');
      const query = queryOf(request);
      expect([query.get('$entities'), query.get('$orderBy')]).toEqual(['person', 'personId']);
      const [begin, size] = [Number(query.get('$skip')), Number(query.get('$top'))];
      return {
        'odata.nextLink': null,
        value: page(all, begin, size).map(({ n, phone, tier }) => ({
          PrimaryKey: 2_842 + n,
          EntityName: 'person',
          fullName: 'Aino Aalto',
          'personDirectPhone/formattedNumber': '',
          'personMobilePhone/formattedNumber': phone,
          'personPrivate/formattedNumber': '',
          'personPager/formattedNumber': '',
          [SUPEROFFICE_TIER]: tier ?? '',
        })),
      };
    },
    record: { tier: 'gold', name: 'Aino Aalto' },
  },
  espocrm: {
    parameters: (host) => ({ host: `${host}/crm` }),
    size: 200,
    answer(request, all) {
      expect(pathOf(request)).toBe('/crm/api/v1/Contact');
      const query = queryOf(request);
      expect([query.get('whereGroup[0][type]'), query.get('whereGroup[0][attribute]')]).toEqual([
        'isNotNull',
        'cVipTier',
      ]);
      const [begin, size] = [Number(query.get('offset')), Number(query.get('maxSize'))];
      expect(size).toBeLessThanOrEqual(200);
      return {
        total: -2,
        list: page(vips(all), begin, size).map(({ n, phone, tier }) => ({
          id: `66f${n}`,
          name: 'Aino',
          phoneNumber: '09 123456',
          phoneNumberData: [{ phoneNumber: '09 123456' }, { phoneNumber: phone }],
          cVipTier: tier,
        })),
      };
    },
    record: { tier: 'gold', name: 'Aino' },
  },
  suitecrm: {
    parameters: (host) => ({ host: `${host}/legacy` }),
    size: 100,
    answer(request, all) {
      expect(pathOf(request)).toBe('/legacy/Api/V8/module/Contacts');
      expect(request.headers['accept']).toBe('application/vnd.api+json');
      const query = queryOf(request);
      const size = Number(query.get('page[size]'));
      const begin = (Number(query.get('page[number]')) - 1) * size;
      return {
        meta: { 'total-pages': Math.ceil(all.length / size), 'records-on-this-page': size },
        data: page(all, begin, size).map(({ n, phone, tier }) => ({
          type: 'Contact',
          id: `b13a-${n}`,
          attributes: {
            first_name: 'Aino',
            last_name: 'Aalto',
            phone_mobile: phone,
            phone_work: '',
            phone_home: '',
            phone_other: '',
            vip_tier_c: tier ?? '',
          },
        })),
      };
    },
    record: { tier: 'gold', name: 'Aino Aalto' },
  },
};
