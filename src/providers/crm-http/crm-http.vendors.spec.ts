import { beforeEach, expect, it } from '@jest/globals';
import { lookUp } from '../../../test/support/crm-provider.js';
import type { CrmYaml } from '../../../test/support/crm-provider.js';
import type { CrmAnswer, CrmRequestRecord, CrmServer } from '../../../test/support/crm-server.js';
import { AINO, describeWithCrm } from '../../../test/support/describe-with-crm.js';

/** Answers in the shapes of well-known CRMs, written by hand after their public API descriptions. */
describeWithCrm('the options can express the API of', (trial) => {
  let crm: CrmServer;
  beforeEach(() => {
    ({ crm } = trial);
  });

  async function ask(yaml: CrmYaml, answer: (request: CrmRequestRecord) => CrmAnswer) {
    crm.answer = answer;
    return lookUp(trial.provide(yaml), AINO).catch((error: Error) => error.message);
  }

  it('HubSpot: a search by POST with several filter groups, tier in a property', async () => {
    const options = {
      url: `${crm.url}/crm/v3/objects/contacts/search`,
      method: 'POST',
      auth: { type: 'bearer', token: 'pat-eu1-secret' },
      body: {
        filterGroups: [
          { filters: [{ propertyName: 'phone', operator: 'EQ', value: '{{ number }}' }] },
          { filters: [{ propertyName: 'mobilephone', operator: 'EQ', value: '{{ number }}' }] },
        ],
        properties: ['firstname', 'lastname', 'phone', 'mobilephone', 'company', 'vip_tier'],
        limit: 5,
      },
      spellings: ['e164', 'national'],
      record: `results.properties.{
        "number": [phone, mobilephone],
        "tier": vip_tier,
        "name": $join([firstname, lastname], " "),
        "attributes": { "company": company }
      }`,
    };
    const contact = {
      id: '501',
      properties: {
        createdate: '2024-03-01T08:00:00Z',
        firstname: 'Aino',
        lastname: 'Aalto',
        phone: '+358 9 123 4567',
        mobilephone: '050 123 1234',
        company: 'Aalto Oy',
        vip_tier: 'gold',
      },
      createdAt: '2024-03-01T08:00:00Z',
      archived: false,
    };
    const found = await ask(options, ({ body }) => ({
      body: body.includes('"0501231234"') ? { total: 1, results: [contact] } : { total: 0, results: [] },
    }));
    expect(found).toStrictEqual([
      { number: AINO, tier: 'gold', name: 'Aino Aalto', attributes: { company: 'Aalto Oy' } },
    ]);
    expect(
      crm.requests.map(({ method, url, headers, body }) => [method, url, headers.authorization, body]),
    ).toEqual(
      [AINO, '0501231234'].map((number) => [
        'POST',
        '/crm/v3/objects/contacts/search',
        'Bearer pat-eu1-secret',
        JSON.stringify({
          filterGroups: ['phone', 'mobilephone'].map((propertyName) => ({
            filters: [{ propertyName, operator: 'EQ', value: number }],
          })),
          properties: ['firstname', 'lastname', 'phone', 'mobilephone', 'company', 'vip_tier'],
          limit: 5,
        }),
      ]),
    );
    const ordinary = { ...contact, properties: { ...contact.properties, vip_tier: null } };
    expect(await ask(options, () => ({ body: { total: 1, results: [ordinary] } }))).toBeNull();
    expect(await ask(options, () => ({ body: { total: 0, results: [] } }))).toBeNull();
    expect(await ask(options, () => ({ status: 429, body: { errorType: 'RATE_LIMIT' } }))).toMatch(
      /^HTTP 429: no requests to the CRM for \d s$/,
    );
  });

  it('Pipedrive: a search by GET, numbers in a list, tier among custom field values, errors at status 200', async () => {
    const options = {
      url: `${crm.url}/api/v2/persons/search?term={{ number }}&fields=phone&exact_match=true`,
      auth: { type: 'header', name: 'x-api-token', value: 'secret' },
      spellings: ['e164', 'digits', 'national'],
      errorPath: 'success = false',
      record: `data.items.item.{
        "number": phones,
        "tier": custom_fields[$ in ["gold", "silver"]][0],
        "name": name,
        "attributes": { "company": organization.name }
      }[tier]`,
    };
    const item = {
      id: 7,
      type: 'person',
      name: 'Aino Aalto',
      phones: ['+358 9 123 4567', '050 1231234'],
      emails: ['aino@example.com'],
      organization: { id: 9, name: 'Aalto Oy' },
      custom_fields: ['silver', 'since 2019'],
      notes: [],
    };
    const search = (items: object[]) => ({
      success: true,
      data: { items: items.map((one) => ({ result_score: 0.9, item: one })) },
    });
    expect(await ask(options, () => ({ body: search([item]) }))).toStrictEqual([
      { number: AINO, tier: 'silver', name: 'Aino Aalto', attributes: { company: 'Aalto Oy' } },
    ]);
    expect(crm.requests).toMatchObject([
      {
        url: '/api/v2/persons/search?term=%2B358501231234&fields=phone&exact_match=true',
        headers: { 'x-api-token': 'secret' },
      },
    ]);
    expect(await ask(options, () => ({ body: search([{ ...item, custom_fields: [] }]) }))).toBeNull();
    expect(await ask(options, () => ({ body: search([]) }))).toBeNull();
    expect(
      await ask(options, () => ({ body: { success: false, error: 'Scope and URL mismatch', data: null } })),
    ).toBe('the answer reports an error (errorPath)');
  });

  it('Freshdesk: a bare list, Basic auth with the key as user name, tier among tags', async () => {
    const options = {
      url: `${crm.url}/api/v2/contacts?mobile={{ number }}`,
      auth: { type: 'basic', username: 'api-key', password: 'X' },
      record: `$[tags[$ = "vip-gold" or $ = "vip-silver"]].{
        "number": mobile,
        "tier": $substringAfter(tags[$contains($, /^vip-/)][0], "vip-"),
        "name": name,
        "attributes": { "language": language }
      }`,
    };
    const contact = {
      active: true,
      id: 35003,
      name: 'Aino Aalto',
      email: 'aino@example.com',
      language: 'fi',
      mobile: AINO,
      phone: null,
      tags: ['newsletter', 'vip-gold'],
    };
    expect(await ask(options, () => ({ body: [contact] }))).toStrictEqual([
      { number: AINO, tier: 'gold', name: 'Aino Aalto', attributes: { language: 'fi' } },
    ]);
    expect(crm.requests).toMatchObject([
      {
        url: '/api/v2/contacts?mobile=%2B358501231234',
        headers: { authorization: `Basic ${Buffer.from('api-key:X').toString('base64')}` },
      },
    ]);
    expect(await ask(options, () => ({ body: [{ ...contact, tags: ['newsletter'] }] }))).toBeNull();
    expect(await ask(options, () => ({ body: [] }))).toBeNull();
    expect(await ask(options, () => ({ status: 401, body: { code: 'invalid_credentials' } }))).toBe(
      'HTTP 401',
    );
  });

  it('Zoho: 204 for nobody, an auth scheme of its own, nested names', async () => {
    const options = {
      url: `${crm.url}/crm/v8/Contacts/search?phone={{ number }}`,
      auth: { type: 'header', name: 'Authorization', value: 'Zoho-oauthtoken 1000.secret' },
      spellings: ['e164', 'significant'],
      record: `data[VIP_Level].{
        "number": [Phone, Mobile],
        "tier": $lowercase(VIP_Level),
        "name": Full_Name,
        "attributes": { "company": Account_Name.name }
      }`,
    };
    const contact = {
      id: '554023000000527002',
      Full_Name: 'Aino Aalto',
      Phone: null,
      Mobile: '+358 50 123 1234',
      Account_Name: { name: 'Aalto Oy', id: '554023000000527001' },
      VIP_Level: 'Gold',
    };
    expect(
      await ask(options, ({ url }) =>
        url.endsWith('=501231234')
          ? { body: { data: [contact], info: { count: 1, more_records: false } } }
          : { status: 204 },
      ),
    ).toStrictEqual([
      { number: AINO, tier: 'gold', name: 'Aino Aalto', attributes: { company: 'Aalto Oy' } },
    ]);
    expect(crm.requests.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/crm/v8/Contacts/search?phone=%2B358501231234', 'Zoho-oauthtoken 1000.secret'],
      ['/crm/v8/Contacts/search?phone=501231234', 'Zoho-oauthtoken 1000.secret'],
    ]);
    expect(await ask(options, () => ({ body: { data: [{ ...contact, VIP_Level: null }] } }))).toBeNull();
    expect(await ask(options, () => ({ status: 204 }))).toBeNull();
  });
});
