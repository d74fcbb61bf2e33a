import { describe, expect, it } from '@jest/globals';
import { IsString } from 'class-validator';
import { checkConfig } from './app.config.js';
import { parseConfig } from '../config/read-config-file.js';

class ListOptions {
  @IsString()
  file: string;
}
const kinds = new Map([['list', { options: ListOptions }]]);

function problemsOf(text: string): string[] {
  try {
    checkConfig(parseConfig(text, 'test.yaml', { TEST_PORT: '8443' }), kinds, {
      databaseUrl: 'sqlite::memory:',
    });
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

describe('what each key may hold', () => {
  const DURATION =
    'is not a duration. Write a number with ms, s, m, h or d, at most 24d, for example 1200ms.';
  const MAP = 'is not a map of keys.';
  it.each<[string, string]>([
    ['country: UK', 'country: "UK" is not a country code. Did you mean "GB"?'],
    [
      'country: Finland',
      'country: "Finland" is not a country code. Write two capital letters (ISO 3166-1), for example FI.',
    ],
    [
      'timezone: Helsinki',
      'timezone: "Helsinki" is not a time zone. Did you mean "Europe/Helsinki"? Write an IANA name, for example Europe/Helsinki. Default: UTC.',
    ],
    [
      'timezone: "+02:00"',
      'timezone: "+02:00" is not a time zone. Write an IANA name, for example Europe/Helsinki. Default: UTC.',
    ],
    ['country:', 'country: is empty. Write a value, or remove the key.'],
    [
      'country: [FI]',
      'country: is a list, not text. Write two capital letters (ISO 3166-1), for example FI.',
    ],
    [
      'server: 3000',
      `server: "3000" ${MAP} Keys: host, port, path, tls, allowedNetworks, trustedProxies, shutdownGrace, maxConnections, maxConnectionsPerAddress.`,
    ],
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
      'server: { path: /a//b }',
      'server.path: "/a//b" has an empty part, or one of dots only, which clients and proxies remove. Write for example /smartrouting.',
    ],
    [
      'server: { path: /a/../b }',
      'server.path: "/a/../b" has an empty part, or one of dots only, which clients and proxies remove. Write for example /smartrouting.',
    ],
    [
      'server: { path: /./a }',
      'server.path: "/./a" has an empty part, or one of dots only, which clients and proxies remove. Write for example /smartrouting.',
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
      'providers.a.cache.ttl: is missing. Write a number with ms, s, m, h or d, at most 24d, for example 1200ms.',
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
    ['management: {}', 'management.port: is missing. Write a whole number from 0 to 65535.'],
    ['management: { port: 70000 }', 'management.port: "70000" is not a whole number from 0 to 65535.'],
    [
      'management: { port: 3000 }',
      'management.port: "3000" is the port of the calls (server.port, or PORT in the environment). Write another one, or remove management to have all on one port.',
    ],
    [
      'management: { port: 1, host: "a b" }',
      'management.host: "a b" is not a host. Write an IP address or a host name, for example 127.0.0.1; 0.0.0.0 or :: for all addresses.',
    ],
    ['plugins: [1]', 'plugins[0]: "1" is not text. Put it in quotes.'],
    [
      'managment: { port: 3001 }',
      'managment: is not a known key. Did you mean "management"? Known: country, timezone, server, management, credentials, providers, targets, logging, plugins.',
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
  });

  it.each(['build', 'configuration', 'load'])('the name %s is taken', (name) => {
    expect(
      problemsOf(fileWith(`providers: { a: { kind: list, file: f }, ${name}: { kind: list, file: f } }`)),
    ).toEqual([
      `line 2, providers.${name}: is reserved: /health has a key of that name. Choose another name.`,
    ]);
  });
});
