import { Inject, Injectable } from '@nestjs/common';
import type { HttpException } from '@nestjs/common';
import { LiveConfig } from '../config/live-config.js';
import { Problem } from '../http/problem.js';
import type { Logger } from '../observability/logger.js';
import { LOGGER } from '../observability/logger.js';
import { maskNumber, maskNumbersIn } from '../observability/masking.js';
import { MetricsService } from '../observability/metrics.service.js';
import type { ProviderReport } from '../lookup/outcome.js';
import type { Call, Decision } from './decision.js';

const MAX_CALL_ID_LENGTH = 64;
/** What Core sends; its digits are no telephone number, and masked it would find no call. */
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** One log line and one metric for each authenticated request. */
@Injectable()
export class DecisionLog {
  constructor(
    private readonly live: LiveConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly metrics: MetricsService,
  ) {}

  /** @param startedMs `performance.now()` when the call came in */
  decided(call: Call, decision: Decision, credential: string, startedMs: number): void {
    const { reason, target, caller, provider, route, dropped, reports } = decision;
    const ms = performance.now() - startedMs;
    this.metrics.decision(target, reason, ms / 1000);
    const isPlain = this.live.current.logging.numbers === 'plain';
    const faults = faultsOf(reports, decision.record !== undefined);
    const fields = {
      callId: callIdOf(call),
      target,
      credential,
      caller: caller && (isPlain ? caller.key : maskNumber(caller.key)),
      outcome: reason === 'matched' ? 200 : 204,
      reason,
      provider,
      records: recordsOf(provider, reports),
      route,
      ms: Math.round(ms * 1000) / 1000,
      dropped,
      faults,
    };
    const failedOpen = reason === 'lookup-failed' || reason === 'timeout';
    if (failedOpen || dropped !== undefined) this.logger.warn(fields, 'decision');
    else this.logger.info(fields, 'decision');
  }

  /** A request with right credentials that could not be understood or was not allowed to ask. */
  refused(exception: HttpException, credential: string, startedMs: number): void {
    const ms = performance.now() - startedMs;
    this.metrics.decision('unknown', 'invalid-request', ms / 1000);
    this.logger.warn(
      {
        credential,
        outcome: exception.getStatus(),
        reason: 'invalid-request',
        detail: exception.message,
        ...(exception instanceof Problem && exception.more.errors && { errors: exception.more.errors }),
        ms: Math.round(ms * 1000) / 1000,
      },
      'decision',
    );
  }

  /** A call that was not decided for want of time. Only counted: a log line each would cost what is lacking. */
  shed(startedMs: number): void {
    this.metrics.decision('unknown', 'overloaded', (performance.now() - startedMs) / 1000);
  }

  /** A defect of ours: the call goes on untouched, somebody has to look. */
  failed(error: unknown, credential: string, startedMs: number): void {
    this.metrics.decision('unknown', 'lookup-failed', (performance.now() - startedMs) / 1000);
    this.logger.error(
      { credential, outcome: 204, reason: 'lookup-failed', error },
      'decision failed unexpectedly',
    );
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

function callIdOf({ extradata }: Call): string | undefined {
  const callId = Object.hasOwn(extradata, 'CallId') ? extradata['CallId'] : undefined;
  if (typeof callId !== 'string') return undefined;
  const shown = callId.slice(0, MAX_CALL_ID_LENGTH);
  if (GUID.test(shown)) return shown;
  return /^\+?\d{5,}$/.test(callId) ? maskNumber(callId) : maskNumbersIn(shown);
}
