/** What the standard `OTEL_` variables ask for, as far as it is decided here; the rest of them the OpenTelemetry SDK reads. */
export interface TracingConfig {
  /** Whether the trace context of a call is taken over, and passed on to who is asked about the caller. */
  readonly isPropagated: boolean;
}

const ENDPOINTS = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'];
const PROTOCOLS = ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'];
const PROTOCOL = 'http/protobuf';
const SAMPLERS = ['always_on', 'always_off', 'traceidratio'].flatMap((name) => [name, `parentbased_${name}`]);
/** `baggage` is one of the defaults, so it must not be complained about. It is not passed on: it may hold anything. */
const PROPAGATORS = ['tracecontext', 'baggage', 'none'];

/**
 * Traces are on when the environment names a collector, or asks for the exporter `otlp`. The variables are often set for a
 * whole cluster, so one that cannot be followed is warned of, and does not stop the start.
 * @returns what is set but not supported as `warnings`, without values: some of the variables hold secrets
 */
export function readTracing(env: Readonly<Record<string, string | undefined>>): {
  readonly tracing?: TracingConfig;
  readonly warnings: readonly string[];
} {
  const given = (name: string): string | undefined => env[name]?.trim() || undefined;
  const isOff = given('OTEL_SDK_DISABLED')?.toLowerCase() === 'true';
  const exporter = given('OTEL_TRACES_EXPORTER');
  const endpoint = ENDPOINTS.find((name) => given(name) !== undefined);
  const isAsked = exporter === undefined ? endpoint !== undefined : exporter !== 'none';
  if (isOff || !isAsked) return { warnings: [] };
  const blocked = whatBlocks(given, exporter, endpoint);
  if (blocked !== undefined) return { warnings: [`${blocked}. No traces are made.`] };

  const warnings: string[] = [];
  const sampler = given('OTEL_TRACES_SAMPLER');
  if (sampler !== undefined && !SAMPLERS.includes(sampler)) {
    warnings.push(
      `OTEL_TRACES_SAMPLER is not a sampler that is known here, so it is parentbased_always_on. Known: ${SAMPLERS.join(', ')}.`,
    );
  }
  if (sampler?.endsWith('traceidratio') && !isShare(given('OTEL_TRACES_SAMPLER_ARG'))) {
    warnings.push(
      'OTEL_TRACES_SAMPLER_ARG is not a share from 0 to 1, so every call is traced. Write for example 0.1.',
    );
  }
  const propagators = (given('OTEL_PROPAGATORS') ?? 'tracecontext').split(',').map((name) => name.trim());
  if (!propagators.every((name) => PROPAGATORS.includes(name))) {
    warnings.push(
      'OTEL_PROPAGATORS names some that are not known here; they are left out. Known: tracecontext, none.',
    );
  }
  return { tracing: { isPropagated: propagators.includes('tracecontext') }, warnings };
}

function whatBlocks(
  given: (name: string) => string | undefined,
  exporter: string | undefined,
  endpoint: string | undefined,
): string | undefined {
  if (exporter !== undefined && exporter !== 'otlp') {
    return 'OTEL_TRACES_EXPORTER is not an exporter that is known here. Known: otlp, none';
  }
  const protocol = PROTOCOLS.find((name) => given(name) !== undefined);
  if (protocol !== undefined && given(protocol) !== PROTOCOL) {
    return `${protocol} is not a protocol that is known here. Known: ${PROTOCOL}, which collectors take at port 4318`;
  }
  const address = endpoint && given(endpoint);
  if (!address || isCollector(address)) return undefined;
  return `${endpoint} is not an address. Write for example http://collector:4318`;
}

function isCollector(address: string): boolean {
  return /^https?:/i.test(address) && URL.canParse(address) && new URL(address).port !== '0';
}

function isShare(text: string | undefined): boolean {
  return text !== undefined && Number(text) >= 0 && Number(text) <= 1;
}
