import type { IncomingHttpHeaders } from 'node:http';

/** What a trace contains about an answered call. Never a number, a name or a secret. */
export interface TracedAnswer {
  readonly status: number;
  readonly target: string;
  readonly reason: string;
  /** As in the log line. */
  readonly callId: string;
  /** Name of the provider whose record was used. */
  readonly provider?: string | undefined;
  /** Position of the route that matched. */
  readonly route?: number | undefined;
  /** True for a defect of the service. */
  readonly isDefect?: boolean;
}

/** What a trace contains about a lookup. */
export interface TracedOutcome {
  readonly outcome: string;
  readonly source?: string | undefined;
  /** For operators: no secret, no phone number. */
  readonly reason?: string | undefined;
}

/** A lookup within a call's trace. */
export interface LookupSpan {
  /** Runs the work so that the requests and log lines that it causes, even later, belong to the lookup. */
  run<T>(work: () => T): T;
  /** @param endedMs by `performance.now()`; now if absent */
  end(outcome: TracedOutcome, endedMs?: number): void;
}

/** The trace of one call. */
export interface CallTrace {
  /** 32 hex digits. */
  readonly traceId: string;
  lookup(provider: string): LookupSpan;
  end(answer: TracedAnswer): void;
}

/** Creates traces; present only if the environment asks for them. */
export interface CallTracer {
  /** @param arrivedMs `performance.now()` when the call arrived */
  begin(headers: IncomingHttpHeaders, arrivedMs: number): CallTrace;
  /** Sends the remaining spans, within a time limit. */
  stop(): Promise<void>;
}
