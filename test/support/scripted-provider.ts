import type { CacheConfig, ProviderConfig, ProviderEntry } from '../../src/lookup/providers.config.js';
import { GuardedProvider } from '../../src/lookup/guarded-provider.js';
import type { LookupUnderWay, ProviderOutcome } from '../../src/lookup/outcome.js';
import type { Caller } from '../../src/plugin-api/caller.js';
import type {
  ProviderStatus,
  VipAnswer,
  VipLookupProvider,
} from '../../src/plugin-api/vip-lookup-provider.js';
import { createLogger } from '../../src/observability/logger.js';
import type { MetricsService } from '../../src/observability/metrics.service.js';

type Lookup = (caller: Caller, signal: AbortSignal) => VipAnswer | Promise<VipAnswer>;

/** A provider that answers as the test says, and remembers what it was asked. */
export class ScriptedProvider implements VipLookupProvider {
  readonly calls: string[] = [];
  readonly signals: AbortSignal[] = [];
  check: (signal: AbortSignal) => Promise<ProviderStatus> = async () => ({ status: 'up' });

  constructor(public answer: Lookup) {}

  lookup(asked: Caller, signal: AbortSignal): VipAnswer | Promise<VipAnswer> {
    this.calls.push(asked.key);
    this.signals.push(signal);
    return this.answer(asked, signal);
  }
}

/** A provider that answers when the test wants it to, first asked first. */
export class HoldingProvider extends ScriptedProvider {
  readonly held: { answer: (answer: VipAnswer) => void; fail: (error: unknown) => void }[] = [];

  constructor() {
    super(() => new Promise((answer, fail) => this.held.push({ answer, fail })));
  }
}

export const cacheConfig = (more: Partial<CacheConfig> = {}): CacheConfig => ({
  ttlMs: 60_000,
  negativeTtlMs: 60_000,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  maxEntries: 100,
  ...more,
});

/** A configured provider. @param logged gets the log's lines */
export function guarded(
  provider: VipLookupProvider,
  metrics: MetricsService,
  more: Partial<ProviderConfig> = {},
  logged: Record<string, unknown>[] = [],
): GuardedProvider {
  const config: ProviderEntry = {
    name: 'crm',
    kind: 'scripted',
    country: 'FI',
    timezone: 'UTC',
    timeoutMs: 30_000,
    maxConcurrent: 50,
    maxQueued: 100,
    cache: undefined,
    options: {},
    written: {},
    hashed: {},
    ...more,
  };
  const logger = createLogger(
    { level: 'info', numbers: 'masked' },
    { write: (line) => void logged.push(JSON.parse(line) as Record<string, unknown>) },
  );
  return new GuardedProvider(config, provider, metrics, logger);
}

export const isUnderWay = (asked: ProviderOutcome | LookupUnderWay): asked is LookupUnderWay =>
  !('kind' in asked);

/** What comes of a question in the end. */
export function outcomeOf(
  asked: ProviderOutcome | LookupUnderWay,
): ProviderOutcome | Promise<ProviderOutcome> {
  return isUnderWay(asked) ? asked.outcome : asked;
}

/** Lookups counted so far, by outcome; those that never happened are absent. */
export async function lookupCounts(metrics: MetricsService): Promise<Record<string, number>> {
  const { values } = await metrics.registry.getSingleMetric('smartrouting_provider_lookups_total')!.get();
  return Object.fromEntries(
    values.filter(({ value }) => value > 0).map(({ labels, value }) => [String(labels['outcome']), value]),
  );
}
