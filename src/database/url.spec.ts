import { describe, expect, it } from '@jest/globals';
import { databaseUrlProblem, dialectOfUrl, nodeUrls, ownDatabaseUrl, parseDatabaseUrl } from './url.js';

describe('a database URL', () => {
  it.each([
    ['sqlite:data/vip.sqlite', { type: 'sqlite', path: 'data/vip.sqlite' }],
    ['sqlite:/var/lib/vip list.sqlite', { type: 'sqlite', path: '/var/lib/vip list.sqlite' }],
    ['sqlite::memory:', { type: 'sqlite', path: ':memory:' }],
  ])('%s is an SQLite file', (url, address) => {
    expect(parseDatabaseUrl(url)).toEqual(address);
  });

  it('names user, password, host, port and database of a server', () => {
    expect(parseDatabaseUrl('mysql://vip%40crm:p%2F%23%25ss@db.example:3307/vip')).toEqual({
      type: 'mysql',
      host: 'db.example',
      port: 3307,
      user: 'vip@crm',
      password: 'p/#%ss',
      database: 'vip',
      tls: undefined,
    });
  });

  it('has port 3306 unless it says otherwise, and takes IPv6 addresses', () => {
    expect(parseDatabaseUrl('mariadb://root@[::1]/vip')).toMatchObject({
      type: 'mariadb',
      host: '::1',
      port: 3306,
      password: '',
    });
  });

  it.each(['postgres', 'postgresql'])('of PostgreSQL may be written %s://', (scheme) => {
    expect(parseDatabaseUrl(`${scheme}://u:a%2Cb@db.example/vip`)).toEqual({
      type: 'postgres',
      host: 'db.example',
      port: 5432,
      user: 'u',
      password: 'a,b',
      database: 'vip',
      tls: undefined,
    });
    expect(ownDatabaseUrl(`${scheme}://u@h/vip`)).toBe('postgres://u@h/vip');
    expect(dialectOfUrl(`${scheme}://u@h/vip`)).toBe('postgres');
  });

  it.each([
    [
      'mysql://u:a,b%40@one:3306,two,[::1]:3307/vip?ssl=unverified',
      [
        'mysql://u:a,b%40@one:3306/vip?ssl=unverified',
        'mysql://u:a,b%40@two/vip?ssl=unverified',
        'mysql://u:a,b%40@[::1]:3307/vip?ssl=unverified',
      ],
    ],
    ['mariadb://one,two/vip', ['mariadb://one/vip', 'mariadb://two/vip']],
    ['mysql://u:a,b@one/vip', ['mysql://u:a,b@one/vip']],
    ['sqlite:a,b.sqlite', ['sqlite:a,b.sqlite']],
    ['sqlite:///srv/crm.sqlite', ['sqlite:///srv/crm.sqlite']],
  ])('%s lists the servers of a cluster, or is one', (url, nodes) => {
    expect(nodeUrls(url)).toEqual(nodes);
    expect(databaseUrlProblem(url)).toBeUndefined();
  });

  it('with several servers is none for one connection', () => {
    expect(() => parseDatabaseUrl('mysql://u:sesame@one,two/vip')).toThrow('names several hosts');
  });

  it.each([
    ['mysql://u:p@db.example/vip?ssl=true', { rejectUnauthorized: true }],
    ['mysql://u:p@10.0.0.1/vip?ssl=unverified', { rejectUnauthorized: false }],
  ])('%s is encrypted', (url, tls) => {
    expect(parseDatabaseUrl(url)).toMatchObject({ tls });
  });

  it.each([
    [undefined, /is not a database URL/],
    ['', /is not a database URL/],
    ['oracle://u:sesame@h/d', /Write sqlite:<path>, mysql:.* or postgres:/],
    ['postgres://u:sesame@one,two/d', /not supported for PostgreSQL/],
    ['postgresql://u:sesame@h/d?sslmode=require', /\?ssl=true instead of sslmode/],
    ['postgres://u:sesame@h:0/d', /leave it out for 5432/],
    ['postgres://u:sesame@10.0.0.1/d?ssl=true', /Write the name/],
    ['sqlite:', /no path/],
    ['mysql://u:se#same@h/d', /must end in one database name|%23/],
    ['mysql://u:sesame@h', /must end in one database name/],
    ['mysql://u:sesame@h/', /must end in one database name/],
    ['mysql://u:sesame@h/a/b', /must end in one database name/],
    ['mysql://u:sesame@h:99999/d', /is not a database URL/],
    [
      'mysql://u:sesame@h:0/d',
      /^has port 0, on which no server listens\. Write its port, or leave it out for 3306\.$/,
    ],
    ['mariadb://u:sesame@one,two:00/d', /port 0/],
    ['mysql://u:sesame%zz@h/d', /%25/],
    ['mysql://u:sesame@h/d?ssl=maybe', /\?ssl=true/],
    ['mysql://u:sesame@h/d?sslca=x', /Known: ssl/],
    ['mysql://u:sesame@127.0.0.1:4898/x#@db.example.com/crm', /%40 for @/],
    ['mysql://u:p@127.0.0.1/x?sesame@db.example.com/crm', /%40 for @/],
    ['mysql://u:sesame@10.0.0.1/d?ssl=true', /Write the name/],
    ['mysql://u:sesame@one,,two/d', /is not a database URL/],
    ['mysql://u:sesame@one,two:99999/d', /is not a database URL/],
    ['mysql://u:sesame@one,u:sesame@two/d', /user and password once/],
    ['mysql://u:sesame@one,10.0.0.1/d?ssl=true', /Write the name/],
    ['mysql://u:sesame@one:3306,two,ONE/d', /3\. host/],
  ])('%s is refused, and its password not shown', (url, problem) => {
    expect(databaseUrlProblem(url)).toMatch(problem);
    expect(databaseUrlProblem(url)).not.toContain('sesame');
  });
});
