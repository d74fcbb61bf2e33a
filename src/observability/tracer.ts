import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Context, Span, Tracer } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingHttpHeaders } from 'node:http';
import { within } from '../common/time-limit.js';
import { VERSION } from '../common/version.js';
import type { TracingConfig } from './tracing-environment.js';
import type { Logger } from './logger.js';
import { lookupContext } from './lookup-context.js';
import type { TracedLookup } from './lookup-context.js';
import { maskNumbersIn } from './masking.js';

const NAME = 'smartrouting-vip';
/** How long the stop waits until the last spans are accepted; a collector that is down must not delay it. */
const FLUSH_LIMIT_MS = 2_000;
/** Published by undici, Node's own `fetch` included, for each request while it is made. */
const REQUEST_CREATED = 'undici:request:create';
/** Outcomes that are a provider's fault. */
const FAULTS: readonly string[] = ['failed', 'timeout', 'rejected'];

const propagator = new W3CTraceContextPropagator();
const FROM_HEADERS = {
  keys: (headers: IncomingHttpHeaders) => Object.keys(headers),
  get: (headers: IncomingHttpHeaders, key: string) => headers[key],
};
const TO_HEADERS = {
  set: (headers: Record<string, string>, key: string, value: string) => void (headers[key] = value),
};

/** What a trace contains about an answered call. Never a number, a name or a secret. */
interface TracedAnswer {
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

interface TracedOutcome {
  readonly outcome: string;
  readonly source?: string | undefined;
  /** For operators: no secret, no phone number. */
  readonly reason?: string | undefined;
}

/** Creates traces; present only if the environment asks for them. */
export type CallTracer = ReturnType<typeof startTracer>;

interface TracerSettings extends TracingConfig {
  /** Of the endpoint. */
  readonly path: string;
  readonly scheme: 'http' | 'https';
  readonly logger: Logger;
}

/**
 * Starts the OpenTelemetry SDK. The SDK itself reads the `OTEL_` variables of the process: where spans go and with
 * which headers, how they are sampled, queued and named. See docs/adr/0022-traces.md.
 */
export function startTracer(settings: TracerSettings) {
  const exporter = new ReportingExporter(settings.logger);
  const ours = resourceFromAttributes({ 'service.name': NAME, 'service.version': VERSION });
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(ours)
      .merge(detectResources({ detectors: [serviceInstanceIdDetector, envDetector] })),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  const tracer = provider.getTracer(NAME, VERSION);
  if (settings.isPropagated) subscribe(REQUEST_CREATED, passOn);
  return {
    /** @param arrivedMs `performance.now()` when the call arrived */
    begin: (headers: IncomingHttpHeaders, arrivedMs: number) =>
      new CallTrace(tracer, settings, headers, arrivedMs),
    /** Sends the remaining spans, within a time limit. */
    async stop(): Promise<void> {
      unsubscribe(REQUEST_CREATED, passOn);
      const isFlushed = provider.shutdown().then(
        () => true,
        () => true, // The exporter has logged the reason.
      );
      if (await within(FLUSH_LIMIT_MS, isFlushed, false)) return;
      settings.logger.warn('the collector did not accept the last spans in time; they are lost');
    },
  };
}

type Done = Parameters<OTLPTraceExporter['export']>[1];

/** Logs once that spans cannot be sent, and once that they can be sent again; the SDK itself logs nothing. */
class ReportingExporter extends OTLPTraceExporter {
  #isFailing = false;

  constructor(private readonly logger: Logger) {
    super();
  }

  override export(spans: ReadableSpan[], done: Done): void {
    super.export(spans, (result) => {
      const { error } = result;
      const wasFailing = this.#isFailing;
      this.#isFailing = error !== undefined;
      if (error !== undefined && !wasFailing)
        this.logger.warn({ error }, 'traces cannot be sent to the collector; calls are not affected');
      if (error === undefined && wasFailing) this.logger.info('spans are exported again');
      done(result);
    });
  }
}

/** Adds the trace's headers to a request that is made for a lookup. Later background requests get none. */
function passOn(message: unknown): void {
  const lookup = lookupContext.getStore();
  if (lookup === undefined || lookup.hasEnded) return;
  const { request } = message as { request: { addHeader(name: string, value: string): unknown } };
  for (const [name, value] of Object.entries(lookup.headers)) request.addHeader(name, value);
}

/** The server span of a call; attributes follow the semantic conventions for HTTP; our own begin with `smartrouting.`. */
export class CallTrace {
  /** 32 hex digits. */
  readonly traceId: string;
  readonly #span: Span;
  readonly #context: Context;

  constructor(
    private readonly tracer: Tracer,
    { isPropagated, path, scheme }: TracerSettings,
    headers: IncomingHttpHeaders,
    arrivedMs: number,
  ) {
    const parent = isPropagated ? propagator.extract(ROOT_CONTEXT, headers, FROM_HEADERS) : ROOT_CONTEXT;
    this.#span = tracer.startSpan(
      `POST ${path}`,
      {
        kind: SpanKind.SERVER,
        startTime: arrivedMs,
        attributes: {
          'http.request.method': 'POST',
          'http.route': path,
          'url.path': path,
          'url.scheme': scheme,
        },
      },
      parent,
    );
    this.#context = trace.setSpan(parent, this.#span);
    this.traceId = this.#span.spanContext().traceId;
  }

  lookup(provider: string): LookupSpan {
    const startTime = performance.now();
    const attributes = { 'smartrouting.provider': provider };
    const span = this.tracer.startSpan(`lookup ${provider}`, { startTime, attributes }, this.#context);
    return new LookupSpan(span, this.#context);
  }

  end({ status, target, reason, callId, provider, route, isDefect }: TracedAnswer): void {
    this.#span.setAttributes({
      'http.response.status_code': status,
      'smartrouting.target': target,
      'smartrouting.reason': reason,
      'smartrouting.call_id': callId,
      'smartrouting.provider': provider,
      'smartrouting.route': route,
    });
    if (isDefect) this.#span.setStatus({ code: SpanStatusCode.ERROR });
    this.#span.end(performance.now());
  }
}

export class LookupSpan implements TracedLookup {
  readonly traceId: string;
  hasEnded = false;
  #headers: Record<string, string> | undefined;

  constructor(
    private readonly span: Span,
    private readonly context: Context,
  ) {
    this.traceId = span.spanContext().traceId;
  }

  get headers(): Readonly<Record<string, string>> {
    if (this.#headers === undefined) {
      this.#headers = {};
      propagator.inject(trace.setSpan(this.context, this.span), this.#headers, TO_HEADERS);
    }
    return this.#headers;
  }

  /** Runs the work so that the requests and log lines that it causes, even later, belong to the lookup. */
  run<T>(work: () => T): T {
    return lookupContext.run(this, work);
  }

  /** @param endedMs by `performance.now()` */
  end({ outcome, source, reason }: TracedOutcome, endedMs = performance.now()): void {
    this.hasEnded = true;
    this.span.setAttributes({ 'smartrouting.outcome': outcome, 'smartrouting.source': source });
    if (FAULTS.includes(outcome)) {
      this.span.setAttribute('error.type', outcome);
      this.span.setStatus({
        code: SpanStatusCode.ERROR,
        ...(reason !== undefined && { message: maskNumbersIn(reason) }),
      });
    }
    this.span.end(endedMs);
  }
}
