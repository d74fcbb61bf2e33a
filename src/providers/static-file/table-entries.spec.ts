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
  });

  it('has its columns whatever blanks are in their names, where no column has exactly the name', async () => {
    expect(
      await recordsOf('NUMBER, tier ,Valid\u00a0 From,VALID UNTIL\n4711,gold,2026-01-01,2026-12-31\n'),
    ).toEqual([
      {
        number: '4711',
        tier: 'gold',
        validFromMs: Date.UTC(2026, 0, 1),
        validUntilMs: Date.UTC(2027, 0, 1),
      },
    ]);
    expect(await recordsOf('number,tier,Valid until,validUntil\n4711,gold,for ever,2026-12-31\n')).toEqual([
      {
        number: '4711',
        tier: 'gold',
        validUntilMs: Date.UTC(2027, 0, 1),
        attributes: { 'Valid until': 'for ever' },
      },
    ]);
  });

  it('leaves out what has no date in a column that was an attribute to version 0.1.0', async () => {
    const list = await read('number,tier,Valid until\n4711,gold,for ever\n4712,gold,\n');
    expect(list.problems).toEqual([]);
    expect(list.leftOut).toEqual([expect.stringMatching(/^line 2, validUntil: is not/)]);
    expect(list.records.map(({ record }) => record.number)).toEqual(['4712']);
    expect(await problemsOf('number,tier,Valid until\n4711,,for ever\n4712,gold\n')).toEqual([
      expect.stringMatching(/^line 2, tier: is missing/),
    ]);
  });

  it('has an entry for each of several columns of numbers', async () => {
    const list = await read(
      'Number,name,tier,number,number\n4711,Aino,gold,"050 123 1234, 040 123 1234",\n,Matti,gold,,4712\n4713,,gold,3.58E+11,\n',
    );
    expect(list.problems).toEqual([]);
    expect(list.records.map(({ line, record: { number, name } }) => [line, number, name])).toEqual([
      [2, '4711', 'Aino'],
      [2, '+358501231234', 'Aino'],
      [2, '+358401231234', 'Aino'],
      [3, '4712', 'Matti'],
      [4, '4713', undefined],
    ]);
    expect(list.leftOut).toEqual([expect.stringMatching(/^line 4, number: was shortened/)]);
  });

  it('takes a value from any of several columns of one name, but not two values', async () => {
    const list = await read(
      'number,tier,Tier,a,a\n4711,gold,gold,,x\n4712,,silver,y,z\n4713,gold,silver,,\n',
    );
    expect(list.problems).toEqual(['line 4, tier: has different values in columns of that name; keep one']);
    expect(list.records.map(({ record }) => record)).toEqual([
      { number: '4711', tier: 'gold', attributes: { a: 'x' } },
      { number: '4712', tier: 'silver', attributes: { a: 'y' } },
    ]);
    expect(list.warnings).toEqual([
      'line 1, a: is the name of several columns; of each row the first that has a value is used',
    ]);
  });

  it('keeps what looks like a formula inside a quoted cell, wherever a piece ends', async () => {
    for (const filler of [0, 8_150, 8_160, 8_165]) {
      const [record] = await recordsOf(
        `number,tier,name,note\n4711,gold,${'x'.repeat(filler > 0 ? 190 : 1)},"${'y'.repeat(filler)},=""1"",="","\n`,
      );
      expect(record!.attributes).toEqual({ note: `${'y'.repeat(filler)},="1",=",` });
    }
  });

  it.each([',', ';', '\t'])(
    'has numbers that are written as formulas, wherever a piece ends (%j)',
    async (delimiter) => {
      const numbers = Array.from({ length: 3_000 }, (_, at) =>
        `0501230${1_000 + at}`.slice(0, 10 + (at % 2)),
      );
      const rows = numbers.map((number, at) =>
        [`"${'x'.repeat(at % 50)}"`, `="${number}"`, 'gold'].slice(at % 3 === 0 ? 0 : 1),
      );
      const content = (header: string[], some: string[][]) =>
        [header, ...some].map((cells) => cells.join(delimiter)).join('\r\n');
      for (const columns of [2, 3]) {
        const header = ['x', 'number', 'tier'].slice(3 - columns);
        const list = await read(
          content(
            header,
            rows.filter(({ length }) => length === columns),
          ),
        );
        expect(list.problems).toEqual([]);
        expect(list.records.length).toBe(columns === 3 ? 1_000 : 2_000);
        expect(list.records.every(({ record }) => record.number.startsWith('+35850123'))).toBe(true);
      }
    },
  );

  it('has other quotes where they belong', async () => {
    expect(await recordsOf('number,tier,name\n="0501231234",gold,"x,=""y"""\n')).toEqual([
      { number: '+358501231234', tier: 'gold', name: 'x,="y"' },
    ]);
    expect(await problemsOf('number,tier,name\n4711,gold,="a" b\n')).toHaveLength(1);
    expect(await problemsOf('number,tier,name\n4711,gold,x="a"\n')).toHaveLength(1);
    expect(await problemsOf('number,tier,name\n4711,gold,="a\n')).toHaveLength(1);
  });

  it('may have a title above its header, and keeps its line numbers', async () => {
    const list = await read(
      'VIPs of "Rauta", 11/2026;;\r\n;;\r\nnumber;tier;name\r\n4711;gold;Aino\r\n4712;;\r\n',
    );
    expect(list.records.map(({ line }) => line)).toEqual([4]);
    expect(list.problems).toEqual([expect.stringMatching(/^line 5, tier: is missing/)]);
    expect([list.leftOut, list.warnings]).toEqual([[], []]);
  });

  it('names an entry that stands above the header', async () => {
    const list = await read(
      'Questions: 09 123 4567\n+358501231234,gold,Aino\nnumber,tier,name\n+358501231235,gold,Matti\n',
    );
    expect(list.records.map(({ line }) => line)).toEqual([4]);
    expect([list.problems, list.leftOut]).toEqual([
      [],
      ['line 2: is above the header and has a number; move it below if it is an entry'],
    ]);
  });

  it('may have as many empty columns behind the others as a spreadsheet saves', async () => {
    const empty = ','.repeat(16_382);
    expect(await recordsOf(`number,tier${empty}\n4711,gold${empty}\n4712,gold\n`)).toHaveLength(2);
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
      'line 2: has a cell under no column name (cell 3); name the column in line 1, or put a cell that contains the separator in double quotes',
      'line 3: has a cell under no column name (cell 5); name the column in line 1, or put a cell that contains the separator in double quotes',
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
