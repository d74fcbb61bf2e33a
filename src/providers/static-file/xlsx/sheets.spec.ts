import { describe, expect, it } from '@jest/globals';
import { archive, textRow, workbook } from '../../../../test/support/workbook.js';
import type { ContactOptions } from '../contacts/contact-options.js';
import { readRecords } from '../record-file.js';

const LIST = textRow(1, 'number', 'tier') + textRow(2, '0501234501', 'gold');
const OTHER = LIST.replace('0501234501', '0501234502');
const COVER = textRow(1, 'VIP customers') + textRow(3, 'Date', '30.11.2026') + textRow(4, 'Author', 'Otso');
const read = (sheets: readonly string[], name = 'list.xlsx', contacts?: ContactOptions) =>
  readRecords(workbook({ sheets: sheets.map((rows) => ({ rows })) }), name, { country: 'FI', contacts });
const READ = 'the workbook has 3 sheets, and the first with a header';

describe('a workbook of several sheets', () => {
  it.each([
    ['behind a cover', [COVER, LIST, COVER], `${READ}, "S1", is read`],
    ['behind an empty sheet', ['', COVER, LIST], `${READ}, "S2", is read`],
    [
      'before others',
      [LIST, COVER, OTHER],
      `${READ}, "S0", is read; not read, though they have a header, too: "S2"`,
    ],
    [
      'before broken ones',
      [LIST, '<row><c></row>', OTHER],
      `${READ}, "S0", is read; not read, though they have a header, too: "S2"`,
    ],
  ])('is read where its first header is: %s', async (_, sheets, warning) => {
    for (const name of ['list.xlsx', 'list.xlsm', 'LIST.XLSM']) {
      const list = await read(sheets, name);
      expect(list.problems).toEqual([]);
      expect(list.records.map(({ record }) => record.number)).toEqual(['+358501234501']);
      expect(list.warnings).toEqual([`line 1: ${warning}`]);
    }
  });

  it('is read so where it has contacts', async () => {
    const contacts = textRow(2, 'Name', 'Mobile') + textRow(3, 'Aino', '0501234501');
    const list = await read([COVER, contacts], 'list.xlsx', { columns: 'auto', tier: 'gold' });
    expect(list.records).toEqual([
      { line: 3, record: { number: '+358501234501', tier: 'gold', name: 'Aino' } },
    ]);
    expect(list.warnings).toEqual([
      'line 1: the workbook has 2 sheets, and the first with a header, "S1", is read',
    ]);
  });

  it('is read where it begins if none has a header, and says so', async () => {
    const list = await read([COVER, COVER]);
    expect(list.problems).not.toEqual([]);
    expect(list.warnings).toEqual([
      'line 1: the workbook has 2 sheets, none of which has a header; the first, "S0", is read',
    ]);
    const row = textRow(1, 'Aino', '0501234501');
    const columns = { number: 2, name: 1 };
    expect((await read([row, COVER], 'list.xlsx', { columns, tier: 'gold' })).records).toHaveLength(1);
  });

  it('names ten others at most', async () => {
    const { warnings } = await read(Array.from({ length: 13 }, () => LIST));
    expect(warnings).toEqual([expect.stringMatching(/"S10" and 2 more$/)]);
  });

  it.each([
    ['content.xml', 'an OpenDocument spreadsheet (.ods)'],
    ['Index/Document.iwa', 'a Numbers spreadsheet'],
    ['xl/workbook.bin', 'a binary Excel workbook (.xlsb)'],
  ])('is a problem where it is another kind that was only renamed: %s', async (path, kind) => {
    const list = await readRecords(archive({ [path]: 'x' }), 'list.xlsx');
    expect(list.problems).toEqual([`line 1: the file is ${kind}; save it as .xlsx`]);
  });
});
