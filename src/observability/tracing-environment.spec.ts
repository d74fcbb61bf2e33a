import { describe, expect, it } from '@jest/globals';
import { readTracing } from './tracing-environment.js';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

describe('the environment', () => {
  it.each([
    [{}],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }],
    [{ OTEL_SERVICE_NAME: 'x', OTEL_TRACES_SAMPLER: 'always_on' }],
    [{ ...ENDPOINT, OTEL_SDK_DISABLED: 'true' }],
    [{ ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }],
  ])('does not ask for traces by %j', (env) => {
    expect(readTracing(env)).toEqual({ tracing: undefined, warnings: [] });
  });

  it.each([
    [ENDPOINT, true],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://collector/v1/traces' }, true],
    [{ OTEL_TRACES_EXPORTER: 'otlp' }, true],
    [{ ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf', OTEL_SDK_DISABLED: 'false' }, true],
    [{ ...ENDPOINT, OTEL_PROPAGATORS: 'tracecontext,baggage' }, true],
    [{ ...ENDPOINT, OTEL_PROPAGATORS: 'none' }, false],
    [{ ...ENDPOINT, OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.1' }, true],
  ])('asks for traces by %j', (env, isPropagated) => {
    expect(readTracing(env)).toEqual({ tracing: { isPropagated }, warnings: [] });
  });

  it.each([
    [{ ...ENDPOINT, OTEL_TRACES_EXPORTER: 'zipkin' }, 'OTEL_TRACES_EXPORTER'],
    [{ ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'OTEL_EXPORTER_OTLP_PROTOCOL'],
    [{ ...ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json' }, 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }, 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:0' }, 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://user:secret@' }, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'],
  ])('is warned of, and makes no traces, by %j', (env, variable) => {
    const { tracing, warnings } = readTracing(env);
    expect(tracing).toBeUndefined();
    expect(warnings).toEqual([
      expect.stringMatching(new RegExp(`^${variable} is not .*No traces are made\\.$`)),
    ]);
    expect(warnings.join()).not.toContain('secret');
  });

  it.each([
    [{ OTEL_TRACES_SAMPLER: 'sometimes' }, 'OTEL_TRACES_SAMPLER is not'],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio' }, 'OTEL_TRACES_SAMPLER_ARG is not'],
    [
      { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '10%' },
      'OTEL_TRACES_SAMPLER_ARG is not',
    ],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '2' }, 'OTEL_TRACES_SAMPLER_ARG is not'],
    [{ OTEL_PROPAGATORS: 'tracecontext,b3' }, 'OTEL_PROPAGATORS names'],
  ])('is warned of, and makes traces, by %j', (env, warning) => {
    const read = readTracing({ ...ENDPOINT, ...env });
    expect(read).toEqual({ tracing: { isPropagated: true }, warnings: [expect.stringContaining(warning)] });
  });
});
