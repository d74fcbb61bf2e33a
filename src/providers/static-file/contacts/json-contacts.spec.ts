import { describe, expect, it } from '@jest/globals';
import { jsonEntries } from '../json-entries.js';
import { LineProblems } from '../line-problems.js';
import { readRecords } from '../record-file.js';
import type { ContactOptions } from './contact-options.js';

const read = (content: unknown, contacts?: ContactOptions) =>
  readRecords(Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)), 'answer.json', {
    country: 'FI',
    contacts,
  });
const recordsOf = async (content: unknown, contacts: ContactOptions = { tier: 'gold' }) => {
  const list = await read(content, contacts);
  expect([list.problems, list.leftOut]).toEqual([[], []]);
  return list.records.map(({ record }) => record);
};
const AINO = { number: '+358501234501', tier: 'gold', name: 'Aino Virtanen' };

describe('contacts in JSON', () => {
  it.each([
    [
      'Graph, contacts',
      {
        value: [
          {
            givenName: 'Aino',
            surname: 'Virtanen',
            homePhones: ['0501234501'],
            categories: ['VIP'],
            assistantName: 'M',
          },
        ],
      },
    ],
    [
      'HubSpot',
      {
        results: [
          {
            id: '358501234509',
            properties: {
              firstname: 'Aino',
              lastname: 'Virtanen',
              phone: '0501234501',
              lifecyclestage: 'vip',
            },
          },
        ],
        paging: {},
      },
    ],
    [
      'Google People',
      {
        connections: [
          {
            resourceName: 'people/1',
            names: [{ displayName: 'Aino Virtanen', givenName: 'Aino' }],
            phoneNumbers: [
              {
                value: '0501234501',
                canonicalForm: '+358501234501',
                type: 'mobile',
                formattedType: 'Mobile',
              },
              { value: '091234509', type: 'workFax' },
            ],
            organizations: [{ name: 'Rauta Oy', title: 'CEO' }],
          },
        ],
      },
    ],
    [
      'Pipedrive',
      {
        success: true,
        data: [
          {
            id: 7,
            name: 'Aino Virtanen',
            phone: [{ label: 'work', value: '0501234501', primary: true }],
            org_id: { name: 'Rauta', phone: '091234509' },
          },
        ],
      },
    ],
    [
      'Salesforce',
      {
        totalSize: 1,
        done: true,
        records: [
          {
            attributes: { type: 'Contact' },
            Name: 'Aino Virtanen',
            Phone: null,
            MobilePhone: '0501234501',
            Fax: '091234509',
          },
        ],
      },
    ],
    [
      'a list in an object of an object',
      { data: { contacts: [{ name: 'Aino Virtanen', mobile: '0501234501' }] } },
    ],
    ['a list', [{ name: 'Aino Virtanen', mobile: '0501234501', tags: [{ id: 1, name: 'vip' }] }]],
  ])('of %s', async (_, content) => {
    expect(await recordsOf(content)).toEqual([AINO]);
  });

  it('has the tiers of its groups, be they texts or objects', async () => {
    const contacts = [
      { name: 'A', phone: '0501234501', categories: ['Friends', 'vip'] },
      { name: 'B', phone: '0501234502', tags: [{ id: 1, name: 'VIP' }] },
      { name: 'C', phone: '0501234503', labels: 'Board, VIP' },
      { name: 'D', phone: '0501234504', categories: [] },
    ];
    const records = await recordsOf(contacts, { tiers: { Board: 'platinum', VIP: 'gold' } });
    expect(records.map(({ name, tier }) => [name, tier])).toEqual([
      ['A', 'gold'],
      ['B', 'gold'],
      ['C', 'platinum'],
    ]);
  });

  it('has its properties named, those of objects with dots', async () => {
    const contacts = [
      { who: { call: '0501234501', name: 'Aino' }, level: 'gold', firm: 'Rauta Oy', end: '2026-12-31' },
    ];
    const columns = {
      number: 'who.call',
      name: 'who.name',
      tier: 'level',
      company: 'firm',
      validUntil: 'end',
    };
    expect(await recordsOf(contacts, { columns })).toEqual([
      {
        number: '+358501234501',
        tier: 'gold',
        name: 'Aino',
        attributes: { company: 'Rauta Oy' },
        validUntilMs: Date.UTC(2027, 0, 1),
      },
    ]);
    const { warnings } = await read(contacts, { columns: { ...columns, name: 'who.nam' } });
    expect(warnings).toEqual([
      'line 1: there is no column "who.nam", which columns.name names; write it as the file does, or take it out',
    ]);
  });

  it('may have attributes of any name', async () => {
    const columns = { number: 'phone', company: 'firm', constructor: 'boss', toString: 'note' };
    const [record] = await recordsOf([{ phone: '0501234501', firm: 'Oy', boss: 'M', note: 'x' }], {
      columns: columns as never,
      tier: 'gold',
    });
    expect(record!.attributes).toEqual({ company: 'Oy', constructor: 'M', toString: 'x' });
  });

  it('has numbers as they are written', async () => {
    const list = await read('[{"phone": 501234501}, {"phone": 3.58501E+11}, {"phone": 0.5}]', {
      tier: 'gold',
    });
    expect(list.records.map(({ record }) => record.number)).toEqual(['+358501234501']);
    expect(list.leftOut[0]).toMatch(/was shortened by a spreadsheet/);
  });

  it('may be in YAML', async () => {
    const yaml =
      '- { name: Aino, phones: [0501234501, "+358501234502"], group: VIP }\n- { name: Olli, phone: 3.58501E+11 }\n';
    const list = await readRecords(Buffer.from(yaml), 'people.yaml', {
      country: 'FI',
      contacts: { tier: 'gold' },
    });
    expect(list.records.map(({ record }) => record.number)).toEqual(['+358501234501', '+358501234502']);
    expect(list.leftOut[0]).toMatch(/^line 2, number: was shortened by a spreadsheet/);
  });

  it('is a problem when it has no telephone numbers that are known, or no list', async () => {
    expect((await read([{ name: 'A', yhteys: '0501234501' }], { tier: 'gold' })).problems).toEqual([
      expect.stringContaining('the file has no column that is known to hold telephone numbers'),
    ]);
    for (const content of [
      '{}',
      '{"error": {"code": 401}}',
      '{"value": "x"}',
      '{"a": [1]}',
      '{"value"',
      '{',
    ]) {
      expect((await read(content)).problems).toEqual([
        expect.stringContaining('the file must be an array: [ { "number": …, "tier": … }, … ]'),
      ]);
    }
  });

  it.each([
    [{ '@odata.nextLink': 'https://x' }, '@odata.nextLink'],
    [{ nextRecordsUrl: '/x', done: false }, 'nextRecordsUrl'],
    [{ nextPageToken: 'x' }, 'nextPageToken'],
    [{ paging: { next: { after: '1' } } }, 'paging'],
  ])('tells when there is more than one page of it: %j', async (more, key) => {
    const value = [{ displayName: 'Aino Virtanen', mobilePhone: '0501234501' }];
    const warning = `line 1: is one page of several (${key}); put all of them into one list`;
    for (const page of [
      { ...more, value },
      { value, ...more },
    ]) {
      expect((await read(page, { tier: 'gold' })).warnings).toEqual([warning]);
      expect((await read(JSON.stringify(page, null, 2), { tier: 'gold' })).warnings).toEqual([warning]);
    }
  });

  it('may be the only page', async () => {
    for (const more of [{ paging: {} }, { nextPageToken: '' }, { '@odata.nextLink': null }]) {
      const page = { ...more, value: [{ displayName: 'Aino', mobilePhone: '0501234501' }] };
      expect((await read(page, { tier: 'gold' })).warnings).toEqual([]);
    }
  });

  it('lets other work be done between the properties before its list', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`k${at}`, 1]));
    const text = Buffer.from(JSON.stringify({ ...many, value: [] }));
    const remarks = { problems: new LineProblems(), leftOut: new LineProblems() };
    expect([...jsonEntries(text, remarks, true)].length).toBeGreaterThanOrEqual(500);
  });

  it('stays a strict list of records where nothing says that it is one of contacts', async () => {
    const list = await read([{ number: '0501234501', tier: 'gold', mobile: '0501234502' }]);
    expect(list.problems).toEqual([expect.stringContaining('mobile: is not a field of a record')]);
    expect(list.contacts).toBeUndefined();
  });

  it('leave a number out whose country code is beside it', async () => {
    const phone = { countryCode: '46', number: '701740605' };
    for (const fields of [{ phone }, { phones: [phone] }]) {
      const list = await read({ value: [{ name: 'Åsa', ...fields }] }, { tier: 'gold' });
      expect(list.records).toEqual([]);
      expect(list.leftOut).toEqual([
        expect.stringContaining('its country or area code is in another column'),
      ]);
    }
  });
});
