import { describe, expect, it } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readRecordFile, readRecords } from '../record-file.js';
import type { ContactOptions } from './contact-options.js';

const SAMPLES = resolve('test/fixtures/contacts');
const KAISA = 'Kaisa Hämäläinen-Koe';
const OTSO = 'Otso Esimerkki';
const CELL = ['+358501234501', KAISA] as const;
const DESK = ['+35891234501', KAISA] as const;
const OTSOS = ['+358501234502', OTSO] as const;

/** What `tier` a test of groups gives to those that are in one of them. */
const TIERS = { Board: 'platinum', VIP: 'gold', Evangelist: 'silver', Customer: 'bronze' };

interface Sample {
  /** Number, name and, where the file has groups, the tier that `TIERS` makes of them. */
  readonly entries: readonly (readonly [number: string, name: string, tier?: string])[];
  readonly report: string;
  readonly warnings?: readonly string[];
}

const ONE_WITHOUT = '; 1 contact without a number';

/** Exports as the programs write them, of invented people; read for the country FI. */
const PROGRAMS: Readonly<Record<string, Sample>> = {
  '3cx.csv': {
    entries: [CELL, DESK, ['4711', KAISA], OTSOS, ['+358501234512', OTSO]],
    report: `numbers from Mobile, Business, Business2, Mobile2; left out: BusinessFax${ONE_WITHOUT}`,
  },
  'aircall.csv': { entries: [CELL, DESK, OTSOS], report: `numbers from phone1, phone2${ONE_WITHOUT}` },
  'amazon-connect.csv': {
    entries: [CELL, DESK, OTSOS],
    report: `numbers from PhoneNumber, BusinessPhoneNumber, MobilePhoneNumber${ONE_WITHOUT}`,
  },
  'apple-3.0.vcf': {
    entries: [[...CELL, 'platinum'], [...DESK, 'platinum'], ['+358501234511', KAISA, 'platinum'], OTSOS],
    report: `numbers from TEL; left out: TEL (fax)${ONE_WITHOUT}`,
  },
  'dynamics.csv': {
    entries: [DESK, CELL, OTSOS],
    report: `numbers from Business Phone, Mobile Phone${ONE_WITHOUT}`,
  },
  'dynamics.xlsx': {
    entries: [DESK, CELL, OTSOS],
    report: `numbers from Business Phone, Mobile Phone${ONE_WITHOUT}`,
  },
  'entra-graph.json': {
    entries: [DESK, CELL, OTSOS],
    report: `numbers from businessPhones, mobilePhone${ONE_WITHOUT}`,
  },
  'entra-portal.csv': {
    entries: [DESK, CELL, OTSOS],
    report: `numbers from telephoneNumber, mobile; left out: authenticationAlternativePhoneNumber${ONE_WITHOUT}`,
  },
  'fanvil.xml': {
    entries: [CELL, DESK, ['+358501234502', `${OTSO} (mobile)`]],
    report: `numbers from Telephone, Mobile${ONE_WITHOUT}`,
  },
  'freepbx.csv': {
    entries: [
      [...CELL, 'gold'],
      [...OTSOS, 'gold'],
    ],
    report: `numbers from phone_1_number; left out: phone_2_number (extension), phone_2_number (fax)${ONE_WITHOUT}`,
  },
  'google-old.csv': {
    entries: [[...CELL, 'gold'], [...DESK, 'gold'], ['+35891234511', KAISA, 'gold'], OTSOS],
    report: `numbers from Phone 1 - Value, Phone 2 - Value${ONE_WITHOUT}`,
  },
  'grandstream.xml': {
    entries: [
      [...CELL, 'gold'],
      [...DESK, 'gold'],
      [...OTSOS, 'gold'],
    ],
    report: `numbers from phonenumber${ONE_WITHOUT}`,
  },
  'hubspot.csv': {
    entries: [
      [...DESK, 'silver'],
      [...CELL, 'silver'],
      [...OTSOS, 'bronze'],
    ],
    report: `numbers from Phone Number, Mobile Phone Number${ONE_WITHOUT}`,
  },
  'outlook-classic-en.csv': {
    entries: [
      [...DESK, 'platinum'],
      [...CELL, 'platinum'],
      ['+35891234502', OTSO, 'gold'],
      [...OTSOS, 'gold'],
    ],
    report: `numbers from Business Phone, Mobile Phone, Home Phone; left out: Business Fax${ONE_WITHOUT}`,
  },
  'outlook-new.csv': {
    entries: [DESK, CELL, OTSOS],
    report: `numbers from Business Phone, Mobile Phone, Other Phone${ONE_WITHOUT}`,
  },
  'ringotel.csv': {
    entries: [CELL, DESK, ['+35891234511', KAISA], OTSOS],
    report: `numbers from mobile, phone; left out: fax${ONE_WITHOUT}`,
  },
  'snom-tbook1.xml': {
    entries: [[...CELL, 'gold'], OTSOS, ['4711', 'Ilma Alaliittymä']],
    report: 'numbers from number',
  },
  'vcard-4.0.vcf': {
    entries: [[...CELL, 'gold'], OTSOS],
    report: `numbers from TEL${ONE_WITHOUT}`,
    warnings: [
      'line 1, number: has an extension, so it is left out; calls from behind a switchboard show the number without it: write that',
    ],
  },
  'yealink.xml': {
    entries: [['+358501234501', `${KAISA} (Näyte & Co)`], ['+35891234501', `${KAISA} (Näyte & Co)`], OTSOS],
    report: `numbers from Telephone${ONE_WITHOUT}`,
  },
  'zendesk.csv': {
    entries: [
      [...CELL, 'gold'],
      [...OTSOS, 'gold'],
    ],
    report: `numbers from phone${ONE_WITHOUT}`,
  },
};

