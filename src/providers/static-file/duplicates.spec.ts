import { describe, expect, it } from '@jest/globals';
import { readRecordFile, readRecords } from './record-file.js';

const HEADER = 'number,tier,targets,validFrom,validUntil\n';
const duplicatesOf = async (...rows: string[]) => {
  const content = Buffer.from(HEADER + rows.join('\n'));
  const list = await readRecords(content, 'list.csv', { country: 'FI' });
  expect(list.problems).toEqual([]);
  expect(list.records).toHaveLength(rows.length);
  return list.duplicates.map((sentence) => {
    const [, line, firstLine] =
      /^line (\d+) repeats line (\d+)(?:$| with another tier; that of line \2 is used$)/.exec(sentence)!;
    return { line: Number(line), firstLine: Number(firstLine) };
  });
};

describe('duplicates in a list', () => {
  it('say whether the tiers differ, which are compared without case, and which one is used', async () => {
    const text = `${HEADER}4711,Gold,,,\n4711,silver,,,\n4711,gold,,,`;
    expect((await readRecords(Buffer.from(text), 'list.csv', {})).duplicates).toEqual([
      'line 3 repeats line 2 with another tier; that of line 2 is used',
      'line 4 repeats line 2',
    ]);
  });

  it('are the same number in any spelling', async () => {
    expect(
      await duplicatesOf(
        '+358501231234,gold,,,',
        '4711,gold,,,',
        '050-123 1234,silver,,,',
        '00358501231234,gold,,,',
      ),
    ).toEqual([
      { line: 4, firstLine: 2 },
      { line: 5, firstLine: 2 },
    ]);
  });

  it('are the same range', async () => {
    expect(await duplicatesOf('+3589123*,gold,,,', '09123*,gold,,,', '+35891234*,gold,,,')).toEqual([
      { line: 3, firstLine: 2 },
    ]);
  });

  it('are for the same targets, in any order', async () => {
    expect(
      await duplicatesOf(
        '4711,gold,A;B,,',
        '4711,gold,B;A,,',
        '4711,gold,A,,',
        '4711,gold,,,',
        '4711,gold,B,,',
      ),
    ).toEqual([{ line: 3, firstLine: 2 }]);
  });

  it('are covered by the earlier one', async () => {
    expect(
      await duplicatesOf(
        '4711,gold,,2026-01-01,2026-06-30',
        '4711,gold,,2026-07-01,',
        '4711,gold,,,2025-12-31',
        '4711,gold,,2026-06-30,2026-06-30',
        '4711,silver,,2026-06-30,2026-07-31',
        '4711,silver,,,',
      ),
    ).toEqual([{ line: 5, firstLine: 2 }]);
  });

  it('are found behind a shorter entry', async () => {
    expect(
      await duplicatesOf(
        '4711,gold,,2027-01-01,2027-12-31',
        '4711,gold,,2026-02-01,2026-02-28',
        '4711,gold,,2026-01-01,2027-06-30',
        '4711,gold,,2027-02-01,2027-12-31',
        '4711,gold,,2026-01-01,2026-02-28',
      ),
    ).toEqual([
      { line: 5, firstLine: 2 },
      { line: 6, firstLine: 4 },
    ]);
  });

  it('are told in sentences', async () => {
    expect(
      (await readRecordFile('test/fixtures/lists/duplicates.csv', { country: 'FI' })).duplicates,
    ).toEqual(['line 4 repeats line 2 with another tier; that of line 2 is used']);
  });

  it('are counted, and the first hundred by line listed, when a list repeats itself', async () => {
    const numbers = Array.from({ length: 600 }, (_, at) => `${10_000 + ((at * 7) % 600)},gold,,,`);
    const content = Buffer.from(HEADER + [...numbers, ...numbers].join('\n'));
    const { duplicates } = await readRecords(content, 'list.csv', { country: 'FI' });
    const listed = Array.from({ length: 100 }, (_, at) => `line ${602 + at} repeats line ${2 + at}`);
    expect(duplicates).toEqual([...listed, 'and 500 more']);
  });

  it('are found among very many entries of one number', async () => {
    const rows = Array.from({ length: 2_000 }, (_, at) => `4711,gold,T${at},,`);
    expect(await duplicatesOf(...rows)).toEqual([]);
    expect(await duplicatesOf(...rows, '4711,gold,T77,,')).toEqual([{ line: 2_002, firstLine: 79 }]);
  });

  it('are found among very many entries of one number for different days, in whatever order', async () => {
    const dayAt = (at: number) =>
      new Date(Date.UTC(2026, 0, 1 + ((at * 7) % 5_000))).toISOString().slice(0, 10);
    const rows = Array.from({ length: 5_000 }, (_, at) => `4711,gold,,${dayAt(at)},${dayAt(at)}`);
    expect(await duplicatesOf(...rows)).toEqual([]);
    expect(await duplicatesOf(...rows, rows[3_000]!, rows[1_234]!)).toEqual([
      { line: 5_002, firstLine: 3_002 },
      { line: 5_003, firstLine: 1_236 },
    ]);
  });
});
