import { describe, expect, it } from '@jest/globals';
import { archive, textRow, workbook } from '../../../../test/support/workbook.js';
import type { ContactOptions } from '../contacts/contact-options.js';
import { LineProblems } from '../line-problems.js';
import { isListHeader } from '../list-header.js';
import { Pace } from '../pace.js';
import { readRecords } from '../record-file.js';
import { MAX_UNPACKED_BYTES } from './workbook-parts.js';
import { xlsxTable } from './xlsx-table.js';

const read = (bytes: Buffer, contacts?: ContactOptions) =>
  readRecords(bytes, 'list.xlsx', { country: 'FI', contacts });
const HEADER = textRow(1, 'number', 'tier', 'name', 'validUntil', 'company');
const cell = (place: string, value: string | number, more = '') =>
  `<c r="${place}"${more}><v>${value}</v></c>`;
const text = (place: string, value: string) => `<c r="${place}" t="inlineStr"><is><t>${value}</t></is></c>`;
/** Entries with numbers in cells of a format each. */
const numbersOf = async (formats: (string | number)[], ...values: (string | number)[]) => {
  const rows = values.map(
    (value, at) =>
      `<row r="${at + 2}">${cell(`A${at + 2}`, value, ` s="${at + 1}"`)}${text(`B${at + 2}`, 'gold')}</row>`,
  );
  const list = await read(workbook({ sheets: [{ rows: HEADER + rows.join('') }], formats }));
  return { numbers: list.records.map(({ record }) => record.number), leftOut: list.leftOut };
};

