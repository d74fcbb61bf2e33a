import { durationMs, parseDuration } from '../common/duration.js';
import type { CacheConfig, ProviderConfig } from './app-config.js';
import type { CompletionTools } from '../common/completed-options.js';
import { suggestion } from '../common/near-name.js';
import { propertiesOf } from './class-metadata.js';
import { completeProvider } from './complete-options.js';
import type { Kind } from './complete-options.js';
import { textOf, toPlain } from './config-node.js';
import type { ConfigMap, ConfigNode } from './config-node.js';
import { readSection } from './read-section.js';
import { Report } from './report.js';
import { ProviderSection } from './sections.js';
import type { CacheSection } from './sections.js';

/** The kinds of provider that exist, by the word after `kind:`. */
export type Kinds = ReadonlyMap<string, Kind>;

const COMMON_KEYS = [...propertiesOf(ProviderSection).keys()];
/** Keys in `/health` beside those of the providers. */
const RESERVED = ['configuration', 'load'];
const NAME = /^[A-Za-z0-9_.-]{1,64}$/;

/** Checks `providers:`, the options of each kind included. */
export function checkProviders(
  providers: ConfigMap | undefined,
  kinds: Kinds,
  tools: CompletionTools,
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
  };
}

/** Checks the keys that every provider has; the others belong to its kind. */
function readCommon(node: ConfigMap, report: Report): ProviderSection | undefined {
  const ownKeys = [...node.entries.keys()].filter((key) => !COMMON_KEYS.includes(key));
  return readSection(ProviderSection, node, report, ownKeys);
}

/** Of incomplete options, only what the administrator wrote can be judged. */
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
