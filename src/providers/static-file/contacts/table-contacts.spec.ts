import { describe, expect, it } from '@jest/globals';
import { readRecords } from '../record-file.js';
import type { ContactOptions } from './contact-options.js';

const AUTO: ContactOptions = { columns: 'auto', tier: 'gold' };
const read = (lines: readonly string[], contacts = AUTO) =>
  readRecords(Buffer.from(lines.join('\n')), 'people.csv', { country: 'FI', contacts });
const numbersOf = async (...lines: string[]) =>
  (await read(lines)).records.map(({ record }) => record.number);

describe('a country or area code in a column of its own', () => {
  const LEFT_OUT =
    'line 2, number: is left out, since its country or area code is in another column; write both in one';

  it.each([
    ['Name,Country Code,Phone Number', 'Åsa,46,701740605'],
    ['Name,Phone Country Code,Phone', 'Åsa,+46,701740605'],
    ['Name,Phone Prefix,Mobile', 'Åsa,+46,701740605'],
    ['Name;Vorwahl;Rufnummer', 'Jutta;040;30123456'],
    ['Name;Landesvorwahl (Mobil);Mobil', 'Jutta;49;1701234567'],
    ['Nimi;Suuntanumero;Numero', 'Kaisa;09;4001234'],
    ['Nimi;Maatunnus;Puhelinnumero', 'Åsa;+46;701740605'],
    ['Namn;Riktnummer;Telefon', 'Åsa;08;4001234'],
  ])('leaves the number out: %s', async (header, row) => {
    const list = await read([header, row]);
    expect(list.records).toEqual([]);
    expect(list.leftOut).toEqual([LEFT_OUT]);
  });

  it('does so with named columns, too, and whatever else the column is for', async () => {
    const lines = ['Who,Country Code,Phone', 'Åsa,46,701740605'];
    const named: Record<string, string>[] = [
      { number: 'Phone' },
      { number: 'Phone', country: 'Country Code' },
    ];
    for (const columns of named) {
      expect((await read(lines, { columns, tier: 'gold' })).leftOut).toEqual([LEFT_OUT]);
    }
  });

  it('does not matter to numbers that have one, to other numbers and where it is a country', async () => {
    const header = 'Name,Country Code,Work Phone Area Code,Work Phone,Mobile';
    expect(await numbersOf(header, 'Aino,46,,+358 9 1234501,00358 50 1234501')).toEqual([
      '+35891234501',
      '+358501234501',
    ]);
    expect(await numbersOf(header, 'Aino,FI,09,1234501,050 1234501')).toEqual(['+358501234501']);
    expect(await numbersOf('Name,Postal Area Code,Phone', 'Aino,10,050 1234501')).toEqual(['+358501234501']);
  });
});

describe('the groups of a contact', () => {
  it.each(['Board | VIP', 'Board|VIP', 'Board / VIP', 'Board + VIP', 'Board; VIP'])(
    'are two in %s',
    async (cell) => {
      const lines = ['Name\tPhone\tGroups', `Aino\t050 1234501\t${cell}`];
      const { records } = await read(lines, { columns: 'auto', tiers: { VIP: 'gold' } });
      expect(records.map(({ record }) => record.tier)).toEqual(['gold']);
      expect((await read(lines, { columns: 'auto' })).leftOut).toEqual([
        expect.stringContaining('is one of several groups'),
      ]);
    },
  );

  it.each(['R+D', 'North/South', 'Board / VIP'])('may have such a sign in its name: %s', async (group) => {
    const lines = ['Name\tPhone\tGroups', `Aino\t050 1234501\t${group}`];
    const { records } = await read(lines, { columns: 'auto', tiers: { [group]: 'gold' } });
    expect(records.map(({ record }) => record.tier)).toEqual(['gold']);
  });
});

