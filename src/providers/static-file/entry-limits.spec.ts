import { describe, expect, it } from '@jest/globals';
import { textRow, workbook } from '../../../test/support/workbook.js';
import { readRecords } from './record-file.js';
import type { ReadOptions } from './record-file.js';

const read = (content: string | Buffer, name = 'list.csv', options: ReadOptions = {}) =>
  readRecords(Buffer.from(content), name, { country: 'FI', ...options });
const recordsOf = async (content: string) => {
  const list = await read(content);
  expect(list.problems).toEqual([]);
  return list.records;
};
const problemsOf = async (content: string) => (await read(content)).problems;
const LONG = 'x'.repeat(600_000);
const TOO_LONG = 'is longer than 512 KiB; shorten it';

describe('a table', () => {
  it('may have a thousand named columns; of more, the last are not read, and that is told', async () => {
    const header = (count: number) => [
      'number',
      'tier',
      ...Array.from({ length: count - 2 }, (_, at) => `c${at}`),
    ];
    expect(await recordsOf(`${header(1_000).join()}\n4711,gold,x\n`)).toHaveLength(1);
    const names = [...header(16_000).slice(1), 'number'];
    const list = await read(`${names.join()}\ngold${',x'.repeat(15_998)},4711\n`);
    expect(list.problems).toEqual([]);
    expect(list.leftOut).toEqual([
      'line 1: the header has more than 1000 named columns; leave out those that no route or template needs; the last ones are not read',
    ]);
    const { number, attributes } = list.records[0]!.record;
    expect([number, Object.keys(attributes!).length]).toEqual(['4711', 999]);
  });

  it('may have a row that is too long, which is left out, also among notes below it', async () => {
    const list = await read(
      `number,tier,name\n4711,gold,\n4712,gold,"${LONG}"\nnote: x,,\n4713,gold,${LONG}\n`,
    );
    expect(list.records.map(({ line }) => line)).toEqual([2]);
    expect(list.leftOut).toEqual([3, 5].map((line) => `line ${line}: ${TOO_LONG}`));
    expect(list.problems).toEqual([expect.stringContaining('line 4, tier: is missing')]);
    expect(await problemsOf(`${LONG}\n`)).toEqual([`line 1: ${TOO_LONG}`]);
  });

  it('may have a row that is too long where it is one of contacts, and a workbook', async () => {
    const contacts = { columns: 'auto', tier: 'gold' } as const;
    const rows = [
      ['Name', 'Mobile'],
      [LONG, '0501234501'],
      ['Aino', '0501234502'],
    ];
    const sheet = rows.map((cells, at) => textRow(at + 1, ...cells)).join('');
    const files = [
      [rows.map((cells) => cells.join(';')).join('\n'), 'list.csv'],
      [workbook({ sheets: [{ rows: sheet }] }), 'list.xlsx'],
    ] as const;
    for (const [content, name] of files) {
      const list = await read(content, name, { contacts });
      expect(list.records.map(({ record }) => record.number)).toEqual(['+358501234502']);
      expect([list.problems, list.leftOut]).toEqual([[], [`line 2: ${TOO_LONG}`]]);
    }
    expect((await read(`${LONG};Mobile\nAino;0501234501\n`, 'list.csv', { contacts })).problems).toEqual([
      `line 1: ${TOO_LONG}`,
    ]);
  });
});
