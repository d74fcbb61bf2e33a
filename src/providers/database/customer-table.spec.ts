import { describe, expect, it } from '@jest/globals';
import Libsql from 'libsql';
import {
  customerDatabases,
  withCustomerTable as withProvider,
} from '../../../test/support/customer-databases.js';
import { patient } from '../../../test/support/eventually.js';
import { startMariaDb } from '../../../test/support/mariadb.js';
import { HOSTILE_TEXTS } from '../../plugin-api/testing/index.js';
import type { DatabaseOptions } from './database.options.js';

const { server, inSqlite, onMariaDb } = customerDatabases();

const OPTIONS: DatabaseOptions = {
  table: 'customers',
  columns: { number: 'phone', tier: 'level' },
  spellings: ['national', 'text'],
};

describe.each([
  ['SQLite', inSqlite],
  ['MariaDB', onMariaDb],
])("a customer's table in %s", (kind, database) => {
  it.each<[string, (index: number) => string]>([
    ['NULL', () => 'NULL'],
    ['blank', (index) => `'${' '.repeat(index % 3)}'`],
  ])('does not hide a VIP behind very many rows of the same number whose tier is %s', async (_, level) => {
    const colleagues = Array.from({ length: 600 }, (_, index) => `('0501231234', ${level(index)})`).join(
      ', ',
    );
    const connection = await database(`
      CREATE TABLE customers (phone VARCHAR(40), level VARCHAR(9));
      INSERT INTO customers VALUES ${colleagues}, ('0501231234', 'gold'), ('0501231235', NULL);`);
    await withProvider(connection, OPTIONS, async (ask, { logged }) => {
      expect(await ask('+358501231234')).toMatchObject([{ tier: 'gold' }]);
      expect(await ask('+358501231235')).toBeNull();
      expect(logged.filter(({ level }) => level === 'warn')).toEqual([]);
    });
  });

  it('gives records by its own column names', async () => {
    const connection = await database(`
      CREATE TABLE ${kind === 'SQLite' ? '"VIP list"' : '`VIP list`'} (
        phone VARCHAR(40), class INT, full_name VARCHAR(80), queues TEXT, since DATETIME, until DATE,
        company_name VARCHAR(80), seats INT, blocked VARCHAR(9), routing TEXT);
      INSERT INTO ${kind === 'SQLite' ? '"VIP list"' : '`VIP list`'} VALUES
        ('050 1231234', 1, 'Aino Aalto', 'SALES; SUPPORT', '2026-01-01 08:00:00', '2026-12-31',
         'Aalto & Söhne', 12, NULL, '{"ExtraPriority": 50}');`);
    const options: DatabaseOptions = {
      table: 'VIP list',
      columns: {
        number: 'PHONE',
        tier: 'class',
        name: 'full_name',
        targets: 'queues',
        validFrom: 'since',
        validUntil: 'until',
        attributes: { company: 'company_name', seats: 'seats', blocked: 'blocked' },
        instructions: 'routing',
      },
      spellings: ['national', 'local'],
    };
    await withProvider(connection, options, async (ask, { provider }) => {
      expect(await ask('+358501231234')).toEqual([
        {
          number: '+358501231234',
          tier: '1',
          name: 'Aino Aalto',
          targets: ['SALES', 'SUPPORT'],
          validFromMs: Date.UTC(2026, 0, 1, 8),
          validUntilMs: Date.UTC(2027, 0, 1),
          attributes: { company: 'Aalto & Söhne', seats: 12 },
          instructions: { ExtraPriority: 50 },
        },
      ]);
      expect(await provider.check(patient())).toEqual({ status: 'up' });
    });
  });

  it('may give everybody in it one tier, and be keyed by numbers without a plus sign', async () => {
    const connection = await database(
      `CREATE TABLE vip (phone BIGINT); INSERT INTO vip VALUES (358501231234), (0)`,
    );
    const options: DatabaseOptions = {
      table: 'vip',
      columns: { number: 'phone' },
      tier: 'gold',
      spellings: ['digits', 'text'],
    };
    await withProvider(connection, options, async (ask) => {
      expect(await ask('050 123 1234')).toEqual([{ number: '+358501231234', tier: 'gold' }]);
      expect(await ask('+358501231235')).toBeNull();
      // Text that a database compares with numbers as if it were 0.
      for (const text of ['sip:x', `' OR 1=1 --`, '0 OR 1=1']) expect(await ask(text)).toBeNull();
    });
  });

  it('does not take a foreign caller for the holder of the same national number', async () => {
    const connection = await database(
      `CREATE TABLE customers (phone VARCHAR(40), level VARCHAR(9)); INSERT INTO customers VALUES ('081234567', 'gold')`,
    );
    await withProvider(connection, OPTIONS, async (ask) => {
      expect(await ask('+35881234567')).toMatchObject([{ number: '+35881234567' }]);
      expect(await ask('081234567')).toMatchObject([{ number: '+35881234567' }]);
      expect(await ask('+4681234567')).toBeNull();
    });
  });

  it('counts a row without a tier as no VIP', async () => {
    const connection = await database(`
      CREATE TABLE customers (phone VARCHAR(40), level VARCHAR(9));
      INSERT INTO customers VALUES ('0501231234', NULL), ('0501231235', ''), ('0501231236', NULL), ('0501231236', 'gold')`);
    await withProvider(connection, OPTIONS, async (ask, { logged }) => {
      expect(await ask('+358501231234')).toBeNull();
      expect(await ask('+358501231235')).toBeNull();
      expect(await ask('+358501231236')).toMatchObject([{ tier: 'gold' }]);
      expect(logged).toEqual([]);
    });
  });

  it('fails for a caller whose only row cannot be read', async () => {
    const connection = await database(`
      CREATE TABLE customers (phone VARCHAR(40), level VARCHAR(99));
      INSERT INTO customers VALUES ('0501231234', '${'x'.repeat(65)}')`);
    await withProvider(connection, OPTIONS, async (ask, { logged }) => {
      await expect(ask('+358501231234')).rejects.toMatchObject({
        name: 'VipEntryError',
        message: 'a row of table "customers" cannot be read: tier: is longer than 64 characters',
      });
      expect(logged).toMatchObject([{ level: 'warn', fields: { table: 'customers' } }]);
    });
  });

  it('takes hostile text as text, even where the table holds it', async () => {
    const connection = await database(`
      CREATE TABLE customers (phone VARCHAR(80), level VARCHAR(9));
      INSERT INTO customers VALUES (''' OR ''1''=''1', 'gold'), ('0501231234', 'gold')`);
    await withProvider(connection, OPTIONS, async (ask) => {
      expect(await ask(`' OR '1'='1`)).toMatchObject([{ number: `' OR '1'='1` }]);
      for (const text of [`\\' OR 1=1 -- `, `' or '1'='1`, `' OR '1'='1' --`, ...HOSTILE_TEXTS.slice(1)]) {
        expect(await ask(text)).toBeNull();
      }
      expect(await ask('+358501231234')).toMatchObject([{ tier: 'gold' }]);
    });
  });

  it.each<[string, DatabaseOptions, RegExp]>([
    [
      'table',
      { ...OPTIONS, table: 'custommers' },
      /^there is no table "custommers".* Did you mean "customers"\? Known: customers, other\.$/,
    ],
    [
      'column',
      { ...OPTIONS, columns: { number: 'phones', tier: 'lvl' } },
      /^table "customers" has no column "phones", no column "lvl"\. Did you mean "phone"\? Known: phone, level\.$/,
    ],
  ])('names a %s that is not there, and what is', async (_, options, message) => {
    const connection = await database(
      `CREATE TABLE customers (phone VARCHAR(40), level VARCHAR(9)); CREATE TABLE other (id INT)`,
    );
    await withProvider(connection, options, async (ask, { provider }) => {
      const error = {
        name: expect.stringMatching(/^Vip(Lookup|File)Error$/),
        message: expect.stringMatching(message),
      };
      await expect(provider.open()).rejects.toMatchObject(error);
      await expect(ask('+358501231234')).rejects.toMatchObject(error);
      await expect(provider.check(patient())).rejects.toMatchObject(error);
    });
  });

  it('may be a view, named with its schema, and is never written to', async () => {
    const connection = await database(`
      CREATE TABLE people (phone VARCHAR(40), level VARCHAR(9));
      INSERT INTO people VALUES ('0501231234', 'gold');
      CREATE VIEW customers AS SELECT phone, level FROM people WHERE level = 'gold'`);
    const schema = kind === 'SQLite' ? 'main' : new URL(connection).pathname.slice(1);
    await withProvider(connection, { ...OPTIONS, table: `${schema}.customers` }, async (ask) => {
      expect(await ask('+358501231234')).toMatchObject([{ tier: 'gold' }]);
    });
    if (kind === 'MariaDB') {
      expect(await server.sql('SHOW TABLES', connection)).toHaveLength(2);
    } else {
      const file = new Libsql(connection.slice('sqlite:'.length));
      expect(file.prepare('SELECT name FROM sqlite_master').all()).toHaveLength(2);
      expect(file.pragma('journal_mode')).toEqual([{ journal_mode: 'delete' }]);
      file.close();
    }
  });
});

