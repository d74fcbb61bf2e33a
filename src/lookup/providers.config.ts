import type { CompletionTools } from '../common/completed-options.js';
import { duration, durationMs, parseDuration } from '../common/duration.js';
import { suggestion } from '../common/near-name.js';
import { propertiesOf } from '../config/class-metadata.js';
import { adviseProvider, completeProvider } from '../config/complete-options.js';
import type { Kind } from '../config/complete-options.js';
import { withoutSecrets } from '../config/config-hash.js';
import { textOf, toPlain } from '../config/config-node.js';
import type { ConfigMap, ConfigNode } from '../config/config-node.js';
import { Key, SectionKey } from '../config/key.js';
import { readSection } from '../config/read-section.js';
import { Report } from '../config/report.js';
import { COUNTRY_KEY, country, text, wholeNumber } from '../config/rules.js';
import type { LoggingConfig } from '../observability/logging.config.js';

export class CacheSection {
  @Key('How long a found record is kept.', duration({ min: '1ms' }), { required: true })
  ttl: string;

  @Key('How long "not a VIP" is kept; 0ms not at all. Default: as ttl.', duration())
  negativeTtl?: string;

  @Key(
    'How long after its ttl an answer is still given at once, while the provider is asked again in the background.',
    duration({ default: '0ms' }),
    { default: '0ms' },
  )
  staleWhileRevalidate = '0ms';

  @Key(
    'How long after its ttl a found record may still be used while the provider fails or is too slow.',
    duration({ default: '0ms' }),
    { default: '0ms' },
  )
  staleIfError = '0ms';

  @Key('How many callers are kept; the least recently used is evicted first.', wholeNumber(1, 1e6, 10_000), {
    default: 10_000,
  })
  maxEntries = 10_000;
}

const DEFAULT_TIMEOUT = '1000ms';

/** The keys that every provider has, whatever its kind. */
export class ProviderSection {
  @Key(
    'What kind of lookup this is: static-file, database, crm-http, or a kind that a plug-in brings.',
    text('Write the kind of lookup.', 40),
    { required: true },
  )
  kind: string;

  @Key(`${COUNTRY_KEY} For the data of this provider.`, country)
  country?: string;

  @Key('Longest time for one lookup.', duration({ min: '1ms', default: DEFAULT_TIMEOUT }), {
    default: DEFAULT_TIMEOUT,
  })
  timeout = DEFAULT_TIMEOUT;

  @Key('How many lookups may be under way at once; more wait for their turn.', wholeNumber(1, 10_000, 50), {
    default: 50,
  })
  maxConcurrent = 50;

  @Key(
    'How many lookups may wait for their turn; more are turned away at once.',
    wholeNumber(0, 100_000, 100),
    { default: 100 },
  )
  maxQueued = 100;

  @SectionKey('Keep answers in memory. Without it every call asks the provider.', () => CacheSection)
  cache?: CacheSection;
}

export interface ProviderConfig {
  readonly name: string;
  readonly kind: string;
  readonly country: string | undefined;
  /** For one lookup, the time in the queue included. */
  readonly timeoutMs: number;
  /** Maximum of lookups in progress at once; `maxQueued` more may wait for their turn. */
  readonly maxConcurrent: number;
  readonly maxQueued: number;
  readonly cache: CacheConfig | undefined;
  /** Checked instance of the kind's options class. */
  readonly options: object;
  /**
   * All its keys as plain values, with `${…}` and presets filled in. They include secrets: only for comparison, never
   * for display.
   */
  readonly written: unknown;
  /** The same as `withoutSecrets` has it. */
  readonly hashed: unknown;
}

/** A checked options object may contain functions, which cannot be compared; the values it was created from can. */
export const comparable = (provider: ProviderConfig): object => ({ ...provider, options: undefined });

export interface CacheConfig {
  readonly ttlMs: number;
  /** 0: "not a VIP" is not cached. */
  readonly negativeTtlMs: number;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  readonly maxEntries: number;
}

/** A provider as the whole configuration has it. */
export interface ProviderEntry extends ProviderConfig {
  readonly timezone: string;
}

/** The part of the configuration that the registry sees. */
export interface ProvidersConfig {
  /** Absolute path of the YAML file. */
  readonly file: string;
  /** Directory that relative paths start from. */
  readonly directory: string;
  readonly country: string | undefined;
  readonly timezone: string;
  /** Name -> configured lookup, in the file's order. */
  readonly providers: ReadonlyMap<string, ProviderConfig>;
  readonly logging: LoggingConfig;
}

/** The kinds of provider that exist, by the word after `kind:`. */
export type Kinds = ReadonlyMap<string, Kind>;

