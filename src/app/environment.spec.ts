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
    [{ MANAGEMENT_PORT: '9090' }, { managementPort: 9090 }],
    [{ MANAGEMENT_HOST: '10.0.0.1' }, { managementHost: '10.0.0.1' }],
    [{ MANAGEMENT_PORT: '', MANAGEMENT_HOST: '' }, {}],
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
    ['mysql://db/vip?ssl=true', 'mysql://db/vip?ssl=true'],
    ['mysql://u:p@[::1]:3306/vip', 'mysql://u:p@[::1]:3306/vip'],
    ['mysql://u:p,q@a:3306,b,[::1]:3307/vip', 'mysql://u:p,q@a:3306,b,[::1]:3307/vip'],
    ['mariadb://a,b/vip', 'mysql://a,b/vip'],
    ['postgresql://u:p%40ss@db/vip?ssl=true', 'postgres://u:p%40ss@db/vip?ssl=true'],
    ['POSTGRES://db/vip', 'postgres://db/vip'],
  ])('DATABASE_URL %s is %s', (url, expected) => {
    expect(readEnvironment({ DATABASE_URL: url }).databaseUrl).toBe(expected);
  });
});

describe('a wrong environment', () => {
  const NONE =
    'is not a database URL. Write sqlite:<path>, mysql://user:password@host:port/database or postgres://';
  it.each([
    ['oracle://u:s3cret@db/vip', NONE],
    ['postgres://u:s3/cret@db/vip', NONE],
    ['postgres:u:s3cret@db/vip', NONE],
    ['postgres://u:s3cret@a,b/vip', 'names several hosts, which is not supported for PostgreSQL.'],
    ['postgresql://u:s3cret@db', 'must end in one database name.'],
    ['postgres://u:s3cret@db/vip?sslmode=require', 'has an unknown parameter after the ?. Known: ssl.'],
    ['s3cret', NONE],
    ['sqlite:', 'has no path after sqlite:.'],
    ['sqlite:///var/s3cret', 'has // after sqlite:.'],
    ['mysql:u:s3cret@db/vip', NONE],
    ['mysql://u:s3cret@db', 'must end in one database name.'],
    ['mysql://u:s3cret@db/', 'must end in one database name.'],
    ['mysql://u:s3/cret@db/vip', NONE],
    ['mysql://u:s3#cret@db/vip', NONE],
    ['mysql://u:s3cret%zz@db/vip', 'has a % that does not begin an escape.'],
    ['mysql:///s3cret', 'names no host.'],
    ['mysql://u:s3cret@a,,b/vip', NONE],
    ['mysql://u:s3cret@db:0/vip', 'has port 0, on which no server listens.'],
    ['mysql://u:s3cret@a:3306,[::1]:00/vip', 'has port 0, on which no server listens.'],
    ['mysql://u:s3cret@a,b', 'must end in one database name.'],
    ['mysql://u:s3cret@a,b:x/vip', NONE],
    ['mysql://u:s3cret@a,u:s3cret@b/vip', 'has an @ behind a comma.'],
    ['mysql://u:s3cret@db/vip?ssl=maybe', 'has an unknown value for ssl. Write ?ssl=true'],
    ['mysql://u:s3cret@db/vip?charset=utf8', 'has an unknown parameter after the ?. Known: ssl.'],
    ['mysql://u:s3cret@10.0.0.1/vip?ssl=true', 'has ssl=true and an IP address as host'],
    ['mysql://u:s3cret@a,b/vip?ssl', 'has an unknown value for ssl'],
    ['mysql://u:s3cret@a,A/vip', 'names the same host and port twice'],
  ])('DATABASE_URL %s is refused without being shown', (url, problem) => {
    let thrown: unknown;
    try {
      readEnvironment({ DATABASE_URL: url });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ name: 'ConfigError' });
    const { message } = thrown as Error;
    expect(message).toContain(
      `Configuration is not usable (1 problem), environment:\n- DATABASE_URL: ${problem}`,
    );
    expect(message).not.toMatch(/s3/);
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
          { key: 'DATABASE_URL', message: expect.stringContaining(NONE) },
        ],
      }),
    );
    expect(() => readEnvironment({ MANAGEMENT_PORT: '9o', MANAGEMENT_HOST: 'a b' })).toThrow(
      expect.objectContaining({
        problems: [
          { key: 'MANAGEMENT_PORT', message: '"9o" is not a whole number from 0 to 65535.' },
          { key: 'MANAGEMENT_HOST', message: expect.stringContaining('"a b" is not a host. Write') },
        ],
      }),
    );
    expect(() => readEnvironment({ PORT: '65536' })).toThrow('PORT: "65536" is not a whole number');
    expect(() => readEnvironment({ PORT: '-1' })).toThrow('PORT: "-1" is not a whole number');
  });
});
