import { resolve } from 'node:path';
import { duration, durationMs } from '../common/duration.js';
import { mapAt } from '../config/config-node.js';
import type { ConfigMap } from '../config/config-node.js';
import { Key, ListKey, SectionKey } from '../config/key.js';
import type { Report } from '../config/report.js';
import { furtherPort, host, network, path, port, routePath, wholeNumber } from '../config/rules.js';
import type { TlsFiles } from './read-tls.js';

export class TlsSection {
  @Key('PEM file with the certificate and its chain.', path, { required: true })
  cert: string;

  @Key('PEM file with the private key.', path, { required: true })
  key: string;

  @Key(
    'PEM file with the authorities that sign client certificates. With it every client has to show one (mutual TLS).',
    path,
  )
  clientCa?: string;
}

export class ServerSection {
  @Key('Address to listen on. The environment variable HOST overrides it.', host, { default: '127.0.0.1' })
  host = '127.0.0.1';

  @Key('Port to listen on; 0 takes a free one. The environment variable PORT overrides it.', port, {
    default: 3000,
  })
  port = 3000;

  @Key('Path that Core posts its calls to.', routePath, { default: '/smartrouting' })
  path = '/smartrouting';

  @SectionKey('HTTPS without a proxy in front. The files are read again when they change.', () => TlsSection)
  tls?: TlsSection;

  @ListKey('Who may call: addresses and ranges. Without it: everybody.', network)
  allowedNetworks?: readonly string[];

  @ListKey('Proxies whose X-Forwarded-For is believed: addresses and ranges.', network, {
    mayBeEmpty: true,
    default: [],
  })
  trustedProxies: readonly string[] = [];

  @Key(
    'How long calls are still taken after a SIGTERM, while /health/ready says 503 so that balancers look elsewhere.',
    duration({ max: '5m', why: 'A supervisor kills before that.', default: '2s' }),
    { default: '2s' },
  )
  shutdownGrace = '2s';
  @Key('How many connections may be open; further ones are dropped at once.', wholeNumber(1, 1e6, 10_000), {
    default: 10_000,
  })
  maxConnections = 10_000;

  @Key(
    'How many of them may come from one address, or from one IPv6 network of 64 bits; trusted proxies may have all.',
    wholeNumber(1, 1e6),
  )
  maxConnectionsPerAddress?: number;
}

/** The section as the service uses it, including defaults that depend on another key. */
export interface ServerConfig extends Readonly<Omit<ServerSection, 'tls' | 'shutdownGrace'>> {
  readonly tls: TlsFiles | undefined;
  readonly shutdownGraceMs: number;
  readonly maxConnectionsPerAddress: number;
}

/** `HOST`, `PORT`, `MANAGEMENT_HOST` and `MANAGEMENT_PORT`, which override the sections. */
export interface ServerEnvironment extends Partial<Pick<ServerSection, 'host' | 'port'>> {
  readonly managementHost?: string;
  readonly managementPort?: number;
}

/** @param directory that relative paths start from */
export function serverConfig(
  section: ServerSection,
  directory: string,
  environment: ServerEnvironment,
): ServerConfig {
  const { tls, shutdownGrace, ...rest } = section;
  return {
    ...rest,
    host: environment.host ?? section.host,
    port: environment.port ?? section.port,
    tls: tls && {
      cert: resolve(directory, tls.cert),
      key: resolve(directory, tls.key),
      ...(tls.clientCa !== undefined && { clientCa: resolve(directory, tls.clientCa) }),
    },
    shutdownGraceMs: durationMs(shutdownGrace),
    maxConnectionsPerAddress:
      section.maxConnectionsPerAddress ?? Math.max(1, Math.floor(section.maxConnections / 4)),
  };
}

export class ManagementSection {
  @Key(
    'Port of its own for /health, /metrics and /docs; 0 takes a free one. The environment variable MANAGEMENT_PORT overrides it.',
    furtherPort,
    { required: true },
  )
  port: number;

  @Key(
    'Address to listen on. Default: that of server.host. The environment variable MANAGEMENT_HOST overrides it.',
    host,
  )
  host?: string;
}

/** Health, metrics and the OpenAPI page on a port of their own, without TLS. */
export interface ManagementConfig {
  readonly host: string;
  readonly port: number;
}

/** The part of the configuration that this room sees. */
export interface HttpConfig {
  readonly server: ServerConfig;
  /** `undefined` = on the port for calls. */
  readonly management: ManagementConfig | undefined;
}

export function managementConfig(
  section: ManagementSection | undefined,
  server: ServerSection,
  environment: ServerEnvironment,
): ManagementConfig | undefined {
  const port = environment.managementPort ?? section?.port;
  if (port === undefined) return undefined;
  return { host: environment.managementHost ?? section?.host ?? environment.host ?? server.host, port };
}

const IS_TAKEN =
  'is the port of the calls (server.port, or PORT in the environment). Write another one, or remove management to have all on one port.';
const IS_TAKEN_TOO =
  'is the port of the calls (server.port, or PORT in the environment). Set another one, or remove the variable.';

/** Two servers cannot share a port. */
export function checkManagement(
  sections: { readonly management?: ManagementSection; readonly server: ServerSection } | undefined,
  file: ConfigMap,
  environment: ServerEnvironment,
  report: Report,
): void {
  const { managementPort, managementHost } = environment;
  const port = managementPort ?? sections?.management?.port;
  if (managementHost !== undefined && port === undefined)
    report.warnOf('MANAGEMENT_HOST', 'has no effect without management.port or MANAGEMENT_PORT.');
  if (port === undefined || port === 0 || port !== (environment.port ?? sections?.server.port)) return;
  const node = mapAt(file, 'management')?.entries.get('port');
  if (managementPort !== undefined)
    report.add({ key: 'MANAGEMENT_PORT', message: `${managementPort} ${IS_TAKEN_TOO}` });
  else if (node !== undefined) report.at(node, IS_TAKEN);
}
