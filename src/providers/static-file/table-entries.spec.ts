import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { readRecords } from './record-file.js';
import { countingTurns } from '../../../test/support/turns.js';

const read = (content: string | Buffer) => readRecords(Buffer.from(content), 'list.csv', { country: 'FI' });
const problemsOf = async (content: string) => (await read(content)).problems;
const recordsOf = async (content: string | Buffer) => {
  const list = await read(content);
  expect(list.problems).toEqual([]);
  return list.records.map(({ record }) => record);
};

describe('a CSV list', () => {
  it('has its columns in any order and case, and other columns as attributes', async () => {
    expect(
      await recordsOf('Company,TIER, Number ,validuntil,VIP since\nRauta Oy,gold,4711,2026-12-31,\n'),
    ).toEqual([
      {
        number: '4711',
        tier: 'gold',
        validUntilMs: Date.UTC(2027, 0, 1),
        attributes: { Company: 'Rauta Oy' },
      },
    ]);
  });

  it('lays attribute columns over the attributes written as JSON', async () => {
    expect(
      await recordsOf(
        'number,tier,attributes,company\n4711,gold,"{""a"": 1, ""company"": ""x""}",Rauta Oy\n',
      ),
    ).toEqual([{ number: '4711', tier: 'gold', attributes: { a: 1, company: 'Rauta Oy' } }]);
  });

  it('keeps an attribute with a name that JavaScript gives a meaning', async () => {
    const [record] = await recordsOf('number,tier,__proto__,constructor\n4711,gold,a,b\n');
    expect(Object.entries(record!.attributes!)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
  });

  it.each([
    ['comma', 'number,tier,name\n4711,gold,"a;b;c;d"\n', 'a;b;c;d'],
    ['semicolon', 'number;tier;name\n4711;gold;"a;b"\n', 'a;b'],
    ['semicolon, with commas in the header', 'number;tier;name;"a,b,c,d,e"\n4711;gold;a,b;\n', 'a,b'],
    ['tab', 'number\ttier\tname\n4711\tgold\ta,b;c\n', 'a,b;c'],
    ['comma, after empty lines', '\n\r\n  \nnumber,tier,name\n4711,gold,a;b\n', 'a;b'],
  ])('is separated as its header is: %s', async (_, content, name) => {
    expect(await recordsOf(content)).toEqual([expect.objectContaining({ number: '4711', name })]);
  });

  it('is read as Excel writes it in Europe: byte order mark, semicolons, CRLF, rows without content', async () => {
    expect(await recordsOf(await readFile('test/fixtures/lists/excel-europe.csv'))).toEqual([
      {
        number: '+358501231234',
        tier: 'gold',
        name: 'Virtanen, Aino',
        attributes: { Asiakasnumero: '1001' },
      },
      { number: '+442079460958', tier: 'silver', name: 'Smith; Alex' },
    ]);
  });

  it.each(['\n', '\r\n', '\r'])(
    'counts lines that end in %j, also inside quoted cells and empty ones',
    async (end) => {
      const list = await read(
        ['number,tier,name', '4711,gold,"first', 'second"', '', '4712,gold,x', '4713,,', ''].join(end),
      );
      expect(list.records.map(({ line }) => line)).toEqual([2, 5]);
      expect(list.records[0]?.record.name).toBe(`first${end}second`);
      expect(list.problems).toEqual([expect.stringMatching(/^line 6,/)]);
    },
  );

  it('counts lines across the pieces in which a long file is read', async () => {
    const rows = Array.from({ length: 9_000 }, (_, at) => `${1000 + at},gold,"a ""quoted"" ä\r\n"\r\n`);
    const list = await read(`number,tier,name\r\n${rows.join('')}`);
    expect(list.problems).toEqual([]);
    expect(list.records.map(({ line }) => line)).toEqual(rows.map((_, at) => 2 + at * 2));
    expect(new Set(list.records.map(({ record }) => record.name))).toEqual(new Set(['a "quoted" ä']));
  });

  it('reads a last line without a line end, spaces around cells, and rows that are too short', async () => {
    expect(await recordsOf('number,tier,name\n 4711 , gold , "a, b" \n4712,gold')).toEqual([
      { number: '4711', tier: 'gold', name: 'a, b' },
      { number: '4712', tier: 'gold' },
    ]);
  });

  it('may have a header and nothing else', async () => {
    expect(await recordsOf('number,tier\n')).toEqual([]);
  });

  it('needs a header with number and tier', async () => {
    const hint =
      'the header has no such column; the first line names the columns, for example number,tier,name';
    expect(await problemsOf('number,teir\n4711,gold\n')).toEqual([`line 1, tier: ${hint}`]);
    expect(await problemsOf('+358501231234,gold\n')).toEqual([
      `line 1, number: ${hint}`,
      `line 1, tier: ${hint}`,
    ]);
    expect(await problemsOf(' \n')).toEqual([
      'line 1: the file is empty; the first line names the columns, for example number,tier,name',
    ]);
    expect(await problemsOf('number,tier,Tier,a,a\n')).toEqual([
      'line 1: column 3 has the name of an earlier one; give each its own name',
      'line 1: column 5 has the name of an earlier one; give each its own name',
    ]);
  });

  it('may have as many empty columns behind the others as a spreadsheet saves', async () => {
    const empty = ','.repeat(16_382);
    expect(await recordsOf(`number,tier${empty}\n4711,gold${empty}\n4712,gold\n`)).toHaveLength(2);
  });

  it('may have a thousand named columns and no more', async () => {
    const header = (count: number) => [
      'number',
      'tier',
      ...Array.from({ length: count - 2 }, (_, at) => `c${at}`),
    ];
    expect(await recordsOf(`${header(1_000).join()}\n4711,gold,x\n`)).toHaveLength(1);
    expect(await problemsOf(`${header(1_001).join()}\n4711,gold,x\n`)).toEqual([
      'line 1: the header has more than 1000 named columns; leave out those that no route or template needs',
    ]);
  });

  it('makes way for other work while none of its rows can be read', async () => {
    const { result: list, turns } = await countingTurns(() =>
      read(`number,tier\n${'4711,gold,x\n'.repeat(50_000)}`),
    );
    expect(list.problemCount).toBe(50_000);
    expect(turns).toBeGreaterThan(3);
  });

  it('warns of an attribute column whose name is nearly that of a field', async () => {
    const list = await read('number,tier,valid_until,target,name,names\n4711,gold,,,,\n');
    expect(list.warnings).toEqual([
      'line 1, valid_until: is read as an attribute; did you mean the column validUntil?',
      'line 1, target: is read as an attribute; did you mean the column targets?',
    ]);
  });

  it('reports cells that no column names', async () => {
    expect(await problemsOf('number,tier,,name\n4711,gold,x,y\n4712,gold,,y,z\n4713,gold,,y,\n')).toEqual([
      'line 2: has a cell under no column name (cell 3); put a cell that contains the separator in double quotes',
      'line 3: has a cell under no column name (cell 5); put a cell that contains the separator in double quotes',
    ]);
  });

  it.each([
    [
      'Matti "Masa" M',
      'has a double quote inside a cell that does not begin with one; put the whole cell in double quotes and double those inside',
    ],
    [
      '"Matti" M',
      'has text after the closing double quote of a cell; double the quotes inside a quoted cell',
    ],
    ['"Matti', 'has a double quote that is never closed'],
    [`"${'x'.repeat(530_000)}`, 'is longer than 524288 bytes; a double quote may be left open'],
  ])('reports broken quoting with the line on which the entry begins: %.20s', async (cell, message) => {
    expect(await problemsOf(`number,tier,name\n4711,gold,"a\nb"\n4712,,\n4713,gold,${cell}\n4714,,`)).toEqual(
      [expect.stringContaining('line 4, tier: is missing'), `line 5: ${message}; what follows was not read`],
    );
  });
});
