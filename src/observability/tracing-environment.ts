/** The settings from standard `OTEL_` variables that are decided here; the OpenTelemetry SDK reads the others. */
export interface TracingConfig {
  /** Whether the trace context of a call is adopted, and passed on to the backends. */
  readonly isPropagated: boolean;
}

const ENDPOINTS = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'];
const PROTOCOLS = ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'];
const PROTOCOL = 'http/protobuf';
const SAMPLERS = ['always_on', 'always_off', 'traceidratio'].flatMap((name) => [name, `parentbased_${name}`]);
/**
 * `baggage` is one of the defaults, so it must not cause a warning. It is not passed on, because it may contain
 * anything.
 */
const PROPAGATORS = ['tracecontext', 'baggage', 'none'];

/**
 * Traces are on if the environment names a collector, or asks for the exporter `otlp`. The variables are often set
 * for a whole cluster, so an unsupported one causes a warning and does not stop the start.
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
      `OTEL_TRACES_SAMPLER is not a supported sampler, so parentbased_always_on is used. Known: ${SAMPLERS.join(', ')}.`,
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
      'OTEL_PROPAGATORS names unsupported propagators, which are ignored. Known: tracecontext, none.',
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
    return 'OTEL_TRACES_EXPORTER is not a supported exporter. Known: otlp, none';
  }
  const protocol = PROTOCOLS.find((name) => given(name) !== undefined);
  if (protocol !== undefined && given(protocol) !== PROTOCOL) {
    return `${protocol} is not a supported protocol. Supported: ${PROTOCOL}, which collectors accept on port 4318`;
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
