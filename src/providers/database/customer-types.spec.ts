import { describe, expect, it } from '@jest/globals';
import { customerDatabases, withCustomerTable } from '../../../test/support/customer-databases.js';
import { patient } from '../../../test/support/eventually.js';
import { Caller } from '../../plugin-api/index.js';
import type { VipRecord } from '../../plugin-api/index.js';
import type { DatabaseOptions } from './database.options.js';

const { inSqlite, onMariaDb } = customerDatabases();
const FLAGGED: DatabaseOptions = { table: 'customers', columns: { number: 'phone', tier: 'flag' } };
const ONE = '+358501231234';
const ZERO = '+358501231235';
const DATABASES = [
  ['SQLite', inSqlite],
  ['MariaDB', onMariaDb],
] as const;

describe.each(DATABASES)('in %s, a flag', (kind, database) => {
  const types: [type: string, yes: string, no: string, tier: string][] = [
    ['BOOLEAN', 'TRUE', 'FALSE', '1'],
    ['TINYINT(1)', '1', '0', '1'],
    ['INT', '1', '0', '1'],
    ['BIGINT', '7', '0', '7'],
    ['DECIMAL(3,0)', '1', '0', '1'],
    ['DECIMAL(3,2)', '2.25', '0', '2.25'],
    ['DOUBLE', '1', '0', '1'],
    ['VARCHAR(5)', `'true'`, `'False'`, 'true'],
    ['CHAR(9)', `'gold'`, `'0'`, 'gold'],
    ['BLOB', `'gold'`, `'0'`, 'gold'],
    ...(kind === 'SQLite'
      ? ([
          ['', '1', '0', '1'],
          ['', `'gold'`, `x'30'`, 'gold'],
        ] as never[])
      : ([
          ['BIT(1)', `b'1'`, `b'0'`, '1'],
          ['BIT(8)', `b'10000001'`, `b'0'`, '129'],
        ] as never[])),
  ];
  it.each(types)(
    'of type %s is a tier when set (%s), and no VIP when not (%s)',
    async (type, yes, no, tier) => {
      const colleagues = Array.from({ length: 600 }, () => `('${ONE}', ${no})`).join(', ');
      const connection = await database(`
      CREATE TABLE customers (phone VARCHAR(40), flag ${type});
      INSERT INTO customers VALUES ${colleagues}, ('${ONE}', ${yes}), ('${ZERO}', ${no});`);
      await withCustomerTable(connection, FLAGGED, async (ask, { provider, logged }) => {
        expect(await ask(ONE)).toEqual([{ number: ONE, tier }]);
        expect(await ask(ZERO)).toBeNull();
        expect(await provider.explain(Caller.read(ZERO), patient())).toBe(
          '1 row with this number, without a tier',
        );
        expect((await provider.countEntries(patient())).entries).toBe(1);
        expect(logged.filter(({ level }) => level === 'warn')).toEqual([]);
      });
    },
  );

  it('may be an attribute, as a number', async () => {
    const bit = kind === 'SQLite' ? 'BOOLEAN' : 'BIT(1)';
    const connection = await database(`
      CREATE TABLE customers (phone VARCHAR(40), flag ${bit}, plain ${bit});
      INSERT INTO customers VALUES ('${ONE}', 1, 0);`);
    const columns = { number: 'phone', attributes: { flag: 'flag', plain: 'plain' } };
    await withCustomerTable(connection, { table: 'customers', columns, tier: 'gold' }, async (ask) => {
      const answer = (await ask(ONE)) as readonly VipRecord[];
      expect(JSON.stringify(answer[0]!.attributes).replaceAll(/"(\d)"/g, '$1')).toBe('{"flag":1,"plain":0}');
    });
  });
});

/** Of the same number, how a column may hold it, in the spellings `digits` and `significant`. */
describe.each(DATABASES)('in %s, a number', (kind, database) => {
  const digits = ['BIGINT', 'DECIMAL(15,0)', 'DECIMAL(17,2)', 'DOUBLE', 'VARCHAR(20)', 'BLOB'];
  it.each(kind === 'SQLite' ? [...digits, 'REAL', 'NUMERIC', '', 'ANY'] : [...digits, 'VARBINARY(20)'])(
    'is found in a column of type %s',
    async (type) => {
      const connection = await database(`
        CREATE TABLE customers (phone ${type}, flag VARCHAR(9));
        CREATE INDEX ix ON customers (phone${type === 'BLOB' && kind !== 'SQLite' ? '(20)' : ''});
        INSERT INTO customers VALUES (358501231234, 'gold'), (501231235, 'silver'), ('0501231236', 'null');`);
      const spellings = ['digits', 'significant'] as const;
      await withCustomerTable(
        connection,
        { ...FLAGGED, spellings: [...spellings] },
        async (ask, { provider }) => {
          expect(await ask('+358501231234')).toEqual([{ number: '+358501231234', tier: 'gold' }]);
          expect(await ask('+358501231235')).toEqual([{ number: '+358501231235', tier: 'silver' }]);
          expect(await ask('+358501231236')).toBeNull();
          expect(await ask('sip:x')).toBeNull();
          const { kinds } = await provider.countEntries(patient());
          expect([...kinds].flatMap(({ numberProblem }) => numberProblem ?? [])).toEqual([]);
        },
      );
    },
  );

  it.each([
    ['coalesce', 'COALESCE(mobile, phone)'],
    ['an expression', kind === 'SQLite' ? `mobile + 0` : 'CAST(mobile AS SIGNED)'],
    ['a case', 'CASE WHEN mobile IS NULL THEN phone ELSE mobile END'],
  ])('is found behind a view with %s', async (_, expression) => {
    const connection = await database(`
      CREATE TABLE people (mobile BIGINT, phone VARCHAR(20), flag INT);
      INSERT INTO people VALUES (358501231234, NULL, 1), (358501231235, '', 0);
      CREATE VIEW customers AS SELECT ${expression} AS phone, COALESCE(flag, 0) AS flag FROM people`);
    await withCustomerTable(connection, { ...FLAGGED, spellings: ['digits'] }, async (ask) => {
      expect(await ask('+358501231234')).toEqual([{ number: '+358501231234', tier: '1' }]);
      expect(await ask('+358501231235')).toBeNull();
    });
  });

  it.each(['VIRTUAL', 'STORED'])('and a tier may be generated columns (%s)', async (kept) => {
    const connection = await database(`
      CREATE TABLE customers (
        written VARCHAR(40), level INT,
        phone VARCHAR(40) GENERATED ALWAYS AS (REPLACE(REPLACE(written, ' ', ''), '-', '')) ${kept},
        flag VARCHAR(9) GENERATED ALWAYS AS (CASE level WHEN 1 THEN 'gold' END) ${kept});
      INSERT INTO customers (written, level) VALUES ('+358 50-123 1234', 1), ('+358 50-123 1235', 2);`);
    await withCustomerTable(connection, FLAGGED, async (ask, { provider }) => {
      expect(await ask(ONE)).toEqual([{ number: ONE, tier: 'gold' }]);
      expect(await ask(ZERO)).toBeNull();
      expect(await provider.check(patient())).toEqual({ status: 'up' });
    });
  });
});
