import { Inject, Injectable } from '@nestjs/common';
import type { HttpException } from '@nestjs/common';
import type { IncomingHttpHeaders } from 'node:http';
import { isPlainObject } from '../common/json.js';
import { LiveConfig } from '../config/live-config.js';
import { Problem } from '../http/problem.js';
import type { Logger } from '../observability/logger.js';
import { LOGGER } from '../observability/logger.js';
import { maskNumber } from '../observability/masking.js';
import { MetricsService, UNKNOWN_TARGET } from '../observability/metrics.service.js';
import { Tracing } from '../observability/tracing.js';
import type { CallTrace } from '../observability/call-trace.js';
import type { ProviderReport } from '../lookup/outcome.js';
import { CallIds } from './call-id.js';
import type { Call, Decision } from './decision.js';
import type { LoggingConfig } from '../observability/logging.config.js';

/** An authenticated request, as far as it is told of. */
export interface LoggedRequest {
  /** `performance.now()` when its headers had come. */
  readonly arrivedMs: number;
  readonly headers: IncomingHttpHeaders;
  /** Whose credentials they were. */
  readonly user: { readonly id: string };
  /** What was parsed of it, whatever that is. */
  readonly body?: unknown;
  /** When traces are made, and one was begun. */
  readonly trace?: CallTrace | undefined;
}

/** One log line and one metric for each authenticated request, and where traces are made, the end of its trace. */
@Injectable()
export class DecisionLog {
  readonly #callIds = new CallIds();

  constructor(
    private readonly live: LiveConfig<{ readonly logging: LoggingConfig }>,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly metrics: MetricsService,
    private readonly tracing: Tracing,
  ) {}

  decided(call: Call, decision: Decision, { arrivedMs, user, trace }: LoggedRequest): void {
    const { reason, target, caller, provider, route, dropped, reports } = decision;
    const ms = performance.now() - arrivedMs;
    this.metrics.decision(target, reason, ms / 1000);
    const isPlain = this.live.current.logging.numbers === 'plain';
    const faults = faultsOf(reports, decision.record !== undefined);
    const callId = this.#callIds.of(call.extradata);
    const status = reason === 'matched' ? 200 : 204;
    const fields = {
      callId,
      target,
      credential: user.id,
      caller: caller && (isPlain ? caller.key : maskNumber(caller.key)),
      outcome: status,
      reason,
      provider,
      records: recordsOf(provider, reports),
      route,
      ms: Math.round(ms * 1000) / 1000,
      dropped,
      faults,
      trace_id: trace?.traceId,
    };
    const failedOpen = reason === 'lookup-failed' || reason === 'timeout';
    if (failedOpen || dropped !== undefined) this.logger.warn(fields, 'decision');
    else this.logger.info(fields, 'decision');
    trace?.end({ status, target, reason, callId, provider, route });
  }

  /** A request with right credentials that could not be understood or was not allowed to ask. */
  refused(exception: HttpException, request: LoggedRequest): void {
    const ms = performance.now() - request.arrivedMs;
    const target = 'unknown';
    const reason = 'invalid-request';
    const status = exception.getStatus();
    const callId = this.#callIdOf(request);
    const trace = this.#traceOf(request);
    this.metrics.decision(target, reason, ms / 1000);
    this.logger.warn(
      {
        callId,
        credential: request.user.id,
        outcome: status,
        reason,
        detail: exception.message,
        ...(exception instanceof Problem && exception.more.errors && { errors: exception.more.errors }),
        ms: Math.round(ms * 1000) / 1000,
        trace_id: trace?.traceId,
      },
      'decision',
    );
    trace?.end({ status, target, reason, callId });
  }

  /** A call that was not decided for want of time. Only counted: a log line each would cost what is lacking. */
  shed(startedMs: number): void {
    this.metrics.decision(UNKNOWN_TARGET, 'overloaded', (performance.now() - startedMs) / 1000);
  }

  /** A defect of ours: the call goes on untouched, somebody has to look. */
  failed(error: unknown, request: LoggedRequest): void {
    const target = 'unknown';
    const reason = 'lookup-failed';
    const callId = this.#callIdOf(request);
    const trace = this.#traceOf(request);
    this.metrics.decision(target, reason, (performance.now() - request.arrivedMs) / 1000);
    this.logger.error(
      { callId, credential: request.user.id, outcome: 204, reason, error, trace_id: trace?.traceId },
      'decision failed unexpectedly',
    );
    trace?.end({ status: 204, target, reason, callId, isDefect: true });
  }

  #callIdOf({ body }: LoggedRequest): string {
    return this.#callIds.of(isPlainObject(body) ? body['extradata'] : undefined);
  }

  /** A request that was refused has none yet. */
  #traceOf({ trace, headers, arrivedMs }: LoggedRequest): CallTrace | undefined {
    return trace ?? this.tracing.calls?.begin(headers, arrivedMs);
  }
}

/** What went wrong. One that was still busy when another had the record did nothing wrong. */
function faultsOf(
  reports: readonly ProviderReport[],
  isFound: boolean,
): readonly ProviderReport[] | undefined {
  const isFault = ({ outcome, reason }: ProviderReport): boolean =>
    reason !== undefined || (outcome === 'unanswered' && !isFound);
  return reports.some(isFault) ? reports.filter(isFault) : undefined;
}

/** How many records the provider has whose record was used, when there are several. */
function recordsOf(provider: string | undefined, reports: readonly ProviderReport[]): number | undefined {
  if (provider === undefined) return undefined;
  return reports.find((report) => report.provider === provider)?.records;
}
