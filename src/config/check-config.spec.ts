import { describe, expect, it } from '@jest/globals';
import { IsOptional, IsString } from 'class-validator';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { checkConfig } from './check-config.js';
import type { CheckHooks } from './check-config.js';
import { parseConfig, readConfigFile } from './read-config-file.js';

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
  TEST_KEY: '12345',
  TEST_ENTRIES: '50',
  TEST_PRIORITY: '9',
  EMPTY: '',
};
const fixture = (name: string) => `test/fixtures/config/${name}`;

const check = (text: string, hooks?: CheckHooks) =>
  checkConfig(parseConfig(text, 'test.yaml', VARIABLES), kinds, environment, hooks);

function problemsOf(text: string, hooks?: CheckHooks): string[] {
  try {
    check(text, hooks);
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
    credentials: 'credentials: [{ id: core, apiKey: k }]',
    providers: 'providers: { a: { kind: list, file: f } }',
    targets: 'targets: { T: { providers: [a], routes: [{ instructions: { ExtraPriority: 5 } }] } }',
  };
  sections[/^\w+/.exec(section)![0]] = section;
  return Object.values(sections).reverse().join('\n');
}

describe('a complete file', () => {
  it('becomes the configuration, whole', async () => {
    const source = await readConfigFile({ configFile: fixture('complete.yaml'), variables: VARIABLES });
    expect(source.plugins).toEqual(['./list.mjs']);
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
      server: {
        host: '0.0.0.0',
        port: 8443,
        path: '/vip/route',
        tls: { cert: resolve(fixture('tls.crt')), key: '/etc/tls.key' },
        allowedNetworks: ['80.88.186.0/24', '2001:db8::/32', '10.0.0.0/8'],
        trustedProxies: ['127.0.0.1', '::1'],
      },
      credentials: [
        { id: 'core', apiKey: '12345', targets: ['SALES_QUEUE', 'default'] },
        {
          id: 'hashed',
          apiKey: 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
          targets: undefined,
        },
        { id: 'basic', username: 'köre', password: 'a:b ${c}', targets: undefined },
      ],
      providers: new Map([
        ['list', { ...list, name: 'list', options: { file: './vips.csv' } }],
        ['archive', { ...list, name: 'archive', options: { file: './old.csv' } }],
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
    });
    expect(config.providers.get('list')!.options).toBeInstanceOf(ListOptions);
  });

  it('may be as small as this, and gets all defaults', () => {
    const config = check(fileWith('providers: { a: { kind: list, file: f, cache: { ttl: 30s } } }'));
    expect(config).toMatchObject({
      country: undefined,
      server: { host: '127.0.0.1', port: 3000, path: '/smartrouting', tls: undefined, trustedProxies: [] },
      logging: { level: 'info', numbers: 'masked' },
      warnings: [],
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
    const { server } = checkConfig(source, kinds, { ...environment, port: 0, host: '::' });
    expect(server).toMatchObject({ port: 0, host: '::' });
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

describe('what each key may hold', () => {
  const DURATION = 'is not a duration. Write a number with ms, s, m or h, for example 1200ms.';
  const MAP = 'is not a map of keys.';
  it.each<[string, string]>([
    ['country: UK', 'country: "UK" is not a country code. Did you mean "GB"?'],
    [
      'country: Finland',
      'country: "Finland" is not a country code. Write two capital letters (ISO 3166-1), for example FI.',
    ],
    ['country:', 'country: is empty. Write a value, or remove the key.'],
    [
      'country: [FI]',
      'country: is a list, not text. Write two capital letters (ISO 3166-1), for example FI.',
    ],
    ['server: 3000', `server: "3000" ${MAP} Keys: host, port, path, tls, allowedNetworks, trustedProxies.`],
    ['server: { port: 70000 }', 'server.port: "70000" is not a whole number from 0 to 65535. Default: 3000.'],
    ['server: { port: "3000" }', 'server.port: "3000" is text here. Write it without quotes.'],
    [
      'server: { port: "${TEST_PORT}" }',
      'server.port: "${TEST_PORT}" is text here. Write it without quotes.',
    ],
    [
      'server: { host: "http://localhost" }',
      'server.host: "http://localhost" is not a host. Write an IP address or a host name, for example 127.0.0.1; 0.0.0.0 or :: for all addresses.',
    ],
    [
      'server: { path: "/sales?x" }',
      'server.path: "/sales?x" is not a path. Start with / and use letters, digits and - . _ ~ only, without ? or #, for example /smartrouting.',
    ],
    [
      'server: { path: /Docs/ }',
      'server.path: "/Docs/" is taken: /docs is an address of the service itself. Write another path, for example /smartrouting.',
    ],
    ['server: { tls: { cert: a } }', 'server.tls.key: is missing. Write the path of a file.'],
    [
      'server: { allowedNetworks: [] }',
      'server.allowedNetworks: is empty. Write at least one, or remove the key.',
    ],
    [
      'server: { trustedProxies: 10.0.0.1 }',
      'server.trustedProxies: "10.0.0.1" is not a list. Write [one, another], or one per line after a hyphen.',
    ],
    ['server: { trustedProxies: [10.1] }', 'server.trustedProxies[0]: "10.1" is not text. Put it in quotes.'],
    [
      'server: { trustedProxies: [::1, proxy.local] }',
      'server.trustedProxies[1]: "proxy.local" is not a network. Write an IP address or a range, for example 80.88.186.0/24.',
    ],
    [
      'providers: [a]',
      `providers: is a list, not a map of keys. Write a name and, below it, kind: and the options of that kind.`,
    ],
    ['providers: { a: list }', `providers.a: "list" ${MAP} Write kind: and the options of that kind.`],
    ['providers: { a: { file: f } }', 'providers.a.kind: is missing. Write the kind of lookup.'],
    [
      'providers: { a: { kind: list, file: f, timeout: 1200 } }',
      `providers.a.timeout: "1200" ${DURATION} Default: 1000ms.`,
    ],
    [
      'providers: { a: { kind: list, file: f, timeout: 0s } }',
      'providers.a.timeout: "0s" is too short. Write 1ms or more. Default: 1000ms.',
    ],
    [
      'providers: { a: { kind: list, file: f, cache: 30s } }',
      `providers.a.cache: "30s" ${MAP} Keys: ttl, negativeTtl, staleWhileRevalidate, staleIfError, maxEntries.`,
    ],
    [
      'providers: { a: { kind: list, file: f, cache: { negativeTtl: 1m } } }',
      'providers.a.cache.ttl: is missing. Write a number with ms, s, m or h, for example 1200ms.',
    ],
    [
      'providers: { a: { kind: list, file: f, cache: { ttl: 1m, maxEntries: 0 } } }',
      'providers.a.cache.maxEntries: "0" is not a whole number from 1 to 1000000. Default: 10000.',
    ],
    [
      'logging: { levle: info }',
      'logging.levle: is not a known key. Did you mean "level"? Known: level, numbers.',
    ],
    [
      'targets: { KEY_TOKENS: { providers: [b], routes: [{ instructions: { Priority: 1 } }] } }',
      'targets.KEY_TOKENS.providers[0]: "b" is not a configured provider. Known: a.',
    ],
    [
      'logging: { numbers: hidden }',
      'logging.numbers: "hidden" is not a way to log numbers. Write masked or plain. Default: masked.',
    ],
    ['plugins: [1]', 'plugins[0]: "1" is not text. Put it in quotes.'],
    [
      'management: { port: 3001 }',
      'management: is not a known key. Known: country, server, credentials, providers, targets, logging, plugins.',
    ],
  ])('%s', (section, problem) => {
    const text = fileWith(section);
    const line = text.split('\n').indexOf(section) + 1;
    expect(problemsOf(text)).toEqual([`line ${line}, ${problem}`]);
  });

  it('names of providers are letters, digits and a few signs', () => {
    expect(
      problemsOf(fileWith('providers: { "a": { kind: list, file: f }, "b c": { kind: list, file: f } }')),
    ).toEqual([
      'line 2, providers["b c"]: is not a name for a provider. Use letters, digits, - _ and ., at most 64.',
    ]);
    expect(
      problemsOf(
        fileWith('providers: { "a": { kind: list, file: f }, configuration: { kind: list, file: f } }'),
      ),
    ).toEqual([
      'line 2, providers.configuration: is taken: /health has a key of that name beside those of the providers. Choose another name.',
    ]);
  });
});
