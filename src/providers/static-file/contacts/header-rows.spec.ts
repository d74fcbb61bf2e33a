import { describe, expect, it } from '@jest/globals';
import { textRow, workbook } from '../../../../test/support/workbook.js';
import { readRecords } from '../record-file.js';
import type { ContactOptions } from './contact-options.js';

const AUTO: ContactOptions = { columns: 'auto', tier: 'gold' };
const PHONE = '+358501234501';
const OTHER = '+358501234502';
/** As CSV and as a workbook. */
const read = async (rows: readonly string[], contacts?: ContactOptions) => {
  const sheet = rows.map((row, at) => textRow(at + 1, ...row.split(';'))).join('');
  const options = { country: 'FI', contacts };
  const csv = await readRecords(Buffer.from(rows.join('\n')), 'list.csv', options);
  const xlsx = await readRecords(workbook({ sheets: [{ rows: sheet }] }), 'list.xlsx', options);
  expect([xlsx.records, xlsx.problems]).toEqual([csv.records, csv.problems]);
  return csv;
};
const entriesOf = async (rows: readonly string[], contacts = AUTO) => {
  const { problems, records } = await read(rows, contacts);
  expect(problems).toEqual([]);
  return records.map(({ record: { number, name } }) => [number, name]);
};

describe('a header of two rows', () => {
  it.each([
    [[';Phone;;Address;', 'Name;Work;Mobile;Street;'], `Aino;${PHONE};${OTHER};Koe 1;`],
    [['Name;Phone;;Email', ';Work;Mobile;'], `Aino;${PHONE};${OTHER};`],
    [['Name;Phone;;Email', ';Work;Home;Private'], `Aino;${PHONE};${OTHER};`],
    [[';Phone;;Name;', 'Title;Work;Home;First;'], `VD;${PHONE};${OTHER};Aino;`],
    [['Name;Telefon;;', ';Arbete;Hem;Gata'], `Aino;${PHONE};${OTHER};Koe 1`],
    [['List of 2026', ';Puhelin;;Osoite', 'Nimi;Työ;Matkapuhelin;Katu'], `Aino;${PHONE};${OTHER};Koe 1`],
    [['Name;Phone;;', 'Name;Phone;Mobile;'], `Aino;${PHONE};${OTHER};`],
  ])('is read as one: %j', async (header, row) => {
    expect(await entriesOf([...header, row])).toEqual([
      [PHONE, 'Aino'],
      [OTHER, 'Aino'],
    ]);
  });

  it.each([
    [['Name;Phone;;Email', ';Fax;Mobile;'], `Aino;${OTHER};${PHONE};`],
    [[';Contact;;Assistant;', 'Name;Mobile;Fax;Name;Phone'], `Aino;${PHONE};;Otso;${OTHER}`],
    [['Assistant;;Contact;', 'Name;Phone;Name;Phone'], `Otso;${OTHER};Aino;${PHONE}`],
    [['Name;Phone;;Spouse', ';Mobile;Pager;Phone'], `Aino;${PHONE};${OTHER};${OTHER}`],
    [['Name;;Company;', ';Mobile;Phone;City'], `Aino;${PHONE};${OTHER};Espoo`],
    [['Nimi;Puhelin;Sihteeri;', ';Matkapuhelin;Nimi;Puhelin'], `Aino;${PHONE};Otso;${OTHER}`],
    [['Name;Phone;;Address;', ';Mobile;Fax;Home;City'], `Aino;${PHONE};${OTHER};${OTHER};Espoo`],
  ])("takes no number of another's: %j", async (header, row) => {
    expect(await entriesOf([...header, row])).toEqual([[PHONE, 'Aino']]);
  });

  it('has the named column of the contact, not the one of the same name below another group', async () => {
    const rows = ['Assistant;;Contact;', 'Name;Phone;Name;Phone', `Otso;${OTHER};Aino;${PHONE}`];
    const columns = (number: string) => ({ columns: { number, name: 'Name' }, tier: 'gold' });
    expect(await entriesOf(rows, columns('Phone'))).toEqual([[PHONE, 'Aino']]);
    expect((await read(rows, columns('Assistant Phone'))).problems).toEqual([
      expect.stringMatching(/^line 2: seems to be a second row of the header; write one row/),
    ]);
  });

  it('is refused where columns are named and the upper row has their names, and where it has more rows', async () => {
    const message =
      'seems to be a second row of the header; write one row that names each column, for example Work Phone';
    const named = { columns: { number: 'Phone' }, tier: 'gold' };
    const rows = ['Name;Phone;', ';Fax;Mobile', `Aino;${OTHER};${PHONE}`];
    expect(await read(rows, named)).toMatchObject({ records: [], problems: [`line 2: ${message}`] });
    const three = ['Name;Phone;', ';Work;Mobile', ';Fax;Phone', `Aino;${OTHER};${PHONE}`];
    expect(await read(three, AUTO)).toMatchObject({ records: [], problems: [`line 3: ${message}`] });
  });

  it('is no title, and no contact without a number', async () => {
    const row = `Aino;${PHONE};`;
    expect(await entriesOf(['Assistant list', 'Name;Mobile;', row])).toEqual([[PHONE, 'Aino']]);
    expect(await entriesOf(['Name;Phone;Group', 'Kaisa;;Board', row])).toEqual([[PHONE, 'Aino']]);
    expect(await entriesOf(['Owner;Matti', 'Name;Phone', `Aino;${PHONE}`])).toEqual([[PHONE, 'Aino']]);
  });

  it('leaves a second row out of a list with number and tier, and says so', async () => {
    const list = await read(['number;tier;name', 'Phone;Category;Full name', `${PHONE};gold;Aino`]);
    expect(list.records.map(({ record }) => record.number)).toEqual([PHONE]);
    expect([list.problems, list.leftOut]).toEqual([
      [],
      [expect.stringMatching(/^line 2: seems to be a second row of the header/)],
    ]);
    const merged = await read(['number;;tier', 'Work;Mobile;', `${PHONE};${OTHER};gold`]);
    expect([merged.records, merged.problems[0]]).toEqual([
      [],
      expect.stringMatching(
        /^line 3: has a cell under no column name \(cell 2\); name the column in line 1, or put/,
      ),
    ]);
  });

  it("is refused in a list where it says that one of several numbers is another's", async () => {
    const list = await read(['Own;;Assistant', 'number;tier;number', `${PHONE};gold;${OTHER}`]);
    expect([list.records, list.problems]).toEqual([
      [],
      [expect.stringMatching(/^line 1: says that a column number is not the VIP's own/)],
    ]);
  });
});
