import { durationMs, parseDuration } from '../common/duration.js';
import type { CacheConfig, ProviderConfig } from './app-config.js';
import type { OptionsClass } from './class-metadata.js';
import { propertiesOf } from './class-metadata.js';
import { textOf } from './config-node.js';
import type { ConfigMap } from './config-node.js';
import { suggestion } from '../common/near-name.js';
import { readSection } from './read-section.js';
import type { Report } from './report.js';
import { ProviderSection } from './sections.js';
import type { CacheSection } from './sections.js';

/** The kinds of provider that exist: the word after `kind:` and the class of its options. */
export type Kinds = ReadonlyMap<string, { readonly options: OptionsClass }>;

const COMMON_KEYS = [...propertiesOf(ProviderSection).keys()];
/** Keys in `/health` beside those of the providers. */
const RESERVED = ['configuration', 'load'];
const NAME = /^[A-Za-z0-9_.-]{1,64}$/;

/** Checks `providers:`, the options of each kind included. */
export function checkProviders(
  providers: ConfigMap | undefined,
  kinds: Kinds,
  report: Report,
): Map<string, ProviderConfig> {
  const checked = new Map<string, ProviderConfig>();
  for (const [name, node] of providers?.entries ?? []) {
    if (!NAME.test(name))
      report.add({
        line: node.line,
        key: node.path,
        message: 'is not a name for a provider. Use letters, digits, - _ and ., at most 64.',
      });
    if (RESERVED.includes(name))
      report.add({
        line: node.line,
        key: node.path,
        message: `is taken: /health has a key of that name beside those of the providers. Choose another name.`,
      });
    if (node.kind === 'map') {
      const config = checkProvider(name, node, kinds, report);
      if (config !== undefined) checked.set(name, config);
    } else {
      report.at(node, 'is not a map of keys. Write kind: and the options of that kind.');
    }
  }
  return checked;
}

function checkProvider(
  name: string,
  node: ConfigMap,
  kinds: Kinds,
  report: Report,
): ProviderConfig | undefined {
  const ownKeys = [...node.entries.keys()].filter((key) => !COMMON_KEYS.includes(key));
  const section = readSection(ProviderSection, node, report, ownKeys);
  const kindNode = node.entries.get('kind');
  const kind = textOf(kindNode);
  const options = kind === undefined ? undefined : kinds.get(kind)?.options;
  if (kindNode !== undefined && kind !== undefined && options === undefined) {
    report.at(kindNode, `is not a kind of provider.${suggestion(kind, [...kinds.keys()])}`);
  }
  if (section === undefined || options === undefined) return undefined;
  const instance = readSection(options, node, report, COMMON_KEYS);
  checkStaleTimes(node, section.cache, report);
  if (instance === undefined || report.hasProblems) return undefined;
  return {
    name,
    kind: section.kind,
    country: section.country,
    timeoutMs: durationMs(section.timeout),
    maxConcurrent: section.maxConcurrent,
    maxQueued: section.maxQueued,
    cache: section.cache && cacheConfig(section.cache),
    options: instance,
  };
}

/** Both times begin when the ttl is over, and the background refresh gives the old answer whatever the provider does. */
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
