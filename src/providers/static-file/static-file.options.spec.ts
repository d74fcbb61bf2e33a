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
    './lists/vips.JSON',
    '/etc/vips.yaml',
    'C:\\vips.yml',
    'vips.xlsx',
    'people.vcf',
    'book.XML',
  ])('take %s', (file) => {
    expect(messagesFor(file)).toEqual([]);
  });

  it.each(['vips.xls', 'vips', 'csv', 'vips.csv.bak', ''])('refuse %j, and say what is allowed', (file) => {
    expect(messagesFor(file)).toEqual([
      'must end in .csv, .json, .yaml, .yml, .xlsx, .vcf or .xml; the ending says how the list is written',
    ]);
  });

  it.each([undefined, 1, ['vips.csv']])('refuse %j', (file) => {
    expect(messagesFor(file)).toContain('must be the path of a file');
  });
});