describe("a customer's table on a server", () => {
  it('may be in an old character set, which holds no other text', async () => {
    const connection = await onMariaDb(`
      CREATE TABLE customers (phone VARCHAR(40), level VARCHAR(9)) CHARACTER SET latin1;
      INSERT INTO customers VALUES ('0501231234', 'gold'), ('sip:jörg@example', 'silver')`);
    await withProvider(connection, OPTIONS, async (ask) => {
      expect(await ask('+358501231234')).toMatchObject([{ tier: 'gold' }]);
      expect(await ask('sip:jörg@example')).toMatchObject([{ tier: 'silver' }]);
      expect(await ask('sip:jorg@example')).toBeNull();
      expect(await ask('sip:アイノ@example')).toBeNull();
      expect(await ask('\u{1f451}')).toBeNull();
    });
  });

  it('is read safely where backslashes are no escapes, and times are not UTC', async () => {
    const strange = await startMariaDb();
    const columns = { ...OPTIONS.columns!, validUntil: 'until', validFrom: 'since' };
    try {
      await strange.sql(`
        CREATE TABLE customers (phone VARCHAR(80), level VARCHAR(9), until TIMESTAMP NULL, since DATE NOT NULL);
        SET sql_mode = '', time_zone = '+00:00';
        INSERT INTO customers VALUES ('0501231234', 'gold', '2026-07-01 12:00:00', '0000-00-00');
        SET GLOBAL sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES', GLOBAL time_zone = '+05:00'`);
      await withProvider(strange.url, { ...OPTIONS, columns }, async (ask) => {
        expect(await ask(`\\' OR 1=1 -- `)).toBeNull();
        expect(await ask('+358501231234')).toEqual([
          { number: '+358501231234', tier: 'gold', validUntilMs: Date.UTC(2026, 6, 1, 12) },
        ]);
      });
    } finally {
      await strange.stop();
    }
  });

  it('says so when it may not be read', async () => {
    const connection = await onMariaDb(`CREATE TABLE customers (phone VARCHAR(40), level VARCHAR(9))`);
    await withProvider(await server.createUser('INSERT', connection), OPTIONS, async (ask) => {
      await expect(ask('+358501231234')).rejects.toMatchObject({
        name: 'VipLookupError',
        message: expect.stringMatching(/^table "customers" may not be read.*grant it SELECT$/),
      });
    });
  });
});