const read = (file: string, contacts: ContactOptions) =>
  readRecordFile(join(SAMPLES, file), { country: 'FI', encoding: 'windows-1252', contacts });

describe('the export of a contact program', () => {
  it.each(Object.entries(PROGRAMS))('%s is read with columns: auto', async (file, sample) => {
    const list = await read(file, { columns: 'auto', tier: 'silver' });
    expect([list.problems, list.leftOut, list.duplicates]).toEqual([[], [], []]);
    expect(list.records.map(({ record }) => record)).toEqual(
      sample.entries.map(([number, name]) => ({ number, tier: 'silver', name })),
    );
    expect(list.contacts).toBe(sample.report);
    expect(list.warnings).toEqual(sample.warnings ?? []);
  });

  it.each(Object.entries(PROGRAMS))('%s has tiers by its groups', async (file, { entries, report }) => {
    const list = await read(file, { columns: 'auto', tiers: TIERS });
    const inGroups = entries.filter(([, , tier]) => tier !== undefined);
    expect(list.records.map(({ record }) => record)).toEqual(
      inGroups.map(([number, name, tier]) => ({ number, tier, name })),
    );
    // Each contact in no group is counted, and is no reason to worry.
    const others = new Set(entries.filter(([, , tier]) => tier === undefined).map(([, name]) => name)).size;
    const counted =
      others === 0 ? '' : `; ${others} contact${others === 1 ? '' : 's'} in no group that tiers names`;
    expect(list.contacts).toBe(report + counted);
    const leftOut = `line 1: none of the contacts in the file (3) becomes an entry: ${report}${counted}`;
    expect([list.problems, list.leftOut]).toEqual([[], list.records.length > 0 ? [] : [leftOut]]);
  });

  it('without a header is read by the positions of its columns', async () => {
    const list = await read('no-header.csv', { columns: { number: 2, name: 1, tier: 3 } });
    expect(list.records.map(({ line, record }) => [line, record])).toEqual([
      [1, { number: '+358501234501', tier: 'gold', name: KAISA }],
      [2, { number: '+358501234502', tier: 'silver', name: OTSO }],
    ]);
    expect(list.contacts).toBe(`numbers from column 2${ONE_WITHOUT}`);
    expect((await read('no-header.csv', { columns: 'auto', tier: 'gold' })).problems).toEqual([
      'line 1: the file has no column that is known to hold telephone numbers; name it, for example columns: { number: Telefon }, or by its position where there is no header: columns: { number: 2, name: 1, tier: 3 }',
    ]);
  });

  it('is warned about when tiers names a group that nobody is in', async () => {
    const { warnings } = await read('zendesk.csv', {
      columns: 'auto',
      tiers: { Bord: 'platinum', VIP: 'gold' },
    });
    expect(warnings).toEqual([
      'line 1, tiers: names the group "Bord", and no contact with a number is in it; write it as the file does',
    ]);
  });

  it('may have anything where a number belongs: it is left out and told', async () => {
    const csv =
      'Name,Phone,Mobile,Other\nAino,see notes 2019,050 123 4501,sip:aino@example.com\nOlli,3.58501E+11,ask Matti,\n';
    const list = await readRecords(Buffer.from(csv), 'people.csv', {
      country: 'FI',
      contacts: { columns: 'auto', tier: 'gold' },
    });
    expect(list.records.map(({ record }) => record.number)).toEqual([
      '+358501234501',
      'sip:aino@example.com',
    ]);
    expect(list.warnings).toEqual([
      'line 2, number: has words, and no telephone number, so it is left out; check it',
    ]);
    expect(list.leftOut).toEqual([expect.stringMatching(/^line 3, number: was shortened by a spreadsheet/)]);
  });

  it('has a test for each of the samples', () => {
    const tested = [...Object.keys(PROGRAMS), 'no-header.csv'].sort();
    expect(readdirSync(SAMPLES).sort()).toEqual(tested);
  });
});
