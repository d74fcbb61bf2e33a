import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const SECONDS_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2.5, 5];

/** Why a login was refused; the label `kind` of `smartrouting_auth_failures_total`. */
export type AuthFailureKind = 'missing' | 'api-key' | 'password' | 'network' | 'target' | 'throttled';

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

  readonly #logLinesDropped = new Counter({
    name: 'smartrouting_log_lines_dropped_total',
    help: 'Log lines lost because whoever reads standard output was too slow.',
    registers: [this.registry],
  });
  /** Looking a counter up by its labels costs more than counting. */
  readonly #decisionsOf = new Map<string, Counter.Internal>();
  readonly #lookupsOf = new Map<string, Counter.Internal>();

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    this.#reload.set(1);
  }

  decision(target: string, reason: string, seconds: number): void {
    counterOf(this.#decisionsOf, this.#decisions, target, reason).inc();
    this.#decisionSeconds.observe(seconds);
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
      help: "Time since a provider's copy of its backend's data was brought up to date, seconds.",
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
    counterOf(this.#lookupsOf, this.#lookups, provider, outcome).inc();
    if (seconds !== undefined) this.#lookupSeconds.observe({ provider }, seconds);
  }

  breakerState(provider: string, state: BreakerState): void {
    this.#breaker.set({ provider }, BREAKER_STATES.indexOf(state));
  }

  logLineDropped(): void {
    this.#logLinesDropped.inc();
  }

  authFailure(kind: AuthFailureKind): void {
    this.#authFailures.inc({ kind });
  }
}

function counterOf(
  known: Map<string, Counter.Internal>,
  counter: Counter,
  first: string,
  second: string,
): Counter.Internal {
  // No configured name has a line feed.
  const key = `${first}\n${second}`;
  let child = known.get(key);
  if (child === undefined) known.set(key, (child = counter.labels(first, second)));
  return child;
}
