import { describe, expect, it } from '@jest/globals';
import { Pace } from './pace.js';
import { TableError, textTable } from './table-rows.js';
import type { Table, TableRow } from './table-rows.js';

const hasColumns =
  (...wanted: string[]) =>
  (cells: readonly string[]) =>
    wanted.every((name) => cells.includes(name));
const open = (content: string, isHeader = hasColumns('a', 'b')) =>
  textTable(Buffer.from(content), isHeader, new Pace());
async function rowsOf(table: Table): Promise<TableRow[]> {
  const rows: TableRow[] = [];
  for await (const batch of table.rows) rows.push(...batch);
  return rows;
}

describe('a table in a text file', () => {
  it.each([
    ['a comma', ','],
    ['a semicolon', ';'],
    ['a tab', '\t'],
    ['a pipe', '|'],
  ])('has its cells parted by what makes a header of a row: %s', async (_, delimiter) => {
    const other = [',', ';', '|'].filter((one) => one !== delimiter).join('');
    const table = await open(`a${delimiter}b\n"1${delimiter}"${delimiter}2${other}\n`);
    expect(table).toMatchObject({ above: [], hasHeader: true });
    expect(await rowsOf(table)).toEqual([
      { line: 1, cells: ['a', 'b'] },
      { line: 2, cells: [`1${delimiter}`, `2${other}`] },
    ]);
  });

  it.each([
    ['sep=;', ';'],
    ['"sep=;"', ';'],
    ['SEP=;', ';'],
    ['sep=;;;', ';'],
    ['sep=^', '^'],
    ['sep=\t', '\t'],
  ])('is parted as a first line %j says, which is no row', async (line, delimiter) => {
    for (const end of ['\n', '\r\n', '\r']) {
      const table = await open([line, ['x', 'y,z,w'].join(delimiter), ''].join(end));
      expect(table).toMatchObject({ above: [], hasHeader: false });
      expect(await rowsOf(table)).toEqual([{ line: 2, cells: ['x', 'y,z,w'] }]);
    }
  });

  it('has a header that another delimiter makes than the line sep= names', async () => {
    expect(await rowsOf(await open('sep=;\na,b\n1,2\n'))).toEqual([
      { line: 2, cells: ['a', 'b'] },
      { line: 3, cells: ['1', '2'] },
    ]);
  });

  const named = (cells: readonly string[]) => cells.filter((cell) => /telefon|namn/i.test(cell)).length > 1;
  it.each([
    ['Telefon, arbete;Telefon, hem;Namn', '050 1;09 1;Aino', ';'],
    ['Telefon, arbete;Telefon, hem, privat;Namn', '050 1;09 1;Virtanen, Aino', ';'],
    ['Telefon,arbete;Telefon,hem,privat;Namn', '050 1;;', ';'],
    ['Telefon, arbete;Telefon, hem;Namn', '050 1;09 1;Virtanen, Aino, VD', ';'],
    ['Telefon, arbete\tTelefon, hem\tNamn', '050 1\t09 1\tAino', '\t'],
    ['Telefon; arbete\tTelefon; hem; privat\tNamn', '050 1\t09 1\tAino', '\t'],
    ['Telefon; arbete,Telefon; hem; privat,Namn', '050 1,09 1,Aino', ','],
    ['Telefon|arbete,Telefon|hem|privat,Namn', '050 1,09 1,Aino | VD', ','],
    ['"Telefon, arbete";"Telefon, hem";Namn', '"050 1";"09 1";"Aino"', ';'],
  ])('is parted as its rows are where its header has other delimiters, too: %j', async (header, row, by) => {
    for (const title of ['', by === ',' ? 'Namn; telefon\n' : 'Namn, telefon\n']) {
      const table = await open(`${title}${header}\n${`${row}\n`.repeat(3)}`, named);
      const [first, second] = await rowsOf(table);
      expect(first?.cells).toHaveLength(3);
      expect(second?.cells).toEqual(row.split(by).map((cell) => cell.replaceAll('"', '')));
    }
  });

  it('is parted as the header is where there is no row, and a blank follows the others', async () => {
    const [header] = await rowsOf(await open('Telefon, arbete;Telefon, hem;Namn\n', named));
    expect(header?.cells).toEqual(['Telefon, arbete', 'Telefon, hem', 'Namn']);
  });

  it.each([
    ['Virtanen, Aino;050 1\nMeikäläinen, Matti;050 2\n', ['Virtanen, Aino', '050 1']],
    ['Virtanen, Aino, VD;050 1\nMatti;050 2\n', ['Virtanen, Aino, VD', '050 1']],
    ['Aino,050 1,VIP;Board;Club\nMatti,050 2,VIP\n', ['Aino', '050 1', 'VIP;Board;Club']],
    ['Aino,050 1,VIP;Board\n', ['Aino', '050 1', 'VIP;Board']],
    ['Aino; VD\t050 1\n', ['Aino; VD', '050 1']],
    ['List, 2026\nAino;050 1\nMatti;050 2\n', ['List, 2026']],
  ])('without a header is parted as its rows are alike: %j', async (content, cells) => {
    const table = await open(content, () => false);
    expect((await rowsOf(table))[0]?.cells).toEqual(cells);
  });

  it('goes on behind a row that is too long, and not where a cell of it goes on in the next line', async () => {
    const long = 'x'.repeat(600_000);
    const limit = 'is longer than 512 KiB; shorten it';
    for (const end of ['\n', '\r\n', '\r']) {
      const lines = ['a,b', '1,2', `3,"${long}, ""x"" "`, '', '5,6', `7,${long}${long}`];
      expect(await rowsOf(await open(lines.join(end)))).toEqual([
        { line: 1, cells: ['a', 'b'] },
        { line: 2, cells: ['1', '2'] },
        { line: 3, cells: [], limit },
        { line: 5, cells: ['5', '6'] },
        { line: 6, cells: [], limit },
      ]);
    }
    for (const bad of [`3,"${long}\n${long}"\n`, `3,"x\n${`4,5,${long}\n`.repeat(3)}6,"y"\n`]) {
      await expect(rowsOf(await open(`a,b\n1,2\n${bad}7,8\n`))).rejects.toEqual(
        new TableError(
          3,
          'is longer than 524288 bytes; a double quote may be left open; what follows was not read',
        ),
      );
    }
  });

  it('has rows above its header, and each row on its line, also those that are not blank behind them', async () => {
    const table = await open('\nList, "new" one; 2026\n;;\n"two\r\nlines";x\na;b;\n\n;;\n1;2;\n');
    expect(table).toMatchObject({
      hasHeader: true,
      above: [
        { line: 2, cells: ['List, "new" one', '2026'] },
        { line: 4, cells: ['two\r\nlines', 'x'] },
      ],
    });
    expect(await rowsOf(table)).toEqual([
      { line: 6, cells: ['a', 'b', ''] },
      { line: 9, cells: ['1', '2', ''] },
    ]);
  });

  it('has the first header that is one', async () => {
    const table = await open('x;y\na;b\na;b\n');
    expect(table.above).toHaveLength(1);
    expect(await rowsOf(table)).toHaveLength(2);
  });

  it.each([
    ['fifty rows and blank ones', 50, true],
    ['more', 51, false],
  ])('has a header below %s: %d, %s', async (_, count, hasHeader) => {
    const table = await open(`${'title\n\n'.repeat(count)}a,b\n1,2\n`);
    expect(table).toMatchObject({ hasHeader });
    expect(table.above).toHaveLength(hasHeader ? count : 0);
    expect(await rowsOf(table)).toHaveLength(hasHeader ? 2 : count + 2);
  });

  it('has no header that is cut, and none where a title never ends', async () => {
    const long = `a,b,${'x'.repeat(70_000)}`;
    expect(await open(`${long}\n1,2\n`)).toMatchObject({ hasHeader: false });
    const open_quote = await open('"title\na,b\n1,2\n');
    expect(open_quote.hasHeader).toBe(false);
    await expect(rowsOf(open_quote)).rejects.toEqual(
      new TableError(1, 'has a double quote that is never closed; what follows was not read'),
    );
  });

  it('gives the rows before one that cannot be read, and says which that is', async () => {
    const table = await open('title\na,b\n1,2\n3,"4" x\n5,6\n');
    const read: TableRow[] = [];
    const failure = await (async () => {
      for await (const batch of table.rows) read.push(...batch);
    })().catch((error: unknown) => error);
    expect(read).toHaveLength(2);
    expect(failure).toMatchObject({ name: 'TableError', line: 4 });
  });

  it('may be empty', async () => {
    for (const content of ['', '\n \n;;\n', 'sep=;\n']) {
      const table = await open(content);
      expect(table).toMatchObject({ above: [], hasHeader: false });
      expect(await rowsOf(table)).toEqual([]);
    }
  });
});
