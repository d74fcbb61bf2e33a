import ipaddr from 'ipaddr.js';
import { resolve } from 'node:path';
import { durationMs } from '../common/duration.js';
import type { AppConfig, ServerConfig } from './app-config.js';
import { checkCredentials, credentialConfig } from './check-credentials.js';
import type { CheckInstruction } from './check-instructions.js';
import { checkProviders } from './check-providers.js';
import type { Kinds } from './check-providers.js';
import { checkTargets } from './check-targets.js';
import { itemsAt, mapAt, textOf } from './config-node.js';
import type { ConfigMap } from './config-node.js';
import type { ConfigSource } from './read-config-file.js';
import type { Environment } from './environment.js';
import { deepFreeze } from './freeze.js';
import { readSection } from './read-section.js';
import { Report } from './report.js';
import { RootSection } from './sections.js';
import type { ServerSection } from './sections.js';

export interface CheckHooks {
  /** Called for each text in instructions, at any depth. */
  readonly checkInstruction?: CheckInstruction;
}

/**
 * Second stage: checks everything.
 * @param source from `readConfigFile`
 * @param kinds built-in kinds and those of the plug-ins
 * @returns the configuration with all defaults filled in, frozen
 * @throws ConfigError listing every problem of the file
 */
export function checkConfig(
  source: ConfigSource,
  kinds: Kinds,
  environment: Pick<Environment, 'port' | 'host' | 'databaseUrl' | 'tracing' | 'warnings'>,
  hooks: CheckHooks = {},
): AppConfig {
  const file = source.root;
  const report = new Report(source.problems);
  const root = readSection(RootSection, file, report);
  const providerMap = mapAt(file, 'providers');
  const targetMap = mapAt(file, 'targets');
  const targetNames = namesIn(targetMap);
  const resolvePath = (path: string): string => {
    const absolute = resolve(source.directory, path);
    // Kinds ask for the path of a file that options stand in.
    source.files.add(absolute);
    return absolute;
  };
  const host = environment.host ?? textOf(mapAt(file, 'server')?.entries.get('host'));

  checkCredentials(itemsAt(file, 'credentials'), targetNames, isLoopback(host), report);
  const providers = checkProviders(providerMap, kinds, { resolvePath }, report);
  const targets = checkTargets(targetMap, namesIn(providerMap), report, hooks.checkInstruction);
  warnOfUnused(providerMap, targetMap, report);
  checkManagement(root, file, environment, report);
  report.throwIfAny(source.shownAs);

  const { server, management, credentials, country, logging } = root!;
  return deepFreeze<AppConfig>({
    file: source.file,
    directory: source.directory,
    country,
    server: serverConfig(server, source.directory, environment),
    management: management && {
      host: management.host ?? environment.host ?? server.host,
      port: management.port,
    },
    credentials: credentials.map(credentialConfig),
    providers,
    targets,
    logging: { level: logging.level, numbers: logging.numbers },
    databaseUrl: environment.databaseUrl,
    tracing: environment.tracing,
    warnings: [...(environment.warnings ?? []), ...report.warnings],
  });
}

function serverConfig(
  section: ServerSection,
  directory: string,
  environment: Pick<Environment, 'port' | 'host'>,
): ServerConfig {
  const { tls } = section;
  return {
    host: environment.host ?? section.host,
    port: environment.port ?? section.port,
    path: section.path,
    tls: tls && {
      cert: resolve(directory, tls.cert),
      key: resolve(directory, tls.key),
      clientCa: tls.clientCa === undefined ? undefined : resolve(directory, tls.clientCa),
    },
    allowedNetworks: section.allowedNetworks,
    trustedProxies: section.trustedProxies,
    shutdownGraceMs: durationMs(section.shutdownGrace),
    maxConnections: section.maxConnections,
    maxConnectionsPerAddress:
      section.maxConnectionsPerAddress ?? Math.max(1, Math.floor(section.maxConnections / 4)),
  };
}

function checkManagement(
  root: RootSection | undefined,
  file: ConfigMap,
  environment: Pick<Environment, 'port'>,
  report: Report,
): void {
  const port = root?.management?.port;
  const node = mapAt(file, 'management')?.entries.get('port');
  if (node === undefined || port === 0 || port !== (environment.port ?? root?.server.port)) return;
  const message =
    'is the port of the calls (server.port, or PORT in the environment). Write another one, or remove management to have all on one port.';
  report.at(node, message);
}

function namesIn(map: ConfigMap | undefined): string[] | undefined {
  return map && [...map.entries.keys()];
}

/** @param host `undefined` = the default, 127.0.0.1 */
function isLoopback(host: string | undefined): boolean {
  if (host === undefined || host === 'localhost') return true;
  return ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback';
}

function warnOfUnused(
  providers: ConfigMap | undefined,
  targets: ConfigMap | undefined,
  report: Report,
): void {
  const used = new Set<unknown>();
  for (const target of targets?.entries.values() ?? []) {
    if (target.kind !== 'map') continue;
    for (const item of itemsAt(target, 'providers'))
      used.add(item.kind === 'scalar' ? item.value : undefined);
  }
  for (const [name, node] of providers?.entries ?? []) {
    if (!used.has(name))
      report.warn(node, 'No target uses this provider. List it under providers: of a target, or remove it.');
  }
}
