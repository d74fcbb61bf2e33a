import { describe, expect, it } from '@jest/globals';
import { customerDatabases, withCustomerTable } from '../../../test/support/customer-databases.js';
import { eventually, patient } from '../../../test/support/eventually.js';
import { Caller } from '../../plugin-api/index.js';
import type { DatabaseOptions } from './database.options.js';

const { postgres, onPostgres } = customerDatabases();
const ONE = '+358501231234';
const OPTIONS: DatabaseOptions = { table: 'customers', columns: { number: 'phone', tier: 'level' } };
const TABLE = 'CREATE TABLE customers (phone TEXT, level TEXT);';

describe("a customer's table in PostgreSQL", () => {
  it('is named in capital and small letters as it was made', async () => {
    const connection = await onPostgres(`
      CREATE SCHEMA "Crm";
      CREATE TABLE "Crm"."Contact" ("phoneNumber" TEXT, "vipLevel" TEXT);
      INSERT INTO "Crm"."Contact" VALUES ('${ONE}', 'gold')`);
    const columns = { number: 'phoneNumber', tier: 'vipLevel' };
    await withCustomerTable(connection, { table: 'Crm.Contact', columns }, async (ask) => {
      expect(await ask(ONE)).toMatchObject([{ tier: 'gold' }]);
    });
    const other = { table: 'Crm.Contact', columns: { ...columns, number: 'phonenumber' } };
    await withCustomerTable(connection, other, async (_, { provider }) => {
      await expect(provider.open()).rejects.toMatchObject({
        message:
          'table "Crm.Contact" has no column "phonenumber". Did you mean "phoneNumber"? Known: phoneNumber, vipLevel.',
      });
    });
  });

  it.each(['MATERIALIZED VIEW', 'VIEW'])('may be a %s', async (kind) => {
    const connection = await onPostgres(`
      CREATE TABLE people (phone TEXT, level TEXT); INSERT INTO people VALUES ('${ONE}', 'gold');
      CREATE ${kind} customers AS SELECT * FROM people`);
    await withCustomerTable(connection, OPTIONS, async (ask) => {
      expect(await ask(ONE)).toMatchObject([{ tier: 'gold' }]);
    });
  });

  it.each(['BIGINT', 'NUMERIC', 'INTEGER'])(
    'whose numbers are %s holds no other text, and still finds its own',
    async (type) => {
      const connection = await onPostgres(
        `CREATE TABLE customers (phone ${type}, level TEXT); INSERT INTO customers VALUES (501231234, 'gold')`,
      );
      const spellings = ['digits', 'significant', 'international', 'text', 'tel'] as const;
      await withCustomerTable(
        connection,
        { ...OPTIONS, spellings: [...spellings] },
        async (ask, { provider, logged }) => {
          expect(await ask(ONE)).toMatchObject([{ number: ONE }]);
          for (const text of ['sip:x@y', '4711', '9'.repeat(30), 'x', `' OR 1=1`, 'アイノ', '+35850999999'])
            expect(await ask(text)).toBeNull();
          expect(await provider.explain(Caller.read('sip:x@y'), patient())).toMatch(/^no row/);
          expect(logged).toEqual([]);
        },
      );
    },
  );

  it.each(['TEXT[]', 'JSONB', 'UUID', 'DATE'])('whose numbers are of type %s is refused', async (type) => {
    const connection = await onPostgres(`CREATE TABLE customers (phone ${type}, level TEXT)`);
    await withCustomerTable(connection, OPTIONS, async (ask) => {
      await expect(ask(ONE)).rejects.toMatchObject({
        message: `column "phone" of table "customers" is of type ${type.toLowerCase()}, in which no number can be searched for; name a column of text or numbers, or a view with one number in each row`,
      });
    });
  });

  it('may have dates, lists, JSON and other types', async () => {
    const connection = await onPostgres(`
      SET TIME ZONE 'Asia/Tokyo';
      CREATE TYPE mood AS ENUM ('gold');
      CREATE TABLE customers (phone TEXT, level mood, queues TEXT[], since TIMESTAMPTZ, until DATE, big BIGINT,
        price NUMERIC(6,2), born DATE, spent INTERVAL, more JSONB, routing JSONB, yes BOOLEAN);
      INSERT INTO customers VALUES ('${ONE}', 'gold', '{A,"B C"}', '2026-01-01 09:00+09', '2026-12-31', 9007199254740993,
        12.50, '1970-02-03', '1 day', '{"a":[1]}', '{"ExtraPriority":5}', true),
        ('+358501231235', 'gold', NULL, '-infinity', 'infinity', 1, 1, NULL, NULL, NULL, NULL, false);
      ALTER ROLE root SET datestyle = 'German'`);
    const columns = {
      ...OPTIONS.columns!,
      targets: 'queues',
      validFrom: 'since',
      validUntil: 'until',
      instructions: 'routing',
      attributes: { big: 'big', price: 'price', born: 'born', spent: 'spent', more: 'more', yes: 'yes' },
    };
    await withCustomerTable(connection, { ...OPTIONS, columns }, async (ask) => {
      expect(await ask(ONE)).toEqual([
        {
          number: ONE,
          tier: 'gold',
          targets: ['A', 'B C'],
          validFromMs: Date.UTC(2026, 0, 1),
          validUntilMs: Date.UTC(2027, 0, 1),
          attributes: {
            ...{ big: '9007199254740993', price: '12.50', born: '1970-02-03', spent: '1 day', yes: true },
            more: { a: [1] },
          },
          instructions: { ExtraPriority: 5 },
        },
      ]);
      expect(await ask('+358501231235')).toEqual([
        { number: '+358501231235', tier: 'gold', attributes: { big: '1', price: '1.00', yes: false } },
      ]);
    });
    await postgres.sql('ALTER ROLE root RESET datestyle');
  });

  it('says so when it may not be read, and where it is not', async () => {
    const connection = await onPostgres(
      `${TABLE} CREATE SCHEMA hidden; CREATE TABLE hidden.vips (phone TEXT)`,
    );
    const user = await postgres.createUser('INSERT', connection);
    const denied =
      /^table "(?:customers|hidden\.vips)" may not be read .* \(SQLSTATE 42501\); grant it SELECT$/;
    for (const table of ['customers', 'hidden.vips']) {
      await withCustomerTable(user, { ...OPTIONS, table }, async (ask) => {
        await expect(ask(ONE)).rejects.toMatchObject({ message: expect.stringMatching(denied) });
      });
    }
  });

  it('is never written to', async () => {
    const connection = await onPostgres(`${TABLE}
      CREATE FUNCTION spoil() RETURNS TEXT LANGUAGE sql AS $$ INSERT INTO customers VALUES ('x', 'y') RETURNING level $$;
      CREATE VIEW trap AS SELECT phone, spoil() AS level FROM (VALUES ('${ONE}')) AS v (phone)`);
    await withCustomerTable(connection, { ...OPTIONS, table: 'trap' }, async (ask) => {
      await expect(ask(ONE)).rejects.toMatchObject({ message: 'database failed (SQLSTATE 25006)' });
    });
    expect(await postgres.sql('SELECT FROM customers', connection)).toEqual([]);
  });

  it('is no longer asked when a lookup has been given up', async () => {
    const connection = await onPostgres(
      `CREATE VIEW customers AS SELECT CAST('${ONE}' AS TEXT) AS phone, 'gold' || pg_sleep(600) AS level`,
    );
    const asking = `SELECT FROM pg_stat_activity WHERE application_name = 'smartrouting-vip' AND state = 'active' AND datname = current_database()`;
    await withCustomerTable(connection, OPTIONS, async (_, { provider }) => {
      const given = new AbortController();
      const lookup = provider.lookup(Caller.read(ONE), given.signal);
      await eventually(async () => (await postgres.sql(asking, connection)).length === 1);
      given.abort(new Error('too late'));
      await expect(lookup).rejects.toThrow('too late');
      await eventually(async () => (await postgres.sql(asking, connection)).length === 0);
    });
  });
});
