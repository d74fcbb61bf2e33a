import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { chmod, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import type { DataSource } from 'typeorm';
import { databaseProvider } from '../../test/support/database-provider.js';
import { temporaryFolder } from '../../test/support/temporary-folder.js';
import type { TemporaryFolder } from '../../test/support/temporary-folder.js';
import { eventually, patient } from '../../test/support/eventually.js';
import { holdTimeouts } from '../../test/support/held-timeouts.js';
import { Caller } from '../plugin-api/index.js';
import { closeDataSource } from './data-source.js';
import { connectTo } from './session.js';
import type { DatabaseOptions } from '../providers/database/database.options.js';
import { openDatabase } from '../providers/database/vip-caller.repository.js';

/** What Node says of an entry of type `gc`. */
interface Collection {
  readonly detail: { readonly flags: number };
}

let folder: TemporaryFolder;
beforeAll(async () => {
  // For all tests: what they close is collected when the last one says so.
  holdTimeouts();
  folder = temporaryFolder();
});
afterAll(async () => {
  jest.useRealTimers();
  await folder.remove();
});

const modesIn = async (path: string): Promise<Record<string, string>> =>
  Object.fromEntries(
    await Promise.all(
      (await readdir(path)).map(async (name) => [
        name,
        ((await stat(`${path}/${name}`)).mode & 0o777).toString(8),
      ]),
    ),
  ) as Record<string, string>;

describe('the rights of SQLite files', () => {
  it('are those of the owner alone, for all that are made', async () => {
    const dataSource = await openDatabase(`sqlite:${folder.path('new/own.sqlite')}`);
    try {
      expect(await modesIn(folder.path('new'))).toEqual({
        'own.sqlite': '600',
        'own.sqlite-shm': '600',
        'own.sqlite-wal': '600',
      });
    } finally {
      await closeDataSource(dataSource);
    }
  });

  it('are the same where a link to a missing file is followed', async () => {
    await symlink(folder.path('target.sqlite'), folder.path('link.sqlite'));
    await closeDataSource(await openDatabase(`sqlite:${folder.path('link.sqlite')}`));
    expect((await stat(folder.path('target.sqlite'))).mode & 0o777).toBe(0o600);
  });

  it('are left as they are where the file is there', async () => {
    await writeFile(folder.path('wide.sqlite'), '');
    await chmod(folder.path('wide.sqlite'), 0o640);
    await closeDataSource(await openDatabase(`sqlite:${folder.path('wide.sqlite')}`));
    expect((await stat(folder.path('wide.sqlite'))).mode & 0o777).toBe(0o640);
  });
});

describe('what is not an ordinary file', () => {
  const own: DatabaseOptions = {};
  const customers: DatabaseOptions = {
    table: 'customers',
    columns: { number: 'phone', tier: 'level' },
    spellings: ['national'],
  };

  it.each([
    ['a device', 'own', own, () => '/dev/zero'],
    ['a device', "customer's", customers, () => '/dev/zero'],
    ['a pipe', 'own', own, () => pipe('own.pipe')],
    ['a pipe', "customer's", customers, () => pipe('customer.pipe')],
    ['a folder', 'own', own, () => folder.path('')],
  ])('%s is refused as the %s database', async (_, __, options, path) => {
    const { provider } = databaseProvider(`sqlite:${path()}`, options);
    try {
      await expect(provider.lookup(Caller.read('+358501231234'), patient())).rejects.toMatchObject({
        message: 'the database is not an ordinary file; name one, or a path where one can be created',
      });
    } finally {
      await provider.close();
    }
  });

  function pipe(name: string): string {
    execFileSync('mkfifo', [folder.path(name)]);
    return folder.path(name);
  }
});

it('files that are closed are let go of, though nothing else makes garbage, once a minute at most', async () => {
  const url = `sqlite:${folder.path('reopened.sqlite')}`;
  let asked = 0;
  const observer = new PerformanceObserver((list) => {
    const { NODE_PERFORMANCE_GC_FLAGS_FORCED: forced } = constants;
    for (const { detail } of list.getEntries() as unknown as Collection[]) if (detail.flags & forced) asked++;
  });
  observer.observe({ entryTypes: ['gc'] });
  const reopen = async (): Promise<void> => {
    for (let i = 0; i < 30; i++) await closeDataSource(await openDatabase(url));
  };
  const passing = async (ms: number): Promise<number> => {
    jest.advanceTimersByTime(ms);
    // Otherwise the garbage of the test itself would do.
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    return asked;
  };
  await reopen();
  expect(await passing(1_000)).toBe(1);
  await eventually(() => expect(descriptorsOf('reopened.sqlite')).toBeLessThan(8));
  await reopen();
  expect(await passing(59_000)).toBe(1);
  expect(await passing(1_000)).toBe(2);
  observer.disconnect();
});

it('a file that cannot be opened is let go of at once', async () => {
  await writeFile(folder.path('text.sqlite'), 'text '.repeat(1_000));
  for (let i = 0; i < 5; i++) {
    await expect(openDatabase(`sqlite:${folder.path('text.sqlite')}`)).rejects.toMatchObject({
      message: expect.stringContaining('SQLITE_NOTADB'),
    });
  }
  expect(descriptorsOf('text.sqlite')).toBe(0);
});

it('a file that is locked is opened once, and asked again', async () => {
  const tried: DataSource[] = [];
  const session = await connectTo(
    `sqlite:${folder.path('locked.sqlite')}`,
    { mustExist: false },
    patient(),
    async (connected) => {
      if (tried.push(connected) < 5) throw Object.assign(new Error('locked'), { code: 'SQLITE_BUSY' });
    },
  );
  await closeDataSource(session.dataSource);
  expect(tried).toEqual(Array(5).fill(session.dataSource));
});

function descriptorsOf(name: string): number {
  return readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`).includes(name);
    } catch {
      // That of the folder itself.
      return false;
    }
  }).length;
}
