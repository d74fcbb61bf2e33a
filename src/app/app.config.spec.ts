import { describe, expect, it } from '@jest/globals';
import { IsOptional, IsString } from 'class-validator';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { checkConfig } from './app.config.js';
import { parseConfig, readConfigFile } from '../config/read-config-file.js';

class ListOptions {
  @IsString()
  file: string;

  @IsOptional()
  @IsString()
  note?: string;
}
const kinds = new Map([['list', { options: ListOptions }]]);
const environment = { databaseUrl: 'sqlite::memory:' };
const VARIABLES = {
  TEST_PORT: '8443',
  TEST_NETWORK: '10.0.0.0/8',
  TEST_KEY: '1234567890123456',
  TEST_ENTRIES: '50',
  TEST_PRIORITY: '9',
  EMPTY: '',
};
const fixture = (name: string) => `test/fixtures/config/${name}`;

const check = (text: string) => checkConfig(parseConfig(text, 'test.yaml', VARIABLES), kinds, environment);

function problemsOf(text: string): string[] {
  try {
    check(text);
    return [];
  } catch (error) {
    const { name, message } = error as Error;
    expect(name).toBe('ConfigError');
    return message.split('\n- ').slice(1);
  }
}

/** A usable file in which one section is replaced. */
function fileWith(section: string): string {
  const sections: Record<string, string> = {
    credentials: 'credentials: [{ id: core, apiKey: key-of-16-or-more }]',
    providers: 'providers: { a: { kind: list, file: f } }',
    targets: 'targets: { T: { providers: [a], routes: [{ instructions: { ExtraPriority: 5 } }] } }',
  };
  sections[/^\w+/.exec(section)![0]] = section;
  return Object.values(sections).reverse().join('\n');
}

