import { describe, expect, it } from '@jest/globals';
import { textRow, workbook } from '../../../test/support/workbook.js';
import { recordTexts } from '../../plugin-api/index.js';
import { readRecords } from './record-file.js';

const HELSINKI = { country: 'FI', timezone: 'Europe/Helsinki' };
const LAST_DAY_ENDS = Date.UTC(2026, 11, 31, 22);

/** A list with one entry that ends then, as each kind of file has it. */
const FILES: Record<string, (until: string) => string | Buffer> = {
  'list.csv': (until) => `number;tier;validUntil\n0501234501;gold;${until}\n`,
  'list.tsv': (until) => `number\ttier\tvalidUntil\n0501234501\tgold\t${until}\n`,
  'list.json': (until) => JSON.stringify([{ number: '0501234501', tier: 'gold', validUntil: until }]),
  'list.yaml': (until) => `- number: 0501234501\n  tier: gold\n  validUntil: ${until}\n`,
  'texts.xlsx': (until) =>
    workbook({
      sheets: [
        { rows: textRow(1, 'number', 'tier', 'validUntil') + textRow(2, '0501234501', 'gold', until) },
      ],
    }),
  'dates.xlsx': (until) =>
    workbook({
      sheets: [
        {
          rows: `${textRow(1, 'number', 'tier', 'validUntil')}${textRow(2, '0501234501', 'gold').replace('</row>', `<c r="C2" t="d"><v>${until}</v></c></row>`)}`,
        },
      ],
    }),
};

describe('an entry that ends at midnight', () => {
  it.each(
    Object.keys(FILES).flatMap((name) => [
      [name, '2026-12-31T00:00:00'],
      [name, '2026-12-31 00:00:00.000'],
      [name, '31.12.2026 0:00:00'],
    ]),
  )('has its last day in %s with %s, and keeps it when it is written and read', async (name, until) => {
    const { records, problems } = await readRecords(Buffer.from(FILES[name]!(until)), name, HELSINKI);
    expect(problems).toEqual([]);
    const [{ record }] = records as [(typeof records)[0]];
    expect(record.validUntilMs).toBe(LAST_DAY_ENDS);
    expect(recordTexts(record, HELSINKI)).toContain('2026-12-31');
  });

  it.each(Object.keys(FILES))('ends then in %s if it says the offset', async (name) => {
    const file = FILES[name]!('2026-12-31T00:00:00+02:00');
    const { records } = await readRecords(Buffer.from(file), name, HELSINKI);
    expect(records[0]!.record.validUntilMs).toBe(Date.UTC(2026, 11, 30, 22));
  });

  it('has its last day in an export of contacts as well', async () => {
    const file = 'Name;Mobile Phone;validUntil\nAino;0501234501;31.12.2026 0:00:00\n';
    const options = { ...HELSINKI, contacts: { columns: 'auto', tier: 'gold' } } as const;
    const { records } = await readRecords(Buffer.from(file), 'list.csv', options);
    expect(records[0]!.record.validUntilMs).toBe(LAST_DAY_ENDS);
  });

  it.each(['NULL', '-', '0000-00-00', '\\N', 'n/a'])('has no end where %s says so', async (until) => {
    for (const [name, file] of Object.entries(FILES)) {
      const written = file(name === 'list.yaml' ? `'${until}'` : until);
      const { records, problems, leftOut } = await readRecords(Buffer.from(written), name, HELSINKI);
      expect([name, problems, leftOut]).toEqual([name, [], []]);
      expect(records[0]!.record).toEqual({ number: '+358501234501', tier: 'gold' });
    }
  });
});
