import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Metric } from 'prom-client';
import { COMMIT, VERSION } from '../common/version.js';

const SECONDS_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2.5, 5];

/** Why a login was refused; the label `kind` of `smartrouting_auth_failures_total`. */
const AUTH_FAILURE_KINDS = ['missing', 'api-key', 'password', 'network', 'target', 'throttled'] as const;
export type AuthFailureKind = (typeof AUTH_FAILURE_KINDS)[number];

/** Label of calls without a configured target. */
export const UNKNOWN_TARGET = 'unknown';

/** State of a circuit breaker as a number: 0 closed (asks), 1 half open (tries), 2 open (refuses). */
export const BREAKER_STATES = ['closed', 'half-open', 'open'] as const;
export type BreakerState = (typeof BREAKER_STATES)[number];

/** What each metric tells; the names of all that this service has of its own. */
const HELP = {
  smartrouting_build_info:
    'Always 1; the labels tell the version and commit of the service, and the version of Node.',
  smartrouting_ready: '1 while the instance takes calls, 0 while it starts or stops; as /health/ready.',
  smartrouting_decisions_total: 'Decisions by target and reason.',
  smartrouting_decision_duration_seconds: "Time from the request's headers to the decision, seconds.",
  smartrouting_decisions_in_flight: 'Decisions under way.',
  smartrouting_provider_lookups_total:
    'Lookups by provider and outcome: found, none, late (no call waited any more), failed, timeout, rejected (breaker open, or too many at once), cached, stale.',
  smartrouting_provider_duration_seconds: 'Time of lookups that reached the provider, seconds.',
  smartrouting_provider_breaker_state: 'Circuit breaker: 0 closed, 1 half open, 2 open.',
  smartrouting_provider_copy_age_seconds:
    "Time since a provider's copy was brought up to date with its backend, or was last known to be what lies on disk, seconds.",
  smartrouting_provider_entries: 'Entries that a provider holds, where it can tell.',
  smartrouting_auth_failures_total:
    'Refused requests by kind: missing, api-key, password, network, target, throttled.',
  smartrouting_config_last_reload_success:
    '1 when the configuration file was last read without a problem, 0 when it was refused.',
  smartrouting_config_last_reload_success_timestamp_seconds:
    'When the configuration file was last read without a problem, Unix time.',
  smartrouting_log_lines_dropped_total:
    'Log lines lost: the reader of standard output was too slow or gone, or its disk was full.',
  smartrouting_connections_dropped_total:
    'New connections dropped because server.maxConnections were open, or maxConnectionsPerAddress of the address.',
  smartrouting_tls_certificate_expiry_timestamp_seconds:
    'When the certificate in use ends, seconds since 1970.',
};
type MetricName = keyof typeof HELP;

/** The Prometheus metrics of this instance. Labels come from configured names only. */
@Injectable()
export class MetricsService {
  readonly registry = new Registry();