describe('a complete file', () => {
  it('becomes the configuration, whole', async () => {
    const source = await readConfigFile({ configFile: fixture('complete.yaml'), variables: VARIABLES });
    expect(source.plugins).toEqual([{ name: './list.mjs', key: 'plugins[0]' }]);
    const config = checkConfig(source, kinds, environment);
    const cache = {
      ttlMs: 600_000,
      negativeTtlMs: 60_000,
      staleWhileRevalidateMs: 1_800_000,
      staleIfErrorMs: 86_400_000,
      maxEntries: 50,
    };
    const list = { kind: 'list', country: 'FI', timeoutMs: 1500, maxConcurrent: 20, maxQueued: 0, cache };
    expect(config).toEqual({
      file: resolve(fixture('complete.yaml')),
      directory: resolve('test/fixtures/config'),
      country: 'SE',
      timezone: 'Europe/Stockholm',
      server: {
        host: '0.0.0.0',
        port: 8443,
        path: '/vip/route',
        tls: {
          cert: resolve(fixture('tls.crt')),
          key: '/etc/tls.key',
          clientCa: resolve(fixture('clients.crt')),
        },
        allowedNetworks: ['80.88.186.0/24', '2001:db8::/32', '10.0.0.0/8'],
        trustedProxies: ['127.0.0.1', '::1'],
        shutdownGraceMs: 5_000,
        maxConnections: 500,
        maxConnectionsPerAddress: 125,
      },
      management: { host: '::1', port: 9090 },
      credentials: [
        { id: 'core', apiKey: '1234567890123456', targets: ['SALES_QUEUE', 'default'] },
        {
          id: 'hashed',
          apiKey: 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
          targets: undefined,
        },
        { id: 'basic', username: 'köre', password: 'a:b ${c}', targets: undefined },
      ],
      providers: new Map([
        [
          'list',
          {
            ...list,
            name: 'list',
            options: { file: './vips.csv' },
            written: expect.anything(),
            hashed: expect.anything(),
          },
        ],
        [
          'archive',
          {
            ...list,
            name: 'archive',
            options: { file: './old.csv' },
            written: expect.anything(),
            hashed: expect.anything(),
          },
        ],
      ]),
      targets: new Map([
        [
          'SALES_QUEUE',
          {
            name: 'SALES_QUEUE',
            providers: ['list', 'archive'],
            country: 'NO',
            deadlineMs: 4500,
            staggerMs: 0,
            routes: [
              {
                tiers: ['gold'],
                when: new Map([
                  ['DYN_PAR_Culture', ['fi-FI', 'sv-FI']],
                  ['IsInternalCaller', ['false']],
                  ['DYN_Level', ['7']],
                ]),
                instructions: {
                  InitialTarget: 'VIP_SALES',
                  FailTarget: 'SALES',
                  Priority: 9,
                  ExtraPriority: -1.5,
                  Nested: { list: ['{{ name }}', 1, true, null] },
                },
              },
              { tiers: ['gold', 'silver'], when: new Map(), instructions: { ExtraPriority: 20 } },
            ],
          },
        ],
        [
          '4711',
          {
            name: '4711',
            providers: ['archive'],
            country: undefined,
            deadlineMs: 1500,
            staggerMs: 25,
            routes: [{ tiers: undefined, when: new Map(), instructions: { InitialTarget: '4712' } }],
          },
        ],
      ]),
      logging: { level: 'debug', numbers: 'plain' },
      databaseUrl: 'sqlite::memory:',
      warnings: [],
      hash: expect.stringMatching(/^[0-9a-f]{12}$/),
    });
    expect(config.providers.get('list')!.options).toBeInstanceOf(ListOptions);
  });

  it('may be as small as this, and gets all defaults', () => {
    const config = check(fileWith('providers: { a: { kind: list, file: f, cache: { ttl: 30s } } }'));
    expect(config).toMatchObject({
      country: undefined,
      timezone: 'UTC',
      server: {
        host: '127.0.0.1',
        port: 3000,
        path: '/smartrouting',
        tls: undefined,
        trustedProxies: [],
        shutdownGraceMs: 2_000,
        maxConnections: 10_000,
        maxConnectionsPerAddress: 2_500,
      },
      logging: { level: 'info', numbers: 'masked' },
      warnings: [],
      hash: expect.stringMatching(/^[0-9a-f]{12}$/),
    });
    expect(config.server.allowedNetworks).toBeUndefined();
    expect(config.providers.get('a')).toMatchObject({
      timeoutMs: 1000,
      maxConcurrent: 50,
      maxQueued: 100,
      cache: {
        ttlMs: 30_000,
        negativeTtlMs: 30_000,
        staleWhileRevalidateMs: 0,
        staleIfErrorMs: 0,
        maxEntries: 10_000,
      },
    });
  });

  it('cannot be changed afterwards', () => {
    const config = check(fileWith('logging: { level: warn }'));
    const change = (edit: () => unknown) => expect(edit).toThrow(/read-only|read only|not extensible/);
    change(() => ((config.logging as { level: string }).level = 'info'));
    change(() => (config.credentials as unknown[]).push({}));
    change(() => (config.targets as Map<string, unknown>).delete('T'));
    change(() => ((config.providers.get('a')!.options as ListOptions).file = 'other'));
    change(() => ((config.targets.get('T')!.routes[0]!.instructions as { x: number }).x = 1));
  });

  it('gives way to PORT and HOST', () => {
    const source = parseConfig(fileWith('server: { port: 1, host: localhost }'), 'test.yaml', {});
    const serverWith = (given: object) => checkConfig(source, kinds, { ...environment, ...given }).server;
    expect(serverWith({ port: 0 })).toMatchObject({ port: 0, host: 'localhost' });
    expect(serverWith({ host: '::' })).toMatchObject({ port: 1, host: '::' });
  });

  it('has the management port where the calls are, unless it says otherwise, and never on their port', () => {
    const source = parseConfig(fileWith('management: { port: 9090 }'), 'test.yaml', {});
    const { management } = checkConfig(source, kinds, { ...environment, host: '::' });
    expect(management).toEqual({ host: '::', port: 9090 });
    expect(() => checkConfig(source, kinds, { ...environment, port: 9090 })).toThrow(
      'management.port: "9090" is the port of the calls',
    );
    expect(check(fileWith('server: { host: 127.0.0.2 }')).management).toBeUndefined();
    const free = parseConfig(fileWith('management: { port: 0 }'), 'test.yaml', {});
    expect(checkConfig(free, kinds, { ...environment, port: 0 }).management!.port).toBe(0);
  });

  it('gives way to MANAGEMENT_PORT and MANAGEMENT_HOST; the port alone makes one, the host alone is warned of', () => {
    const configWith = (section: string, given: object) =>
      checkConfig(parseConfig(fileWith(section), 'test.yaml', {}), kinds, { ...environment, ...given });
    const written = 'management: { port: 9090, host: 127.0.0.2 }';
    const both = { managementPort: 9191, managementHost: '::1' };
    expect(configWith(written, both).management).toEqual({ port: 9191, host: '::1' });
    expect(configWith(written, { managementPort: 0 }).management).toEqual({ port: 0, host: '127.0.0.2' });
    expect(configWith('server: { host: 127.0.0.3 }', { managementPort: 9191 }).management).toEqual({
      port: 9191,
      host: '127.0.0.3',
    });
    const alone = configWith('server: { host: 127.0.0.3 }', { managementHost: '::1' });
    expect([alone.management, alone.warnings]).toEqual([
      undefined,
      ['MANAGEMENT_HOST: has no effect without management.port or MANAGEMENT_PORT.'],
    ]);
    expect(configWith(written, both).warnings).toEqual([]);
    expect(() => configWith('server: { port: 9191 }', { managementPort: 9191 })).toThrow(
      'MANAGEMENT_PORT: 9191 is the port of the calls (server.port, or PORT in the environment). Set another one, or remove the variable.',
    );
    expect(() => configWith(written, { managementPort: 1, port: 9090 })).not.toThrow();
  });
});

describe('a file with a slip in every section', () => {
  it('is refused with every problem at once, in the order of the file', async () => {
    const source = await readConfigFile({ configFile: fixture('problems.yaml'), variables: VARIABLES });
    const expected = readFileSync(fixture('problems.txt'), 'utf8').trimEnd();
    expect(() => checkConfig(source, kinds, environment)).toThrow(
      expect.objectContaining({ name: 'ConfigError', message: expected }),
    );
  });

  it('is refused when it is empty', () => {
    expect(problemsOf('')).toEqual([
      'credentials: is missing. Write at least one credential with an id and an apiKey, or a username and password.',
      'providers: is missing. Write a name and, below it, kind: and the options of that kind.',
      'targets: is missing. Write a targetid, or default, and, below it, providers: and routes:.',
    ]);
  });
});
