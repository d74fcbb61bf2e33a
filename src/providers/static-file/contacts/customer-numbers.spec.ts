import { describe, expect, it } from '@jest/globals';
import { readRecords } from '../record-file.js';
import type { ContactOptions } from './contact-options.js';

const AUTO: ContactOptions = { columns: 'auto', tier: 'gold' };
const read = (name: string, content: string, contacts = AUTO) =>
  readRecords(Buffer.from(content), name, { country: 'FI', contacts });
const numbersOf = async (...file: Parameters<typeof read>) => {
  const list = await read(...file);
  expect([list.problems, list.leftOut]).toEqual([[], []]);
  return list.records.map(({ record }) => record.number);
};
const PHONE = '+358501234501';

describe("a customer's number beside a telephone number", () => {
  it.each([
    ['number', 'phone'],
    ['Number', 'mobilePhone'],
    ['nummer', 'telefon'],
    ['numero', 'puhelin'],
    ['contactNumber', 'workPhone'],
  ])('is no telephone number in JSON and YAML: %s beside %s', async (number, phone) => {
    // The first contact has no telephone number, so only the others tell what its number is.
    const contacts = [
      { name: 'Aino', [number]: 10_023 },
      { name: 'Otso', [number]: 501_234_509, [phone]: PHONE },
      { name: 'Kaisa', [number]: 10_025, [phone]: null },
    ];
    const json = JSON.stringify(contacts);
    for (const [name, content] of [
      ['list.json', json],
      ['answer.json', JSON.stringify({ value: contacts })],
      ['nested.json', JSON.stringify(contacts.map((properties) => ({ id: 1, properties })))],
      ['list.yaml', json.replaceAll('null', "''")],
    ] as const) {
      expect(await numbersOf(name, content)).toEqual([PHONE]);
      const { contacts: report } = await read(name, content);
      expect(report).toBe(
        `numbers from ${phone}; not clear whose numbers, so not read: ${number} (name under columns what is to be read); 2 contacts without a number`,
      );
    }
  });

  it('is no telephone number in a phonebook', async () => {
    const entry = (fields: string) => `<Contact><Name>Aino</Name>${fields}</Contact>`;
    const xml = `<AddressBook>${entry('<Number>501234509</Number>')}${entry(`<Number>10024</Number><Phone>${PHONE}</Phone>`)}</AddressBook>`;
    expect(await numbersOf('book.xml', xml, { tier: 'gold' })).toEqual([PHONE]);
  });

  it.each([
    ['list.json', JSON.stringify([{ name: 'Aino', number: PHONE, email: 'a@b.example' }])],
    ['book.xml', `<AddressBook><Contact><number>${PHONE}</number></Contact></AddressBook>`],
    ['list.json', JSON.stringify([{ number: PHONE, fax: '091234509' }])],
    ['list.json', JSON.stringify([{ phones: [{ type: 'mobile', number: PHONE }] }])],
  ])('is told from a number that has nothing but such a name: %s', async (name, content) => {
    expect(await numbersOf(name, content)).toEqual([PHONE]);
  });

  it.each([
    ['list.json', JSON.stringify([{ number: '0501234509', 'phone number': PHONE }])],
    ['list.csv', `number,phone number\n0501234509,${PHONE}\n`],
  ])('is read only where it is named by itself: %s', async (name, content) => {
    const tier = 'gold';
    expect(await numbersOf(name, content, { columns: { number: '*number*' }, tier })).toEqual([PHONE]);
    expect(await numbersOf(name, content, { columns: { number: ['number', 'phone number'] }, tier })).toEqual(
      ['+358501234509', PHONE],
    );
    expect(await numbersOf(name, content, { columns: { number: 'number' }, tier })).toEqual([
      '+358501234509',
    ]);
  });
});

describe('a column that is named', () => {
  it.each([
    ['Fax', '', '', ['+35891234501']],
    ['Pager', '', '', ['+35891234501']],
    ['Assistant Phone', '', '', ['+35891234501']],
    ['Company Main Phone', '', '', ['+35891234501']],
    ['Phone', ',Phone Ext', ',12', []],
    ['Assistant Phone', ',Assistant Phone Ext.', ',12', []],
    ['Fax', ',Country Code', ',46', []],
    ['Phone 1 - Value', ',Phone 1 - Type', ',Work Fax', []],
  ])('is read whosever it is, as what is beside it says: %s%s', async (column, others, more, numbers) => {
    const table = `Name,${column}${others}\nAino,091234501${more}\n`;
    const list = await read('list.csv', table, { columns: { number: column }, tier: 'gold' });
    expect(list.records.map(({ record }) => record.number)).toEqual(numbers);
  });
});
