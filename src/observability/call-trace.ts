import type { IncomingHttpHeaders } from 'node:http';

/** What a trace tells of an answered call. Never a number, a name or a secret. */
export interface TracedAnswer {
  readonly status: number;
  readonly target: string;
  readonly reason: string;
  /** As in the log line. */
  readonly callId: string;
  /** Name of the provider whose record was used. */
  readonly provider?: string | undefined;
  /** Position of the route that fitted. */
  readonly route?: number | undefined;
  /** True for a defect of ours. */
  readonly isDefect?: boolean;
}

/** What a trace tells of a lookup. */
export interface TracedOutcome {
  readonly outcome: string;
  readonly source?: string | undefined;
  /** For operations: no secret, no phone number. */
  readonly reason?: string | undefined;
}

/** A lookup as a part of a call's trace. */
export interface LookupSpan {
  /** Does the work so that requests and log lines it makes, later too, belong to the lookup. */
  run<T>(work: () => T): T;
  /** @param endedMs by `performance.now()`; now when absent */
  end(outcome: TracedOutcome, endedMs?: number): void;
}

/** The trace of one call. */
export interface CallTrace {
  /** 32 hex digits. */
  readonly traceId: string;
  lookup(provider: string): LookupSpan;
  end(answer: TracedAnswer): void;
}

/** Makes traces; there only when the environment asks for them. */
export interface CallTracer {
  /** @param arrivedMs `performance.now()` when the call came in */
  begin(headers: IncomingHttpHeaders, arrivedMs: number): CallTrace;
  /** Sends what is left, within a bound. */
  stop(): Promise<void>;
}