const COMMON_KEYS = [...propertiesOf(ProviderSection).keys()];
/** Keys in `/health` besides those of the providers. */
const RESERVED = ['build', 'configuration', 'load'];
const NAME = /^[A-Za-z0-9_.-]{1,64}$/;

export function checkProviders(
  providers: ConfigMap | undefined,
  kinds: Kinds,
  tools: CompletionTools,
  report: Report,
): Map<string, ProviderConfig> {
  const checked = new Map<string, ProviderConfig>();
  for (const [name, node] of providers?.entries ?? []) {
    if (!NAME.test(name))
      report.atKey(node, 'is not a name for a provider. Use letters, digits, - _ and ., at most 64.');
    if (RESERVED.includes(name))
      report.atKey(node, `is reserved: /health has a key of that name. Choose another name.`);
    if (node.kind === 'map') {
      const config = checkProvider(name, node, kinds, tools, report);
      if (config !== undefined) checked.set(name, config);
    } else {
      report.at(node, 'is not a map of keys. Write kind: and the options of that kind.');
    }
  }
  return checked;
}

function checkProvider(
  name: string,
  written: ConfigMap,
  kinds: Kinds,
  tools: CompletionTools,
  report: Report,
): ProviderConfig | undefined {
  const kindNode = written.entries.get('kind');
  const kindName = textOf(kindNode);
  const kind = kindName === undefined ? undefined : kinds.get(kindName);
  if (kind === undefined) {
    readCommon(written, report);
    if (kindNode !== undefined && kindName !== undefined) {
      report.at(kindNode, `is not a kind of provider.${suggestion(kindName, [...kinds.keys()])}`);
    }
    return undefined;
  }
  const { node, isWhole } = completeProvider(written, kind, tools, report);
  if (node === undefined) {
    readCommon(written, report);
    return undefined;
  }
  const found = isWhole ? report : new Report([]);
  const section = readCommon(node, found);
  const options = readSection(kind.options, node, found, COMMON_KEYS);
  checkStaleTimes(node, section?.cache, found);
  if (!isWhole) reportWritten(found, written, report);
  if (section === undefined || options === undefined || report.hasProblems) return undefined;
  adviseProvider(node, kind, options, report);
  return {
    name,
    kind: section.kind,
    country: section.country,
    timeoutMs: durationMs(section.timeout),
    maxConcurrent: section.maxConcurrent,
    maxQueued: section.maxQueued,
    cache: section.cache && cacheConfig(section.cache),
    options,
    written: toPlain(node),
    hashed: withoutSecrets(node),
  };
}

/** Checks the keys that every provider has; the others belong to its kind. */
function readCommon(node: ConfigMap, report: Report): ProviderSection | undefined {
  const ownKeys = [...node.entries.keys()].filter((key) => !COMMON_KEYS.includes(key));
  return readSection(ProviderSection, node, report, ownKeys);
}

/** If options are incomplete, only what the administrator wrote can be checked. */
function reportWritten(found: Report, written: ConfigMap, report: Report): void {
  const paths = new Set<string>();
  const collect = (node: ConfigNode): void => {
    paths.add(node.path);
    if (node.kind === 'map') node.entries.forEach(collect);
    if (node.kind === 'list') node.items.forEach(collect);
  };
  written.entries.forEach(collect);
  for (const problem of found.problems) if (paths.has(problem.key)) report.add(problem);
}

/** Both times begin when the ttl is over, and until `staleWhileRevalidate` is over, the old answer is used in any case. */
function checkStaleTimes(provider: ConfigMap, cache: CacheSection | undefined, report: Report): void {
  const node = provider.entries.get('cache');
  if (cache === undefined || node?.kind !== 'map') return;
  const staleIfError = node.entries.get('staleIfError');
  const onErrorMs = parseDuration(cache.staleIfError);
  const refreshMs = parseDuration(cache.staleWhileRevalidate);
  if (staleIfError === undefined || onErrorMs === undefined || refreshMs === undefined) return;
  if (onErrorMs > 0 && onErrorMs <= refreshMs) {
    report.at(
      staleIfError,
      `does nothing beside staleWhileRevalidate: ${cache.staleWhileRevalidate}, which is as long or longer. Write a longer time, or remove the key.`,
    );
  }
}

function cacheConfig(section: CacheSection): CacheConfig {
  return {
    ttlMs: durationMs(section.ttl),
    negativeTtlMs: durationMs(section.negativeTtl ?? section.ttl),
    staleWhileRevalidateMs: durationMs(section.staleWhileRevalidate),
    staleIfErrorMs: durationMs(section.staleIfError),
    maxEntries: section.maxEntries,
  };
}
