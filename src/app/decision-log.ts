import { hostname } from 'node:os';
import { Inject, Injectable } from '@nestjs/common';
import { LiveConfig } from '../config/live-config.js';
import { Problem } from '../http/problem.js';
import type { ProviderReport } from '../lookup/outcome.js';
import type { LoggingConfig } from '../observability/logging.config.js';
import type { Logger } from '../observability/logger.js';
import { LOGGER } from '../observability/logger.js';
import { maskNumber, maskNumbersIn } from '../observability/masking.js';
import { MetricsService, UNKNOWN_TARGET } from '../observability/metrics.service.js';
import { DecisionListeners } from '../routing/decision-listeners.js';
import type { DecisionListener, Outcome } from '../routing/decision-listeners.js';

/** As long as most targets are, so that nobody fills the log with them. */
const MAX_TARGETID_LENGTH = 64;
const INSTANCE = hostname();

/** One log line and one metric for each authenticated request. */
@Injectable()
export class DecisionLog implements DecisionListener {
  constructor(
    listeners: DecisionListeners,
    private readonly live: LiveConfig<{ readonly logging: LoggingConfig }>,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly metrics: MetricsService,
  ) {
    listeners.add(this);
  }

  told({ client, callId, reason, status, ms, traceId, call, decision, refusal, defect }: Outcome): void {
    this.metrics.decision({ target: decision?.target ?? UNKNOWN_TARGET, reason }, ms / 1000);
    // Only counted: a log line each would cost what is lacking.
    if (reason === 'overloaded') return;
    const { caller, provider, reports = [] } = decision ?? {};
    const isPlain = this.live.current.logging.numbers === 'plain';
    const fields = {
      callId,
      target: decision?.target,
      targetid: shownTargetid(call?.targetid),
      credential: client.id,
      caller: caller && (isPlain ? caller.key : maskNumber(caller.key)),
      outcome: status,
      reason,
      detail: refusal?.message,
      errors: refusal instanceof Problem ? refusal.more.errors : undefined,
      provider,
      tier: decision?.record?.tier,
      // Where it has several for this caller; the first that applies was used.
      records: reports.find((report) => report.provider === provider)?.records,
      route: decision?.route,
      ms: Math.round(ms * 1000) / 1000,
      providerMs: providerMsOf(reports),
      dropped: decision?.dropped,
      faults: faultsOf(reports, decision?.record !== undefined),
      error: defect,
      trace_id: traceId,
      instance: INSTANCE,
    };
    const failedOpen = reason === 'lookup-failed' || reason === 'timeout';
    if (defect !== undefined) this.logger.error(fields, 'decision failed unexpectedly');
    else if (refusal || failedOpen || fields.dropped) this.logger.warn(fields, 'decision');
    else this.logger.info(fields, 'decision');
  }
}

/** What a call asked for, which may be anything: cut, without control characters, with telephone numbers masked. */
function shownTargetid(targetid: string | undefined): string | undefined {
  return targetid && maskNumbersIn(targetid.slice(0, MAX_TARGETID_LENGTH).replace(/\p{C}/gu, ' '));
}

/** Name -> milliseconds from its start to its answer or to the decision; of those that were asked. */
function providerMsOf(reports: readonly ProviderReport[]): Record<string, number> | undefined {
  if (reports.length === 0) return undefined;
  const all: Record<string, number> = {};
  for (const { provider, ms } of reports) if (ms !== undefined) all[provider] = ms;
  return all;
}

/** The providers that failed. One that was still busy when another had the record did not fail. */
function faultsOf(
  reports: readonly ProviderReport[],
  isFound: boolean,
): readonly ProviderReport[] | undefined {
  const faults = reports.filter(
    ({ outcome, reason }) => reason !== undefined || (outcome === 'unanswered' && !isFound),
  );
  return faults.length > 0 ? faults : undefined;
}
