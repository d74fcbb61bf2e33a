import { describe, expect, it } from '@jest/globals';
import { resolve } from 'node:path';
import { readEnvironment } from './environment.js';

const sqlite = (path: string) => `sqlite:${resolve(path)}`;

describe('the environment', () => {
  it('may be empty', () => {
    const variables = {};
    expect(readEnvironment(variables)).toEqual({
      configFile: 'config/smartrouting.yaml',
      databaseUrl: sqlite('data/smartrouting.sqlite'),
      variables,
    });
  });

  it('sets everything', () => {
    const variables = {
      SMARTROUTING_CONFIG: '/etc/smartrouting.yaml',
      PORT: '8443',
      HOST: '::',
      DATABASE_URL: 'mysql://u:p@db:3307/vip',
    };
    expect(readEnvironment(variables)).toEqual({
      configFile: '/etc/smartrouting.yaml',
      port: 8443,
      host: '::',
      databaseUrl: 'mysql://u:p@db:3307/vip',
      variables,
    });
  });

  it.each([
    [{ PORT: '8443' }, { port: 8443 }],
    [{ HOST: '::' }, { host: '::' }],
  ])('may set %o alone', (variables, expected) => {
    const { configFile, databaseUrl, ...rest } = readEnvironment(variables);
    expect({ configFile, databaseUrl }).toMatchObject({ configFile: 'config/smartrouting.yaml' });
    expect(rest).toEqual({ ...expected, variables });
  });

  it('takes an empty variable as one that is not set', () => {
    const { configFile, databaseUrl, ...rest } = readEnvironment({
      SMARTROUTING_CONFIG: '',
      PORT: '',
      HOST: '',
      DATABASE_URL: '',
    });
    expect({ configFile, databaseUrl }).toEqual({
      configFile: 'config/smartrouting.yaml',
      databaseUrl: sqlite('data/smartrouting.sqlite'),
    });
    expect(Object.keys(rest)).toEqual(['variables']);
  });

  it.each([
    ['sqlite:data/other.sqlite', sqlite('data/other.sqlite')],
    ['SQLite:/var/lib/vip.sqlite', 'sqlite:/var/lib/vip.sqlite'],
    ['sqlite::memory:', 'sqlite::memory:'],
    ['mariadb://u:p%40ss@db/vip', 'mysql://u:p%40ss@db/vip'],
    ['mysql://db/vip?charset=utf8mb4', 'mysql://db/vip?charset=utf8mb4'],
    ['mysql://u:p@[::1]:3306/vip', 'mysql://u:p@[::1]:3306/vip'],
    ['mysql://u:p,q@a:3306,b,[::1]:3307/vip', 'mysql://u:p,q@a:3306,b,[::1]:3307/vip'],
    ['mariadb://a,b/vip', 'mysql://a,b/vip'],
  ])('DATABASE_URL %s is %s', (url, expected) => {
    expect(readEnvironment({ DATABASE_URL: url }).databaseUrl).toBe(expected);
  });
});

describe('a wrong environment', () => {
  const UNKNOWN =
    'is not a database the service knows. Write sqlite:<path> or mysql://user:password@host:port/database. Default: sqlite:data/smartrouting.sqlite.';
  const INCOMPLETE =
    'is not a complete address. Write mysql://user:password@host:port/database, with %40 for @, %2F for / and %23 for # in the password.';
  const INCOMPLETE_LIST =
    'is not a complete list of servers. Write mysql://user:password@host1:port,host2:port/database, user, password and database once, with %40 for @, %2F for / and %23 for # in the password.';
  const NO_PATH =
    'has no path after sqlite:. Write sqlite:data/smartrouting.sqlite, or sqlite:/var/lib/smartrouting.sqlite, without //.';
  const NO_PORT = 'has port 0, where no server is. Write its port, or leave it out for 3306.';
  it.each([
    ['postgres://u:s3cret@db/vip', UNKNOWN],
    ['s3cret', UNKNOWN],
    ['sqlite:', NO_PATH],
    ['sqlite:///var/s3cret', NO_PATH],
    ['mysql:u:s3cret@db/vip', INCOMPLETE],
    ['mysql://u:s3cret@db', INCOMPLETE],
    ['mysql://u:s3cret@db/', INCOMPLETE],
    ['mysql://u:s3/cret@db/vip', INCOMPLETE],
    ['mysql://u:s3#cret@db/vip', INCOMPLETE],
    ['mysql://u:s3cret%zz@db/vip', INCOMPLETE],
    ['mysql:///s3cret', INCOMPLETE],
    ['mysql://u:s3cret@a,,b/vip', INCOMPLETE_LIST],
    ['mysql://u:s3cret@db:0/vip', NO_PORT],
    ['mysql://u:s3cret@a:3306,[::1]:00/vip', NO_PORT],
    ['mysql://u:s3cret@a,b', INCOMPLETE_LIST],
    ['mysql://u:s3cret@a,b:x/vip', INCOMPLETE_LIST],
    ['mysql://u:s3cret@a,u:s3cret@b/vip', INCOMPLETE_LIST],
  ])('DATABASE_URL %s is refused without being shown', (url, problem) => {
    expect(() => readEnvironment({ DATABASE_URL: url })).toThrow(
      expect.objectContaining({
        name: 'ConfigError',
        message: `Configuration is not usable (1 problem), environment:\n- DATABASE_URL: ${problem}`,
      }),
    );
  });

  it('is refused with all its problems', () => {
    expect(() => readEnvironment({ PORT: '3e3', HOST: '256.1.1.1', DATABASE_URL: 'x' })).toThrow(
      expect.objectContaining({
        problems: [
          { key: 'PORT', message: '"3e3" is not a whole number from 0 to 65535. Default: 3000.' },
          {
            key: 'HOST',
            message:
              '"256.1.1.1" is not a host. Write an IP address or a host name, for example 127.0.0.1; 0.0.0.0 or :: for all addresses.',
          },
          { key: 'DATABASE_URL', message: UNKNOWN },
        ],
      }),
    );
    expect(() => readEnvironment({ PORT: '65536' })).toThrow('PORT: "65536" is not a whole number');
    expect(() => readEnvironment({ PORT: '-1' })).toThrow('PORT: "-1" is not a whole number');
  });
});
