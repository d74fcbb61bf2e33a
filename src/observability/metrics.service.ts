import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { VERSION } from '../common/version.js';

const SECONDS_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2.5, 5];

/** Why a login was refused; the label `kind` of `smartrouting_auth_failures_total`. */
const AUTH_FAILURE_KINDS = ['missing', 'api-key', 'password', 'network', 'target', 'throttled'] as const;
export type AuthFailureKind = (typeof AUTH_FAILURE_KINDS)[number];

/** What a call without a configured target counts as. */
export const UNKNOWN_TARGET = 'unknown';

/** State of a circuit breaker as a number: 0 closed (asks), 1 half open (tries), 2 open (refuses). */
export const BREAKER_STATES = ['closed', 'half-open', 'open'] as const;
export type BreakerState = (typeof BREAKER_STATES)[number];

/** The Prometheus metrics of this instance. Labels come from configured names only. */
@Injectable()
export class MetricsService {
  readonly registry = new Registry();

  readonly #decisions = new Counter({
    name: 'smartrouting_decisions_total',
    help: 'Decisions by target and reason.',
    labelNames: ['target', 'reason'],
    registers: [this.registry],
  });
  readonly #decisionSeconds = new Histogram({
    name: 'smartrouting_decision_duration_seconds',
    help: "Time from the request's headers to the decision, seconds.",
    buckets: SECONDS_BUCKETS,
    registers: [this.registry],
  });
  readonly #lookups = new Counter({
    name: 'smartrouting_provider_lookups_total',
    help: 'Lookups by provider and outcome: found, none, late (no call waited any more), failed, timeout, rejected (breaker open, or too many at once), cached, stale.',
    labelNames: ['provider', 'outcome'],
    registers: [this.registry],
  });
  readonly #lookupSeconds = new Histogram({
    name: 'smartrouting_provider_duration_seconds',
    help: 'Time of lookups that reached the provider, seconds.',
    labelNames: ['provider'],
    buckets: SECONDS_BUCKETS,
    registers: [this.registry],
  });
  readonly #breaker = new Gauge({
    name: 'smartrouting_provider_breaker_state',
    help: 'Circuit breaker: 0 closed, 1 half open, 2 open.',
    labelNames: ['provider'],
    registers: [this.registry],
  });
  readonly #authFailures = new Counter({
    name: 'smartrouting_auth_failures_total',
    help: 'Refused requests by kind: missing, api-key, password, network, target, throttled.',
    labelNames: ['kind'],
    registers: [this.registry],
  });
  readonly #reload = new Gauge({
    name: 'smartrouting_config_last_reload_success',
    help: '1 when the configuration file was last read without a problem, 0 when it was refused.',
    registers: [this.registry],
  });

  readonly #reloadedAt = new Gauge({
    name: 'smartrouting_config_last_reload_success_timestamp_seconds',
    help: 'When the configuration file was last read without a problem, Unix time.',
    registers: [this.registry],
  });
  readonly #logLinesDropped = new Counter({
    name: 'smartrouting_log_lines_dropped_total',
    help: 'Log lines lost: the reader of standard output was too slow or gone, or its disk was full.',
    registers: [this.registry],
  });
  readonly #connectionsDropped = new Counter({
    name: 'smartrouting_connections_dropped_total',
    help: 'New connections dropped because server.maxConnections were open, or maxConnectionsPerAddress of the address.',
    registers: [this.registry],
  });
  /** Looking a counter up by its labels costs more than counting. */
  readonly #decisionsOf = new Map<string, Counter.Internal>();
  readonly #lookupsOf = new Map<string, Counter.Internal>();
  /** Providers that have a series of their breaker. */
  readonly #withBreaker = new Set<string>();
  /** Names that have series of their own; `undefined`: any name. */
  #providers: ReadonlySet<string> | undefined;
  #targets: ReadonlySet<string> | undefined;

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    this.configRead(true);
    new Gauge({
      name: 'smartrouting_build_info',
      help: 'Always 1; the labels tell the version of the service and of Node.',
      labelNames: ['version', 'node'],
      registers: [this.registry],
    }).set({ version: VERSION, node: process.versions.node }, 1);
    // A series that begins with its first event shows no increase to those who look for one.
    for (const kind of AUTH_FAILURE_KINDS) this.#authFailures.inc({ kind }, 0);
    this.#decisions.inc({ target: UNKNOWN_TARGET, reason: 'overloaded' }, 0);
  }

  /** @param isUsable whether the configuration file, read just now, has no problem */
  configRead(isUsable: boolean): void {
    this.#reload.set(isUsable ? 1 : 0);
    if (isUsable) this.#reloadedAt.setToCurrentTime();
  }

  /**
   * Removes the series of all other providers and targets. What still comes in for them is not counted, or counted for the
   * target `unknown`.
   */
  configured(providers: Iterable<string>, targets: Iterable<string>): void {
    this.#providers = new Set(providers);
    this.#targets = new Set([...targets, UNKNOWN_TARGET]);
    removeOthers(this.#lookupsOf, this.#lookups, this.#providers);
    removeOthers(this.#decisionsOf, this.#decisions, this.#targets);
    for (const provider of this.#withBreaker) {
      if (this.#providers.has(provider)) continue;
      this.#withBreaker.delete(provider);
      this.#lookupSeconds.remove({ provider });
      this.#breaker.remove({ provider });
    }
  }

  decision(target: string, reason: string, seconds: number): void {
    const known = this.#targets?.has(target) === false ? UNKNOWN_TARGET : target;
    counterOf(this.#decisionsOf, this.#decisions, known, reason).inc();
    this.#decisionSeconds.observe(seconds);
  }

  /** @param isReady whether the instance wants calls; asked when the metrics are read */
  readiness(isReady: () => boolean): void {
    new Gauge({
      name: 'smartrouting_ready',
      help: '1 while the instance takes calls, 0 while it starts or stops; as /health/ready.',
      registers: [this.registry],
      collect(): void {
        this.set(isReady() ? 1 : 0);
      },
    });
  }

  /** @param count how many there are now; asked when the metrics are read */
  decisionsInFlight(count: () => number): void {
    new Gauge({
      name: 'smartrouting_decisions_in_flight',
      help: 'Decisions under way.',
      registers: [this.registry],
      collect(): void {
        this.set(count());
      },
    });
  }

  /** @param ages provider -> seconds since its copy was brought up to date; asked when the metrics are read */
  copyAges(ages: () => ReadonlyMap<string, number>): void {
    new Gauge({
      name: 'smartrouting_provider_copy_age_seconds',
      help: "Time since a provider's copy was brought up to date with its backend, or was last known to be what lies on disk, seconds.",
      labelNames: ['provider'],
      registers: [this.registry],
      collect(): void {
        this.reset();
        for (const [provider, seconds] of ages()) this.set({ provider }, seconds);
      },
    });
  }

  /** @param untilSeconds when the certificate in use ends, seconds since 1970; asked when the metrics are read */
  certificateExpiry(untilSeconds: () => number): void {
    new Gauge({
      name: 'smartrouting_tls_certificate_expiry_timestamp_seconds',
      help: 'When the certificate in use ends, seconds since 1970.',
      registers: [this.registry],
      collect(): void {
        this.set(untilSeconds());
      },
    });
  }

  lookup(provider: string, outcome: string, seconds?: number): void {
    if (!this.#isConfigured(provider)) return;
    counterOf(this.#lookupsOf, this.#lookups, provider, outcome).inc();
    if (seconds !== undefined) this.#lookupSeconds.observe({ provider }, seconds);
  }

  breakerState(provider: string, state: BreakerState): void {
    if (!this.#isConfigured(provider)) return;
    this.#withBreaker.add(provider);
    this.#breaker.set({ provider }, BREAKER_STATES.indexOf(state));
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
}

/** Separates names in a key; no configured name has a line feed. */
const SEPARATOR = '\n';

/** Removes the series whose first label is none of the names. */
function removeOthers(
  known: Map<string, Counter.Internal>,
  counter: Counter,
  names: ReadonlySet<string>,
): void {
  for (const key of known.keys()) {
    const labels = key.split(SEPARATOR);
    if (names.has(labels[0]!)) continue;
    known.delete(key);
    counter.remove(...labels);
  }
}

function counterOf(
  known: Map<string, Counter.Internal>,
  counter: Counter,
  first: string,
  second: string,
): Counter.Internal {
  const key = first + SEPARATOR + second;
  let child = known.get(key);
  if (child === undefined) known.set(key, (child = counter.labels(first, second)));
  return child;
}