describe('a list in a workbook (.xlsx)', () => {
  it('is read as strictly as one in CSV, each row by its number', async () => {
    const rows =
      HEADER +
      `<row r="2">${cell('A2', 358501234501)}${cell('B2', 0, ' t="s"')}${cell('C2', 1, ' t="s"')}${text('E2', 'Rauta Oy')}</row>` +
      '<row r="3"/>' +
      `<row r="5">${cell('A5', '050 123 4502', ' t="str"')}${cell('B5', 0, ' t="s"')}</row>` +
      `<row r="6">${text('A6', '+358501234503')}</row>`;
    const texts =
      '<si><r><rPr><b/></rPr><t>go</t></r><r><t xml:space="preserve">ld </t></r></si><si><t>Päivi</t><rPh sb="0" eb="1"><t>ぱ</t></rPh></si>';
    const list = await read(workbook({ sheets: [{ rows }], texts }));
    expect(list.records).toEqual([
      {
        line: 2,
        record: { number: '+358501234501', tier: 'gold', name: 'Päivi', attributes: { company: 'Rauta Oy' } },
      },
      { line: 5, record: { number: '+358501234502', tier: 'gold' } },
    ]);
    expect(list.problems).toEqual([
      'line 6, tier: is missing; write the tier that routes name, for example gold',
    ]);
    expect(list.contacts).toBeUndefined();
  });

  it('has numbers as they are written, and as their format shows them', async () => {
    const { numbers, leftOut } = await numbersOf(
      ['0', '0000000000', '+0', '"+"0', '\\+0', '@', '0.00E+00', '#,##0'],
      ...['358501234501', '501234502', '358501234503', '358501234504', '3.58501234505E11', '358501234506'],
      ...['358501234507', '358501234508'],
    );
    expect(numbers).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((at) => `+35850123450${at}`));
    expect(leftOut).toEqual([]);
  });

  it('has numbers with the country code that only their format has', async () => {
    const { numbers, leftOut } = await numbersOf(
      ['"+46"0', '\\+46\\ 00\\ 000\\ 00\\ 00', '"+46 (0)"#', '+46 0', '"0"0', '"Tel. "0', '(000)\\ 000-0000'],
      ...['701740601', '701740602', '701740603', '701740604', '501234505', '358501234506', '501234507'],
    );
    expect(numbers).toEqual([
      '+46701740601',
      '+46701740602',
      '+46701740603',
      '+46701740604',
      '+358501234505',
      '+358501234506',
      '+358501234507',
    ]);
    expect(leftOut).toEqual([]);
  });

  it('has texts without the escapes of Office', async () => {
    const row = `<row r="2">${text('A2', '050 123 4501_x000D_\n050 123 4502')}${text('B2', 'gold')}${cell('C2', 0, ' t="s"')}</row>`;
    const bytes = workbook({
      sheets: [{ rows: HEADER + row }],
      texts: '<si><t>Aino_x0009__x001B__xD800__x005F_x000D_</t></si>',
    });
    const { records, leftOut } = await read(bytes);
    expect(records.map(({ record }) => [record.number, record.name])).toEqual([
      ['+358501234501', 'Aino\t_x000D_'],
      ['+358501234502', 'Aino\t_x000D_'],
    ]);
    expect(leftOut).toEqual([]);
  });

  it('leaves out numbers that lost digits, dates and errors', async () => {
    const { numbers, leftOut } = await numbersOf(
      ['0', '0', 14],
      '3.5850123450112345E+18',
      '358501234501.5',
      '46387',
    );
    expect(numbers).toEqual([]);
    expect(leftOut).toEqual([
      expect.stringMatching(/^line 2, number: was shortened by a spreadsheet/),
      expect.stringMatching(/^line 3, number: is a decimal fraction/),
      expect.stringMatching(/^line 4, number: is a date/),
    ]);
    const error = workbook({
      sheets: [{ rows: `${HEADER}<row r="2">${cell('A2', '#N/A', ' t="e"')}${text('B2', 'gold')}</row>` }],
    });
    expect((await read(error)).leftOut).toEqual(['line 2, number: says that there is none']);
  });

  it.each([
    ['a date', 14, '46387', '2027-01-01T00:00:00.000Z'],
    ['a date and a time', 22, '46387.75', '2026-12-31T18:00:00.000Z'],
    ['a format of its own', 'dd.mm.yyyy', '46387', '2027-01-01T00:00:00.000Z'],
    ['a format with words', '[$-40B]d. mmmm"ta" yyyy', '46387', '2027-01-01T00:00:00.000Z'],
    ['no format', 0, '46387', '2027-01-01T00:00:00.000Z'],
    ['a day before the leap day that never was', 14, '59', '1900-03-01T00:00:00.000Z'],
  ])('has dates as ISO 8601: %s', async (_, format, value, until) => {
    const row = `<row r="2">${text('A2', '0501234501')}${text('B2', 'gold')}${cell('D2', value, ' s="1"')}</row>`;
    const list = await read(workbook({ sheets: [{ rows: HEADER + row }], formats: [format] }));
    expect(list.problems).toEqual([]);
    expect(new Date(list.records[0]!.record.validUntilMs!).toISOString()).toBe(until);
  });

  it('counts days from 1904 where the workbook says so', async () => {
    const row = `<row r="2">${text('A2', '0501234501')}${text('B2', 'gold')}${cell('D2', 44925, ' s="1"')}</row>`;
    const list = await read(workbook({ sheets: [{ rows: HEADER + row }], formats: [14], isFrom1904: true }));
    expect(list.records[0]!.record.validUntilMs).toBe(Date.UTC(2027, 0, 1));
  });

  it('is in the first sheet that is not hidden; another one is told', async () => {
    const sheet = (number: string) => textRow(1, 'number', 'tier') + textRow(2, number, 'gold');
    const hidden = { rows: sheet('0501234509'), state: 'veryHidden' };
    const two = workbook({ sheets: [hidden, { rows: sheet('0501234501') }, { rows: sheet('0501234508') }] });
    const list = await read(two);
    expect(list.records.map(({ record }) => record.number)).toEqual(['+358501234501']);
    expect(list.warnings).toEqual([
      'line 1: the workbook has 2 sheets, and the first with a header, "S1", is read; not read, though they have a header, too: "S2"',
    ]);
    expect((await read(workbook({ sheets: [hidden] }))).problems).toEqual([
      'line 1: the workbook has no sheet that is not hidden',
    ]);
  });

  it('may have a title above its header, and rows and cells without places', async () => {
    const rows =
      textRow(1, 'VIP 11/2026') +
      '<row r="2"/>' +
      '<row><c t="inlineStr"><is><t>number</t></is></c><c t="inlineStr"><is><t>tier</t></is></c></row>' +
      `<row><c><v>501234501</v></c><c t="inlineStr"><is><t>gold</t></is></c></row>`;
    const list = await read(workbook({ sheets: [{ rows }] }));
    expect(list.records).toEqual([{ line: 4, record: { number: '+358501234501', tier: 'gold' } }]);
    const contacts = workbook({
      sheets: [
        { rows: textRow(1, 'Kontakte') + textRow(3, 'Name', 'Mobil') + textRow(4, 'Aino', '0501234501') },
      ],
    });
    expect((await read(contacts, { columns: 'auto', tier: 'gold' })).records).toEqual([
      { line: 4, record: { number: '+358501234501', tier: 'gold', name: 'Aino' } },
    ]);
  });

  it.each([
    [
      'no archive',
      Buffer.from('number,tier\n'),
      'the file is not an .xlsx workbook, or is cut off; save it again as .xlsx',
    ],
    [
      'an empty file',
      Buffer.alloc(0),
      'the file is not an .xlsx workbook, or is cut off; save it again as .xlsx',
    ],
    ['another archive', archive({ 'a.txt': 'a' }), 'the workbook has no sheet that is not hidden'],
    [
      'a workbook that is cut off',
      workbook({ sheets: [{ rows: HEADER }] }).subarray(0, 900),
      'the file is not an .xlsx workbook, or is cut off; save it again as .xlsx',
    ],
    [
      'one with a password, or of Excel 97',
      Buffer.from('d0cf11e0a1b11ae1', 'hex'),
      'the file is an Excel workbook of another kind (.xls, or with a password); save it as .xlsx without one',
    ],
    [
      'broken XML',
      workbook({ sheets: [{ rows: '<row><c></row>' }] }),
      'in the workbook, sheet0.xml is not valid XML (a closing tag is not that of the element before it); export the file again',
    ],
    ['no header', workbook({ sheets: [{ rows: '' }] }), 'the file is empty'],
  ])('is a problem when it is %s', async (_, bytes, problem) => {
    const { problems, records } = await read(bytes);
    expect(problems[0]).toContain(`line 1: ${problem}`);
    expect(records).toEqual([]);
  });

  it('is not unpacked when it would fill the memory, whatever it says about itself', async () => {
    const bomb = workbook({ sheets: [{ rows: HEADER }], texts: ' '.repeat(20_000_000) });
    const size = Buffer.alloc(4);
    size.writeUInt32LE(Buffer.byteLength(' '.repeat(20_000_000)) + 200);
    const problem = async (bytes: Buffer) => (await read(bytes)).problems;
    // The same archive, of which the directory says that it has more, or less, than there is.
    const saying = (bytes: number) => {
      const lying = Buffer.from(bomb);
      const directory = lying.lastIndexOf('xl/sharedStrings.xml') - 46;
      lying.writeUInt32LE(bytes, directory + 24);
      return lying;
    };
    expect(await problem(saying(MAX_UNPACKED_BYTES + 1))).toEqual([
      'line 1: the workbook has more than 256 MiB unpacked; save the sheet as CSV',
    ]);
    expect(await problem(saying(1_000))).toEqual([
      'line 1: the file is not an .xlsx workbook, or is cut off; save it again as .xlsx',
    ]);
  });

  it.each([
    [`<row r="1048577">${text('A1', 'x')}</row>`, 'the sheet has more than 1048576 rows'],
    [`<row r="1">${text('XFE1', 'x')}</row>`, 'has more than 16384 columns'],
    [`<row r="1">${text('A1', 'x'.repeat(524_289))}</row>`, 'is longer than 512 KiB; shorten it'],
    [`<row r="1">${text('K1', 'x'.repeat(524_279))}</row>`, 'is longer than 512 KiB; shorten it'],
  ])('has limits', async (rows, problem) => {
    expect((await read(workbook({ sheets: [{ rows }] }))).problems).toEqual([
      expect.stringContaining(problem),
    ]);
  });

  const many = <T>(count: number, of: T) => Array<T>(count).fill(of);
  const relation = (at: number) => `<Relationship Id="r${at}"/>`;
  it.each([
    ['1000 sheets', () => workbook({ sheets: many(1_001, { rows: '' }) })],
    [
      '10000 relations',
      () =>
        archive({
          '_rels/.rels': `<a>${many(10_001, 0)
            .map((_, at) => relation(at))
            .join('')}</a>`,
        }),
    ],
    ['65536 formats', () => workbook({ sheets: [{ rows: HEADER }], formats: many(65_537, 14) })],
    [
      '1048576 shared texts',
      () => workbook({ sheets: [{ rows: HEADER }], texts: '<si/>'.repeat(1_048_577) }),
    ],
  ])('has no more than %s', async (count, make) => {
    expect((await read(make())).problems).toEqual([
      `line 1: the workbook has more than ${count}; save the sheet as CSV`,
    ]);
  });

  it('is read few rows at a time where they are wide, and has a limit of empty cells', async () => {
    const wide = Array.from({ length: 4_097 }, (_, at) => `<row r="${at + 2}">${text('XFD1', 'x')}</row>`);
    const bytes = workbook({ sheets: [{ rows: HEADER + wide.join('') }] });
    const { rows } = await xlsxTable(bytes, isListHeader, new Pace(), new LineProblems());
    const counts: number[] = [];
    const failure = await (async () => {
      for await (const batch of rows) counts.push(batch.length);
    })().catch((error: unknown) => error);
    expect(Math.max(...counts)).toBeLessThanOrEqual(2);
    expect(failure).toMatchObject({
      name: 'TableError',
      line: 4_098,
      message: expect.stringContaining('the sheet has more than 67108864 empty cells') as unknown,
    });
  });

  it('may be long, and makes way for other work', async () => {
    const rows = Array.from({ length: 20_000 }, (_, at) =>
      textRow(at + 2, `+35850${1_000_000 + at}`, 'gold'),
    );
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    try {
      const list = await read(workbook({ sheets: [{ rows: HEADER + rows.join('') }] }));
      expect(list.records).toHaveLength(20_000);
      expect(list.records.at(-1)?.line).toBe(20_001);
      expect(turns).toBeGreaterThan(3);
    } finally {
      clearInterval(timer);
    }
  });
});