describe('columns of a table beside each other', () => {
  it.each([
    ['Nummer;Name;Telefon', '501234567;Kaisa;09 1234501'],
    ['Number;Customer;Phone', '501234567;Kaisa;09 1234501'],
    ['Numero;Nimi;Puhelin', '501234567;Kaisa;09 1234501'],
    ['Contact Number;Name;Phone', '401234567;Kaisa;09 1234501'],
  ])('do not make a telephone of a customer number: %s', async (header, row) => {
    const list = await read([header, row]);
    expect(list.records.map(({ record }) => record.number)).toEqual(['+35891234501']);
    expect(list.contacts).toContain(`not clear whose numbers, so not read: ${header.split(';')[0]!}`);
  });

  it('may be Number alone, as the telephone', async () => {
    expect(await numbersOf('Name;Number;Fax', 'Kaisa;09 1234501;09 1234502')).toEqual(['+35891234501']);
  });

  it.each([
    ['Name,Phone Type,Phone,Phone Type,Phone', 'Kaisa,Fax,09 1234501,Mobile,050 1234502'],
    ['Name,Phone,Phone Type,Phone,Phone Type', 'Kaisa,09 1234501,Fax,050 1234502,Mobile'],
    ['Name,Phone 1,Type 1,Phone 2,Type 2', 'Kaisa,09 1234501,Fax,050 1234502,Mobile'],
    ['Name,Phone,Type 1,Phone 2,Type 2', 'Kaisa,09 1234501,Fax,050 1234502,Mobile'],
    ['Name;Telefon;Typ;Telefon;Typ', 'Kaisa;09 1234501;Fax;050 1234502;Mobil'],
  ])('pair types and numbers: %s', async (...lines) => {
    expect(await numbersOf(...lines)).toEqual(['+358501234502']);
  });

  it('take one type for all numbers of that name', async () => {
    expect(await numbersOf('Name,Phone,Phone,Phone Type', 'Kaisa,09 1234501,09 1234502,Fax')).toEqual([]);
  });

  it.each([
    ['Phone Country Code', '46,701740601,701740602'],
    ['Phone Ext.', '12,09 1234501,09 1234502'],
  ])('take one %s for them, and for no other', async (column, cells) => {
    expect(await numbersOf(`Name,${column},Phone,Phone,Mobile`, `Kaisa,${cells},050 1234503`)).toEqual([
      '+358501234503',
    ]);
  });

  it('are a thousand at most', async () => {
    const header = (count: number) => `Name${',Phone'.repeat(count - 2)},Phone Type`;
    expect(await numbersOf(header(1_000), 'Kaisa,09 1234501')).toEqual(['+35891234501']);
    expect((await read([header(1_001), 'Kaisa,09 1234501'])).problems).toEqual([
      'line 1: the header has more than 1000 named columns; leave out those that no route or template needs',
    ]);
  });

  it('have the extension of the number before it', async () => {
    const list = await read([
      'Name;Phone;Ext.;Mobile',
      'Kaisa;09 1234501;12;050 1234502',
      'Otso;09 1234503;;',
    ]);
    expect(list.records.map(({ record }) => record.number)).toEqual(['+358501234502', '+35891234503']);
    expect(list.contacts).toContain('left out: Phone (extension)');
    expect(await numbersOf('Name;Mobile;Extension', 'Kaisa;050 1234502;12')).toEqual(['+358501234502']);
  });
});

describe('columns of contacts that are named as fields of a record', () => {
  it('are free text with columns: auto', async () => {
    const list = await read([
      'Name,Phone,Instructions,Attributes,Targets',
      'Kaisa,050 1234501,Call after five,"tall, red",100 000 EUR',
    ]);
    expect([list.problems, list.leftOut]).toEqual([[], []]);
    expect(list.records.map(({ record }) => record)).toEqual([
      { number: '+358501234501', tier: 'gold', name: 'Kaisa' },
    ]);
  });

  it('leave out an entry without a date, and are no reason to refuse the file', async () => {
    const lines = ['Name,Phone,validUntil', 'Kaisa,050 1234501,soon', 'Otso,050 1234502,2099-12-31'];
    const list = await read(lines);
    expect(list.problems).toEqual([]);
    expect(list.leftOut).toEqual([expect.stringMatching(/^line 2, validUntil: /)]);
    expect(list.records).toHaveLength(1);
    const columns = { number: 'Phone', validUntil: 'validUntil' };
    expect((await read(lines, { columns, tier: 'gold' })).problems).toEqual([
      expect.stringMatching(/^line 2, validUntil: /),
    ]);
  });
});

describe('a total below the contacts', () => {
  const CONTACTS = ['Nimi;Puhelin', 'Kaisa;050 1234501', 'Otso;050 1234502'];

  it('is left out, and told', async () => {
    const list = await read([...CONTACTS, 'Yhteensä;2', 'Tulostettu;30.11.2026 14:05']);
    expect(list.records.map(({ record }) => record.name)).toEqual(['Kaisa', 'Otso']);
    expect(list.leftOut).toEqual([
      expect.stringMatching(/^line 4: is a note or a total below the contacts/),
      expect.stringMatching(/^line 5: is a note or a total below the contacts/),
    ]);
  });

  it('is none where another contact follows, or with another number', async () => {
    expect(await numbersOf(...CONTACTS, 'Vastaanotto;2', 'Aino;050 1234503')).toEqual([
      '+358501234501',
      '+358501234502',
      '2',
      '+358501234503',
    ]);
    expect(await numbersOf(...CONTACTS, 'Vastaanotto;4711')).toContain('4711');
  });
});

describe('numbers in a column that nobody knows', () => {
  it('are told in the report, and customer numbers, dates and repetitions are not', async () => {
    const list = await read([
      'Name,Phone,Hytte,Born,Customer,Dialled',
      'Aino,050 1234501,09 1234502,01.02.2026,501234567,+358 50 1234501',
    ]);
    expect(list.contacts).toBe(
      'numbers from Phone; not read, though telephone numbers are in it: Hytte (name under columns what is to be read)',
    );
  });
});