  readonly #decisions = this.#counter('smartrouting_decisions_total', 'target', 'reason');
  readonly #decisionSeconds = this.#histogram('smartrouting_decision_duration_seconds');
  readonly #lookups = this.#counter('smartrouting_provider_lookups_total', 'provider', 'outcome');
  readonly #lookupSeconds = this.#histogram('smartrouting_provider_duration_seconds', 'provider');
  readonly #breaker = this.#gauge('smartrouting_provider_breaker_state', 'provider');
  readonly #authFailures = this.#counter('smartrouting_auth_failures_total', 'kind');
  readonly #reload = this.#gauge('smartrouting_config_last_reload_success');
  readonly #reloadedAt = this.#gauge('smartrouting_config_last_reload_success_timestamp_seconds');
  readonly #logLinesDropped = this.#counter('smartrouting_log_lines_dropped_total');
  readonly #connectionsDropped = this.#counter('smartrouting_connections_dropped_total');
  /** Names that have their own series; `undefined`: any name. */
  #providers: ReadonlySet<string> | undefined;
  #targets: ReadonlySet<string> | undefined;

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    this.configRead(true);
    const build = { version: VERSION, commit: COMMIT, node: process.versions.node };
    this.#gauge('smartrouting_build_info', 'version', 'commit', 'node').set(build, 1);
    // If a series began with its first event, Prometheus would not see an increase.
    for (const kind of AUTH_FAILURE_KINDS) this.#authFailures.inc({ kind }, 0);
    this.#decisions.inc({ target: UNKNOWN_TARGET, reason: 'overloaded' }, 0);
  }

  /** @param isUsable whether the configuration file, read just now, has no problem */
  configRead(isUsable: boolean): void {
    this.#reload.set(isUsable ? 1 : 0);
    if (isUsable) this.#reloadedAt.setToCurrentTime();
  }

  /**
   * Removes the series of all other providers and targets. Later events for them are not counted, or count for the
   * target `unknown`.
   */
  async configured(providers: Iterable<string>, targets: Iterable<string>): Promise<void> {
    this.#providers = new Set(providers);
    this.#targets = new Set([...targets, UNKNOWN_TARGET]);
    await keepOnly('target', this.#targets, [this.#decisions]);
    await keepOnly('provider', this.#providers, [this.#lookups, this.#lookupSeconds, this.#breaker]);
  }

  decision({ target, reason }: { target: string; reason: string }, seconds: number): void {
    const known = this.#targets?.has(target) === false ? UNKNOWN_TARGET : target;
    this.#decisions.inc({ target: known, reason });
    this.#decisionSeconds.observe(seconds);
  }

  /** A gauge whose value is computed when the metrics are read. */
  measure(name: MetricName, value: () => number): void {
    new Gauge({
      ...this.#described(name),
      collect(): void {
        this.set(value());
      },
    });
  }

  /** As `measure`, with the value of each provider that has one. */
  measureProviders(name: MetricName, values: () => ReadonlyMap<string, number>): void {
    new Gauge({
      ...this.#described(name, ['provider']),
      collect(): void {
        this.reset();
        for (const [provider, value] of values()) this.set({ provider }, value);
      },
    });
  }

  lookup(provider: string, outcome: string, seconds?: number): void {
    if (!this.#isConfigured(provider)) return;
    this.#lookups.inc({ provider, outcome });
    if (seconds !== undefined) this.#lookupSeconds.observe({ provider }, seconds);
  }

  breakerState(provider: string, state: BreakerState): void {
    if (this.#isConfigured(provider)) this.#breaker.set({ provider }, BREAKER_STATES.indexOf(state));
  }

  logLinesDropped(lines: number): void {
    this.#logLinesDropped.inc(lines);
  }

  connectionDropped(): void {
    this.#connectionsDropped.inc();
  }

  authFailure(kind: AuthFailureKind): void {
    this.#authFailures.inc({ kind });
  }

  #isConfigured(provider: string): boolean {
    return this.#providers?.has(provider) !== false;
  }

  #counter<Label extends string>(name: MetricName, ...labels: Label[]): Counter<Label> {
    return new Counter(this.#described(name, labels));
  }

  #gauge<Label extends string>(name: MetricName, ...labels: Label[]): Gauge<Label> {
    return new Gauge(this.#described(name, labels));
  }

  #histogram<Label extends string>(name: MetricName, ...labels: Label[]): Histogram<Label> {
    return new Histogram({ ...this.#described(name, labels), buckets: SECONDS_BUCKETS });
  }

  #described<Label extends string>(name: MetricName, labelNames: Label[] = []) {
    return { name, help: HELP[name], labelNames, registers: [this.registry] };
  }
}

async function keepOnly(
  label: string,
  names: ReadonlySet<string>,
  metrics: readonly Metric[],
): Promise<void> {
  for (const metric of metrics) {
    for (const { labels } of (await metric.get()).values) {
      const own = { ...labels } as Record<string, string>;
      delete own['le']; // of a histogram's buckets
      if (!names.has(own[label]!)) metric.remove(own);
    }
  }
}
