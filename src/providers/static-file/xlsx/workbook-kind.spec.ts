import { describe, expect, it } from '@jest/globals';
import { textRow, workbook } from '../../../../test/support/workbook.js';
import { readRecords } from '../record-file.js';

const WORKBOOK = workbook({
  sheets: [{ rows: textRow(1, 'number', 'tier') + textRow(2, '0501234501', 'gold') }],
});
const OLD_WORKBOOK = Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(512)]);

describe('a workbook by another name', () => {
  it.each(['list.csv', 'list.tsv', 'list.txt', 'list.json', 'list.yaml', 'list.vcf', 'list.xml'])(
    'is told in %s, and how to name it',
    async (name) => {
      for (const contacts of [undefined, { columns: 'auto', tier: 'gold' } as const]) {
        const options = { country: 'FI', contacts, guessesEncoding: true };
        expect(await readRecords(WORKBOOK, name, options)).toMatchObject({
          records: [],
          problems: [
            'line 1: the file is an Excel workbook or another ZIP archive, not text; its name must end in .xlsx, and a workbook of another kind (.ods) must be saved as .xlsx',
          ],
        });
        expect((await readRecords(OLD_WORKBOOK, name, options)).problems).toEqual([
          'line 1: the file is an Excel workbook of another kind (.xls, or with a password); save it as .xlsx without one',
        ]);
      }
    },
  );

  it('is not what a text is that begins as one', async () => {
    const { records, problems } = await readRecords(
      Buffer.from('PK,number,tier\n1,0501234501,gold\n'),
      'list.csv',
    );
    expect([records.length, problems]).toEqual([1, []]);
  });
});
