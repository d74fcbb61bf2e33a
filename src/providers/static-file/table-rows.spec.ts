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
