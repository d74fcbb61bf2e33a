import { describe, expect, it } from '@jest/globals';
import Libsql from 'libsql';
import { access, rename } from 'node:fs/promises';
import { databaseProvider } from '../../../test/support/database-provider.js';
import { withTemporaryFolder } from '../../../test/support/temporary-folder.js';
import { patient } from '../../../test/support/eventually.js';
import { Caller } from '../../plugin-api/index.js';
import type { VipAnswer } from '../../plugin-api/index.js';

const folder = withTemporaryFolder();

async function withProvider(
  path: string,
  work: (ask: () => Promise<VipAnswer>) => Promise<void>,
): Promise<void> {
  const { provider } = databaseProvider(`sqlite:${path}`, {
    table: 'customers',
    columns: { number: 'phone', tier: 'level' },
    spellings: ['national'],
  });
  try {
    await work(() => provider.lookup(Caller.read('+358501231234', 'FI'), patient()));
  } finally {
    await provider.close();
  }
}

describe("a customer's SQLite file", () => {
  function make(path: string, level: string): void {
    const file = new Libsql(path);
    file.exec(`CREATE TABLE customers (phone TEXT, level TEXT)`);
    file.prepare('INSERT INTO customers VALUES (?, ?)').run('0501231234', level);
    file.close();
  }

  it('is missed, not made, when it is gone', async () => {
    const path = folder.path('gone.sqlite');
    make(path, 'gold');
    await withProvider(path, async (ask) => {
      expect(await ask()).toMatchObject([{ tier: 'gold' }]);
      await rename(path, `${path}.away`);
      await expect(ask()).rejects.toMatchObject({
        message: 'database is not reachable (ENOENT)',
      });
      await expect(access(path)).rejects.toMatchObject({ code: 'ENOENT' });
    });
  });

  it('is waited for while somebody writes to it', async () => {
    const path = folder.path('busy.sqlite');
    make(path, 'gold');
    await withProvider(path, async (ask) => {
      expect(await ask()).toMatchObject([{ tier: 'gold' }]);
      const writer = new Libsql(path);
      writer.exec(`BEGIN EXCLUSIVE; UPDATE customers SET level = 'silver'`);
      const asked = ask();
      setTimeout(() => {
        writer.exec('COMMIT');
        writer.close();
      }, 100);
      expect(await asked).toMatchObject([{ tier: 'silver' }]);
    });
  });

  it('that is none is refused', async () => {
    await withProvider(new URL(import.meta.url).pathname, async (ask) => {
      await expect(ask()).rejects.toMatchObject({
        message: 'database is not reachable (SQLITE_NOTADB)',
      });
    });
  });
});
