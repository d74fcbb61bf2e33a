import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { temporaryFolder } from '../../test/support/temporary-folder.js';
import type { TemporaryFolder } from '../../test/support/temporary-folder.js';
import { readVipRecord, VipRecordError } from '../plugin-api/index.js';
import type { VipRecord } from '../plugin-api/index.js';
import { closeDataSource } from '../database/data-source.js';
import { exportRecords, importRecords, openDatabase } from '../providers/database/vip-caller.repository.js';
import { refuseUnstorable } from '../providers/database/vip-caller.repository.js';
import { readRecords } from '../providers/static-file/record-file.js';
import { CSV_HEADER, csvLine } from './csv.js';

let folder: TemporaryFolder;
let dataSource: DataSource;
beforeAll(async () => {
  folder = temporaryFolder();
  dataSource = await openDatabase(`sqlite:${folder.path('own.sqlite')}`);
});
afterAll(async () => {
  await closeDataSource(dataSource);
  await folder.remove();
});

async function imported(csv: string): Promise<VipRecord[]> {
  const { records, problems } = await readRecords(Buffer.from(csv), 'list.csv', { country: 'FI' });
  expect(problems).toEqual([]);
  return records.map(({ record }) => record);
}

/** Into the table, out of it as CSV, and read again. */
async function backAndForth(records: readonly VipRecord[]): Promise<VipRecord[]> {
  await importRecords(dataSource, records, 'replace');
  let csv = `${CSV_HEADER}\r\n`;
  for await (const record of exportRecords(dataSource)) csv += `${csvLine(record)}\r\n`;
  return imported(csv);
}

const accepted = (raw: Record<string, unknown>): VipRecord | undefined => {
  try {
    const record = readVipRecord(raw, { country: 'FI' });
    refuseUnstorable([record]);
    return record;
  } catch (error) {
    if (error instanceof VipRecordError) return undefined;
    throw error;
  }
};

const AWKWARD = [
  '"',
  "'",
  ',',
  ';',
  '\n',
  '\r',
  '\r\n',
  '\t',
  '\ufeff',
  '\u00a0',
  '=1+1',
  '@SUM(A1)',
  '-',
  '😀',
  '\\',
];
const text = (maxLength: number) =>
  fc
    .array(fc.oneof(fc.constantFrom(...AWKWARD), fc.string({ unit: 'grapheme', maxLength: 6 })), {
      maxLength: 8,
    })
    .map((parts) => parts.join('').slice(0, maxLength));
const instant = fc.oneof(
  fc.constantFrom(
    '0000-01-01',
    '0000-01-01T00:00:00Z',
    '0000-01-01T00:00:00+23:59',
    '1969-12-31T23:59:59.999Z',
    '2026-12-31',
    '2024-02-29',
    '9999-12-31',
    '9999-12-31T23:59:59.999Z',
    '9999-12-31T23:59:59.999-23:59',
  ),
  fc
    .date({
      min: new Date('0000-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    })
    .map((date) => date.toISOString()),
);
const object = fc.dictionary(
  fc.oneof(fc.constantFrom('number', 'tier', 'validUntil', '__proto__', 'a,b', 'InitialTarget'), text(20)),
  // JSON has one zero.
  fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown),
  { maxKeys: 4 },
);
const record = fc
  .record(
    {
      number: fc.oneof(
        fc.constantFrom(
          '+358501231234',
          '050 123 1234',
          '4711',
          '+3585*',
          '09 12*',
          'sip:aino@example.com',
          '+44 20 7946 0018',
        ),
        text(40),
      ),
      tier: text(64),
      name: text(200),
      targets: fc.array(text(64), { maxLength: 4 }),
      validFrom: instant,
      validUntil: instant,
      attributes: object,
      instructions: object,
    },
    { requiredKeys: ['number', 'tier'] },
  )
  .map(accepted)
  .filter((one) => one !== undefined);

describe('an export', () => {
  it('says of every record that was imported the same', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 30 }), async (records) => {
        expect(await backAndForth(records)).toEqual(records);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['validUntil', '9999-12-31'],
    ['validUntil', '9999-12-31T23:59:59.999-23:59'],
    ['validUntil', '0000-01-01T00:00:00Z'],
    ['validFrom', '0000-01-01'],
    ['validFrom', '0000-01-01T00:00:00+23:59'],
    ['validFrom', '9999-12-31T23:59:59.999Z'],
  ])('keeps %s %s, at the end of what can be written', async (field, written) => {
    const records = [accepted({ number: '+358501231234', tier: 'gold', [field]: written })!];
    expect(await backAndForth(records)).toEqual(records);
  });

  it('can be read though a record is as long as it may be', async () => {
    // Quotes are doubled, and a sign of three bytes is the longest of one character.
    const long = { a: '€'.repeat(16_376) };
    const targets = Array.from({ length: 1_000 }, (_, index) => `${'€'.repeat(90)}${index}`);
    const records = [
      accepted({ number: '+358501231234', tier: 'gold', targets, attributes: long, instructions: long })!,
      accepted({ number: '+358501231235', tier: 'gold', instructions: { a: '"'.repeat(8_188) } })!,
    ];
    expect(await backAndForth(records)).toEqual(records);
  });

  it('is spared targets that no row of it could hold: the import refuses them', () => {
    const targets = Array.from({ length: 1_000 }, (_, index) => `${'A'.repeat(100)}${index}`);
    const record = readVipRecord({ number: '+358501231234', tier: 'gold', targets });
    expect(() => refuseUnstorable([record])).toThrow('targets: has more than 100000 characters in all');
  });
});
