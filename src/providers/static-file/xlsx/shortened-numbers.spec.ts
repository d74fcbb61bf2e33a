import { describe, expect, it } from '@jest/globals';
import { textRow, workbook } from '../../../../test/support/workbook.js';
import type { ContactOptions } from '../contacts/contact-options.js';
import { readRecords } from '../record-file.js';

const SHORTENED = /^line 2, number: was shortened by a spreadsheet/;

/** What is read of a number in a cell, and in another cell of the same row. */
async function read(header: readonly string[], value: string, format?: string, contacts?: ContactOptions) {
  const number = (place: string) =>
    `<c r="${place}2"${format === undefined ? '' : ' s="1"'}><v>${value}</v></c>`;
  const tier = '<c r="B2" t="inlineStr"><is><t>gold</t></is></c>';
  const rows = `${textRow(1, ...header)}<row r="2">${number('A')}${tier}${header.length > 2 ? number('C') : ''}</row>`;
  const bytes = workbook({ sheets: [{ rows }], ...(format !== undefined && { formats: [format] }) });
  const { records, leftOut } = await readRecords(bytes, 'list.xlsx', { country: 'FI', contacts });
  return { records: records.map(({ record }) => record), leftOut };
}

describe('a number in a workbook', () => {
  it.each([
    ['3.58501E11', undefined],
    ['3.58501E+11', undefined],
    ['3.58501e11', undefined],
    ['3.59E11', undefined],
    ['3.585012E11', undefined],
    ['4.67017E12', undefined],
    ['5.01231E8', undefined],
    ['5.0E8', undefined],
    ['358501000000', undefined],
    ['358501000000', '0'],
    ['3.58501E11', '0'],
    ['3.58501E11', '+0'],
    ['3.58501E11', '0.00E+00'],
  ])('is left out and named if it has lost its digits: %s with the format %s', async (value, format) => {
    const { records, leftOut } = await read(['number', 'tier'], value, format);
    expect([records, leftOut]).toEqual([[], [expect.stringMatching(SHORTENED)]]);
  });

  it.each([
    ['3.58501119915E11', '+358501119915'],
    ['3.5850111991E11', '+358501119910'],
    ['3.585011199E11', '+358501119900'],
    ['5.01231234E8', '+358501231234'],
    ['358501119000', '+358501119000'],
    ['501000000', '+358501000000'],
    ['4000', '4000'],
  ])('is read with all its digits: %s', async (value, number) => {
    const { records, leftOut } = await read(['number', 'tier'], value);
    expect([records, leftOut]).toEqual([[{ number, tier: 'gold' }], []]);
  });

  it('is an attribute with whatever digits it has', async () => {
    const { records } = await read(['customer', 'tier', 'number'], '5.01231234E8');
    expect(records).toEqual([
      { number: '+358501231234', tier: 'gold', attributes: { customer: '501231234' } },
    ]);
    const rows = `${textRow(1, 'number', 'tier', 'revenue')}<row r="2"><c r="A2"><v>501231234</v></c><c r="B2" t="inlineStr"><is><t>gold</t></is></c><c r="C2"><v>5.0E6</v></c></row>`;
    const list = await readRecords(workbook({ sheets: [{ rows }] }), 'list.xlsx', { country: 'FI' });
    expect(list.records[0]!.record.attributes).toEqual({ revenue: '5000000' });
  });

  it('of a contact is left out and named, too', async () => {
    const contacts = { columns: 'auto', tier: 'gold' } as const;
    const lost = await read(
      ['Mobile Phone', 'Last Name', 'Business Phone'],
      '3.58501E11',
      undefined,
      contacts,
    );
    expect([lost.records, lost.leftOut]).toEqual([[], [expect.stringMatching(SHORTENED)]]);
    const kept = await read(['Mobile Phone', 'Last Name'], '3.58501119915E11', undefined, contacts);
    expect(kept.records).toEqual([{ number: '+358501119915', tier: 'gold', name: 'gold' }]);
  });
});
