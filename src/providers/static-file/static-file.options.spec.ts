import { describe, expect, it } from '@jest/globals';
import { validateSync } from 'class-validator';
import { StaticFileOptions } from './static-file.options.js';

describe('the options of a VIP list in a file', () => {
  const messagesFor = (file: unknown) =>
    validateSync(Object.assign(new StaticFileOptions(), { file })).flatMap(({ constraints }) =>
      Object.values(constraints ?? {}),
    );

  it.each(['vips.csv', './lists/vips.JSON', '/etc/vips.yaml', 'C:\\vips.yml'])('take %s', (file) => {
    expect(messagesFor(file)).toEqual([]);
  });

  it.each(['vips.xlsx', 'vips', 'csv', 'vips.csv.bak', ''])('refuse %j, and say what is allowed', (file) => {
    expect(messagesFor(file)).toEqual([
      'must end in .csv, .json, .yaml or .yml; the ending says how the list is written',
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
});
