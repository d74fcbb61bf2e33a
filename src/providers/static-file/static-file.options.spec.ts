import { describe, expect, it } from '@jest/globals';
import { validateSync } from 'class-validator';
import { StaticFileOptions } from './static-file.options.js';

describe('the options of a VIP list in a file', () => {
  const messagesFor = (file: unknown) =>
    validateSync(Object.assign(new StaticFileOptions(), { file })).flatMap(({ constraints }) =>
      Object.values(constraints ?? {}),
    );

  it.each([
    'vips.csv',
    'export.txt',
    'VIPS.TSV',
    './lists/vips.JSON',
    '/etc/vips.yaml',
    'C:\\vips.yml',
    'v.xlsx',
    'v.VCF',
    'v.xml',
  ])('take %s', (file) => {
    expect(messagesFor(file)).toEqual([]);
  });

  it.each(['vips.xls', 'vips', 'csv', 'vips.csv.bak', ''])('refuse %j, and say what is allowed', (file) => {
    expect(messagesFor(file)).toEqual([
      'must end in .csv, .tsv, .txt, .json, .yaml, .yml, .xlsx, .xlsm, .vcf or .xml; the ending says how the list is written; save other spreadsheets, such as .xls, .ods or .numbers, as .xlsx',
    ]);
  });

  it.each([undefined, 1, ['vips.csv']])('refuse %j', (file) => {
    expect(messagesFor(file)).toContain('must be the path of a file');
  });

  it.each([-0.1, 1.1, '70%', NaN])('refuse minShare: %j, once', (minShare) => {
    const options = Object.assign(new StaticFileOptions(), { file: 'vips.csv', minShare });
    const messages = validateSync(options).flatMap(({ constraints }) => Object.values(constraints ?? {}));
    expect(new Set(messages)).toEqual(
      new Set(['must be a number from 0 to 1, for example 0.5 for half of the entries. Default: 0.7']),
    );
  });

  const messagesForEncoding = (encoding: unknown) =>
    validateSync(Object.assign(new StaticFileOptions(), { file: 'vips.csv', encoding })).flatMap(
      ({ constraints }) => Object.values(constraints ?? {}),
    );

  it.each([undefined, null, 'windows-1252', 'CP1252', 'ISO-8859-15', 'utf-16le', 'Shift_JIS', 'macintosh'])(
    'take the encoding %j',
    (encoding) => {
      expect(messagesForEncoding(encoding)).toEqual([]);
    },
  );

  it.each([
    ['window-1252', 'Did you mean windows-1252?'],
    ['windows1253x', 'For example: windows-1252, windows-1250,'],
    ['constructor', 'For example:'],
    ['', 'For example:'],
    [1252, 'For example:'],
  ])('refuse the encoding %j, and name some', (encoding, message) => {
    expect(messagesForEncoding(encoding)).toEqual([
      expect.stringMatching(/^is not an encoding that can be read\. .*windows-1252, /),
    ]);
    expect(messagesForEncoding(encoding)[0]).toContain(message);
  });
});
