import { describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync } from 'class-validator';
import type { ValidationError } from 'class-validator';
import { RECORD_FIELDS } from '../../plugin-api/index.js';
import { DatabaseColumns, DatabaseOptions } from './database.options.js';

function problems(options: object): string[] {
  const walk = (errors: readonly ValidationError[], path: string): string[] =>
    errors.flatMap((error) => [
      ...Object.values(error.constraints ?? {}).map((message) => `${path}${error.property}: ${message}`),
      ...walk(error.children ?? [], `${path}${error.property}.`),
    ]);
  const instance = plainToInstance(DatabaseOptions, options);
  return walk(validateSync(instance, { whitelist: true, forbidNonWhitelisted: true }), '');
}

const TABLE = { table: 'crm.customers', columns: { number: 'phone', tier: 'vip level' } };

describe('the options of a database lookup', () => {
  it('name a column for every field of a record', () => {
    const storage = getMetadataStorage();
    const named = storage.getTargetValidationMetadatas(DatabaseColumns, '', true, false);
    expect([...new Set(named.map(({ propertyName }) => propertyName))].sort()).toEqual(
      [...RECORD_FIELDS].sort(),
    );
  });

  it.each([
    [{}],
    [{ connection: 'mysql://u:p@h/d' }],
    [TABLE],
    [
      {
        table: 'Kunden',
        columns: { number: 'Telefonnummer_ü' },
        tier: 'gold',
        spellings: ['national', 'digits'],
      },
    ],
    [
      {
        ...TABLE,
        columns: { ...TABLE.columns, attributes: { company: 'company_name' }, validUntil: 'until' },
      },
    ],
  ])('may be %j', (options) => {
    expect(problems(options)).toEqual([]);
  });

  it.each([
    [{ connection: 'oracle://u:p@h/d' }, ['connection: is not a database URL.']],
    [{ connection: 'mysql://u:p@10.0.0.1/d?ssl=true' }, ['connection: has ssl=true and an IP address']],
    [{ ...TABLE, table: 'customers; DROP TABLE x' }, ['table: is not a table name.']],
    [{ ...TABLE, table: 'a.b.c' }, ['table: is not a table name.']],
    [
      { ...TABLE, columns: { ...TABLE.columns, number: 'phone"--' } },
      ['columns.number: is not a column name.'],
    ],
    [{ ...TABLE, columns: { tier: 'level' } }, ['columns.number: is not a column name.']],
    [
      { ...TABLE, columns: { ...TABLE.columns, attributes: { a: '`b`' } } },
      ['columns.attributes: must be a map'],
    ],
    [{ ...TABLE, columns: { ...TABLE.columns, attributes: ['b'] } }, ['columns.attributes: must be a map']],
    [{ table: 'customers' }, ['columns: is missing.', 'tier: is missing.']],
    [{ table: 'customers', columns: { number: 'phone' } }, ['tier: is missing.']],
    [{ ...TABLE, tier: 'gold' }, ['tier: is given together with columns.tier.']],
    [{ table: 'customers', columns: { number: 'phone' }, tier: ' ' }, ['tier: must be text']],
    [{ columns: { number: 'phone' } }, ['columns: describes a table of yours.']],
    [{ tier: 'gold' }, ['tier: describes a table of yours.']],
    [{ spellings: ['e164'] }, ['spellings: describes a table of yours.']],
    [{ ...TABLE, spellings: [] }, ['spellings: must be a list of the spellings']],
    [{ ...TABLE, spellings: ['french'] }, ['spellings: must be a list of the spellings']],
  ])('may not be %j', (options, expected) => {
    const found = problems(options);
    expect(found).toHaveLength(expected.length);
    expected.forEach((beginning, index) => expect(found[index]).toContain(beginning));
  });
});
