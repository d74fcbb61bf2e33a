import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { Database } from './database.js';

const SERVER = 'mysql://service:sesame@db.example/vip';

describe('a database to use', () => {
  it('shows nobody its URL, which has the password in it', () => {
    const database = new Database(SERVER);
    const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const nodes = database.use(
      { mustExist: true, prepare: async () => undefined, probe: async () => undefined },
      silent,
    );
    for (const one of [database, nodes]) {
      expect(inspect(one, { depth: 20, showHidden: true })).not.toContain('sesame');
      expect(JSON.stringify(one)).not.toContain('sesame');
    }
  });

  it('has the file of SQLite alone, absolute', () => {
    const absolute = (path: string): string => `/srv/${path}`;
    expect(new Database('sqlite:vip.sqlite', absolute).file).toBe('/srv/vip.sqlite');
    expect(new Database('sqlite::memory:', absolute).file).toBeUndefined();
    expect(new Database(SERVER, absolute).file).toBeUndefined();
  });

  it('blames its file for what is wrong with that, and not for a lock that somebody else has on it', () => {
    const file = new Database('sqlite:/srv/vip.sqlite');
    const failed = (code: string): Error => Object.assign(new Error('text of a driver'), { code });
    expect(file.failureOf(failed('SQLITE_NOTADB'))).toMatchObject({ name: 'VipFileError', path: file.file });
    expect(file.failureOf(failed('SQLITE_BUSY'))).toMatchObject({ name: 'VipLookupError' });
    expect(new Database(SERVER).failureOf(failed('ECONNREFUSED'))).toMatchObject({ name: 'VipLookupError' });
  });
});
