import { resolve } from 'node:path';
import { checkCredentials, CredentialSection } from '../auth/credentials.config.js';
import type { CredentialsConfig } from '../auth/credentials.config.js';
import { configHash, withoutSecrets } from '../config/config-hash.js';
import { itemsAt, mapAt, textOf } from '../config/config-node.js';
import type { ConfigMap } from '../config/config-node.js';
import { deepFreeze } from '../config/freeze.js';
import { Key, ListKey, SectionKey, SectionsKey } from '../config/key.js';
import type { ConfigSource } from '../config/read-config-file.js';
import { readSection } from '../config/read-section.js';
import { Report } from '../config/report.js';
import { COUNTRY_KEY, country, mapping, text, timezone } from '../config/rules.js';
import { networkMatcher } from '../http/networks.js';
import {
  checkManagement,
  managementConfig,
  ManagementSection,
  serverConfig,
  ServerSection,
} from '../http/server.config.js';
import type { HttpConfig } from '../http/server.config.js';
import { checkProviders } from '../lookup/providers.config.js';
import type { Kinds, ProvidersConfig } from '../lookup/providers.config.js';
import { LoggingSection } from '../observability/logging.config.js';
import type { TracingConfig } from '../observability/tracing-environment.js';
import { checkTargets } from '../routing/targets.config.js';
import type { TargetsConfig } from '../routing/targets.config.js';
import type { Environment } from './environment.js';

export class RootSection {
  @Key(`${COUNTRY_KEY} A target or provider may have its own.`, country)
  country?: string;

  @Key('Time zone in which a date without a time is a whole day: an IANA name.', timezone, { default: 'UTC' })
  timezone = 'UTC';

  @SectionKey('Where the service listens and whom it lets in.', () => ServerSection)
  server: ServerSection = new ServerSection();

  @SectionKey(
    'Health, metrics and the OpenAPI page on a port of their own, without TLS. Without it they are on the port of the calls.',
    () => ManagementSection,
  )
  management?: ManagementSection;

  @SectionsKey('Who may ask: API keys and HTTP Basic logins.', () => CredentialSection, {
    required: true,
    hint: 'Write at least one credential with an id and an apiKey, or a username and password.',
  })
  credentials: CredentialSection[];

  @Key(
    'Name: a configured lookup. Letters, digits, - _ and . in names.',
    mapping('Write a name and, below it, kind: and the options of that kind.'),
    { required: true },
  )
  providers: Record<string, unknown>;

  @Key(
    'Target id: what to do for calls to it. default is for calls to any other.',
    mapping('Write a targetid, or default, and, below it, providers: and routes:.'),
    { required: true },
  )
  targets: Record<string, unknown>;

  @SectionKey('What is logged.', () => LoggingSection)
  logging: LoggingSection = new LoggingSection();

  @ListKey(
    'Plug-ins that bring further kinds of provider: npm packages, or files relative to this one.',
    text('Write the name of a package or the path of a file.'),
    { mayBeEmpty: true, default: [] },
  )
  plugins: string[] = [];
}

/** The configuration as the service uses it: checked, complete with defaults, durations in ms, frozen. */
export interface AppConfig extends HttpConfig, CredentialsConfig, ProvidersConfig, TargetsConfig {
  /** `DATABASE_URL`: `sqlite:<absolute path>` or `mysql://…`, which may list several servers. */
  readonly databaseUrl: string;
  /** From the `OTEL_` variables; absent: no traces. */
  readonly tracing?: TracingConfig | undefined;
  /** Settings that are allowed but probably not intended; logged at start, printed by `config check`. */
  readonly warnings: readonly string[];
  /** Equal for configurations that differ at most in secrets, comments and order; see `withoutSecrets`. */
  readonly hash: string;
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
  environment: Pick<
    Environment,
    'port' | 'host' | 'managementPort' | 'managementHost' | 'databaseUrl' | 'tracing' | 'warnings'
  >,
): AppConfig {
  const file = source.root;
  const report = new Report(source.problems);
  const root = readSection(RootSection, file, report);
  const providerMap = mapAt(file, 'providers');
  const targetMap = mapAt(file, 'targets');
  const targetNames = namesIn(targetMap);
  const resolvePath = (path: string): string => {
    const absolute = resolve(source.directory, path);
    // Kinds ask for the path of a file that contains options.
    source.files.add(absolute);
    return absolute;
  };
  const host = environment.host ?? textOf(mapAt(file, 'server')?.entries.get('host'));

  checkCredentials(itemsAt(file, 'credentials'), targetNames, isLoopback(host), report);
  const providers = checkProviders(providerMap, kinds, { resolvePath }, report);
  const targets = checkTargets(targetMap, namesIn(providerMap), report);
  warnOfUnused(providerMap, targetMap, report);
  checkManagement(root, file, environment, report);
  report.throwIfAny(source.shownAs);

  const { server, management, credentials, country, timezone, logging } = root!;
  return deepFreeze<AppConfig>({
    file: source.file,
    directory: source.directory,
    country,
    timezone,
    server: serverConfig(server, source.directory, environment),
    management: managementConfig(management, server, environment),
    credentials,
    providers,
    targets,
    logging,
    databaseUrl: environment.databaseUrl,
    tracing: environment.tracing,
    warnings: [...(environment.warnings ?? []), ...report.warnings],
    hash: configHash(
      withoutSecrets(file),
      [...providers.values()].map(({ name, hashed }) => [name, hashed]),
    ),
  });
}

function namesIn(map: ConfigMap | undefined): string[] | undefined {
  return map && [...map.entries.keys()];
}

const isInLoopback = networkMatcher(['127.0.0.0/8', '::1']);

/** @param host `undefined` = the default, 127.0.0.1 */
function isLoopback(host: string | undefined): boolean {
  return host === undefined || host === 'localhost' || isInLoopback(host);
}

function warnOfUnused(
  providers: ConfigMap | undefined,
  targets: ConfigMap | undefined,
  report: Report,
): void {
  const listed = [...(targets?.entries.values() ?? [])].flatMap((target) =>
    target.kind === 'map' ? itemsAt(target, 'providers') : [],
  );
  const used = new Set(listed.map(textOf));
  for (const [name, node] of providers?.entries ?? []) {
    if (!used.has(name))
      report.warn(node, 'No target uses this provider. List it under providers: of a target, or remove it.');
  }
}
