import { Inject, Injectable } from '@nestjs/common';
import type { HttpException } from '@nestjs/common';
import type { Admission } from '../auth/admission.js';
import { isPlainObject } from '../common/json.js';
import { LiveConfig } from '../config/live-config.js';
import { Problem } from '../http/problem.js';
import type { Logger } from '../observability/logger.js';
import { LOGGER } from '../observability/logger.js';
import { maskNumber } from '../observability/masking.js';
import { MetricsService, UNKNOWN_TARGET } from '../observability/metrics.service.js';
import type { CallTrace } from '../observability/tracer.js';
import type { ProviderReport } from '../lookup/outcome.js';
import { CallIds } from './call-id.js';
import type { Call, Decision, Reason } from './decision.js';
import type { LoggingConfig } from '../observability/logging.config.js';

/** Who asked, and when. */
export interface Asked extends Pick<Admission, 'client' | 'arrivedMs'> {
  /** Present if traces are on. */
  trace?: CallTrace | undefined;
}

/** Writes one log line and one metric for each authenticated request and, if traces are on, ends its trace. */
@Injectable()
export class DecisionLog {
  readonly #callIds = new CallIds();

  constructor(
    private readonly live: LiveConfig<{ readonly logging: LoggingConfig }>,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly metrics: MetricsService,
  ) {}

  decided(call: Call, decision: Decision, { arrivedMs, client, trace }: Asked): void {
    const { reason, target, caller, provider, route, dropped, reports } = decision;
    const isPlain = this.live.current.logging.numbers === 'plain';
    const callId = this.#callIds.of(call.extradata);
    const status = reason === 'matched' ? 200 : 204;
    const fields = {
      callId,
      target,
      credential: client.id,
      caller: caller && (isPlain ? caller.key : maskNumber(caller.key)),
      outcome: status,
      reason,
      provider,
      records: recordsOf(provider, reports),
      route,
      ms: this.#count(target, reason, arrivedMs),
      dropped,
      faults: faultsOf(reports, decision.record !== undefined),
      trace_id: trace?.traceId,
    };
    const failedOpen = reason === 'lookup-failed' || reason === 'timeout';
    if (failedOpen || dropped !== undefined) this.logger.warn(fields, 'decision');
    else this.logger.info(fields, 'decision');
    trace?.end({ status, target, reason, callId, provider, route });
  }

  /**
   * A request with correct credentials that was invalid or not allowed.
   * @param body the parsed body, of any type
   */
  refused(exception: HttpException, body: unknown, { arrivedMs, client, trace }: Asked): void {
    const reason = 'invalid-request';
    const status = exception.getStatus();
    const callId = this.#callIdOf(body);
    this.logger.warn(
      {
        callId,
        credential: client.id,
        outcome: status,
        reason,
        detail: exception.message,
        ...(exception instanceof Problem && exception.more.errors && { errors: exception.more.errors }),
        ms: this.#count(UNKNOWN_TARGET, reason, arrivedMs),
        trace_id: trace?.traceId,
      },
      'decision',
    );
    trace?.end({ status, target: UNKNOWN_TARGET, reason, callId });
  }

  /** A call that was shed. Only counted, because a log line for each would cost the time that is lacking. */
  shed(arrivedMs: number): void {
    this.#count(UNKNOWN_TARGET, 'overloaded', arrivedMs);
  }

  /** A defect of the service: the call proceeds normally, and somebody has to investigate. */
  failed(error: unknown, body: unknown, { arrivedMs, client, trace }: Asked): void {
    const reason = 'lookup-failed';
    const callId = this.#callIdOf(body);
    this.#count(UNKNOWN_TARGET, reason, arrivedMs);
    this.logger.error(
      { callId, credential: client.id, outcome: 204, reason, error, trace_id: trace?.traceId },
      'decision failed unexpectedly',
    );
    trace?.end({ status: 204, target: UNKNOWN_TARGET, reason, callId, isDefect: true });
  }

  /** @returns milliseconds since the request came, to three places */
  #count(target: string, reason: Reason, arrivedMs: number): number {
    const ms = performance.now() - arrivedMs;
    this.metrics.decision({ target, reason }, ms / 1000);
    return Math.round(ms * 1000) / 1000;
  }

  #callIdOf(body: unknown): string {
    return this.#callIds.of(isPlainObject(body) ? body['extradata'] : undefined);
  }
}

/** The providers that failed. One that was still busy when another had the record did not fail. */
function faultsOf(
  reports: readonly ProviderReport[],
  isFound: boolean,
): readonly ProviderReport[] | undefined {
  const isFault = ({ outcome, reason }: ProviderReport): boolean =>
    reason !== undefined || (outcome === 'unanswered' && !isFound);
  return reports.some(isFault) ? reports.filter(isFault) : undefined;
}

/** How many records the winning provider has, if there are several. */
function recordsOf(provider: string | undefined, reports: readonly ProviderReport[]): number | undefined {
  if (provider === undefined) return undefined;
  return reports.find((report) => report.provider === provider)?.records;
}
