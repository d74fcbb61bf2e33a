import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ask, KEY } from '../support/ask.js';
import type { Answer } from '../support/ask.js';
import { eventually } from '../support/eventually.js';
import { OtlpCollector } from '../support/otlp-collector.js';
import type { SentSpan } from '../support/otlp-collector.js';
import { Program } from '../support/process.js';

const CALL = {
  anum: '+358501231234',
  bnum: '+358942415000',
  targetid: 'SALES',
  extradata: { CallId: 'call-1' },
};
const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const TOKEN = 'crm-token-nobody-may-see';
const COLLECTOR_KEY = 'collector-key-nobody-may-see';
/** Prints, when the process ends, which packages of OpenTelemetry it has loaded. */
const LOADED = fileURLToPath(new URL('../support/print-loaded.mjs', import.meta.url));

let folder: string;
let crm: Server;
/** The headers of what the CRM was asked, and what it answers to each number. */
let asked: IncomingHttpHeaders[];
let collector: OtlpCollector;
let program: Program | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smartrouting-tracing-'));
  crm = createServer((request, response) => {
    asked.push(request.headers);
    if (request.url!.endsWith('99')) response.writeHead(500).end();
    else response.setHeader('Content-Type', 'application/json').end('{"tier":"gold","name":"Aino Virtanen"}');
  });
  await new Promise<void>((resolve) => crm.listen(0, '127.0.0.1', resolve));
  await writeFile(join(folder, 'vips.csv'), 'number,tier\n+358401111111,gold\n');
  await writeFile(
    join(folder, 'smartrouting.yaml'),
    `
country: FI
server: { port: 0 }
credentials: [{ id: core, apiKey: ${KEY} }]
providers:
  list: { kind: static-file, file: ./vips.csv }
  crm:
    kind: crm-http
    url: "http://127.0.0.1:${(crm.address() as AddressInfo).port}/{{ number }}"
    auth: { type: bearer, token: ${TOKEN} }
    record: "$"
    trustAnswer: true
    maxConcurrent: 1
    timeout: 4s
targets:
  SALES:
    providers: [list, crm]
    deadline: 4500ms
    routes: [{ instructions: { ExtraPriority: 5, Tts: "{{ name }}" } }]
`,
  );
});
afterAll(async () => {
  crm.closeAllConnections();
  await new Promise((resolve) => crm.close(resolve));
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  asked = [];
  collector = await OtlpCollector.start();
});
afterEach(async () => {
  program?.signal('SIGKILL');
  await program?.finished;
  await collector.stop();
});

async function start(
  variables: Record<string, string>,
): Promise<(body: object, headers?: object) => Promise<Answer>> {
  program = new Program('dist/main.js', [], {
    NODE_OPTIONS: `--import ${LOADED}`,
    SMARTROUTING_CONFIG: join(folder, 'smartrouting.yaml'),
    DATABASE_URL: `sqlite:${join(folder, 'own.sqlite')}`,
    ...variables,
  });
  const [, url] = await program.until(/"url":"(http:[^"]+)"/);
  return (body, headers) =>
    ask(url!, {
      method: 'POST',
      headers: { 'X-Benemen-APIKey': KEY, 'Content-Type': 'application/json', ...headers },
      body,
    });
}

/** What the program had loaded of OpenTelemetry, after it was told to stop and did. */
async function stopped(): Promise<string[]> {
  program!.signal('SIGINT');
  const { code, stderr } = await program!.finished;
  expect(code).toBe(0);
  return JSON.parse(stderr.trim().split('\n').at(-1)!) as string[];
}

const named = (name: string): SentSpan => collector.spans.find((span) => span.name === name)!;

describe('traces', () => {
  it('show a call with each of its lookups, in the trace of who asked, pass the trace on to the CRM, and are all sent before the process ends', async () => {
    const call = await start({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: `x-api-key=${COLLECTOR_KEY}`,
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      // Sent in threes; what is left over waits for the end.
      OTEL_BSP_SCHEDULE_DELAY: '600000',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '3',
    });
    const traceparent = `00-${TRACE_ID}-${PARENT}-01`;
    const calledMs = Date.now();
    expect((await call(CALL, { traceparent })).json).toEqual({ ExtraPriority: 5, Tts: 'Aino Virtanen' });
    await collector.until(3);
    const server = named('POST /smartrouting');
    expect(server).toMatchObject({ traceId: TRACE_ID, parentSpanId: PARENT, kind: 2, status: { code: 0 } });
    expect(server.attributes).toEqual({
      'http.request.method': 'POST',
      'http.route': '/smartrouting',
      'url.path': '/smartrouting',
      'url.scheme': 'http',
      'http.response.status_code': 200,
      'smartrouting.target': 'SALES',
      'smartrouting.reason': 'matched',
      'smartrouting.call_id': 'call-1',
      'smartrouting.provider': 'crm',
      'smartrouting.route': 0,
    });
    expect(server.resource).toMatchObject({
      'service.name': 'smartrouting-vip',
      'service.version': expect.stringMatching(/^\d+\.\d+\.\d+/),
      'deployment.environment.name': 'test',
    });
    const [list, lookup] = [named('lookup list'), named('lookup crm')];
    for (const span of [list, lookup]) {
      expect(span).toMatchObject({ traceId: TRACE_ID, parentSpanId: server.spanId, status: { code: 0 } });
      expect(span.startMs).toBeGreaterThanOrEqual(server.startMs);
      expect(span.endMs).toBeLessThanOrEqual(server.endMs);
      expect(span.endMs).toBeGreaterThan(span.startMs);
    }
    expect(server.startMs).toBeGreaterThanOrEqual(calledMs);
    expect(server.endMs).toBeLessThanOrEqual(Date.now() + 1);
    expect(list.attributes).toEqual({
      'smartrouting.provider': 'list',
      'smartrouting.outcome': 'none',
      'smartrouting.source': 'live',
    });
    expect(lookup.attributes).toEqual({
      'smartrouting.provider': 'crm',
      'smartrouting.outcome': 'found',
      'smartrouting.source': 'live',
    });
    expect(asked.at(-1)!['traceparent']).toBe(`00-${TRACE_ID}-${lookup.spanId}-01`);
    expect(collector.requests[0]).toMatchObject({
      path: '/v1/traces',
      headers: { 'content-type': 'application/x-protobuf', 'x-api-key': COLLECTOR_KEY },
    });

    // Refused, failed, and several that wait for their turn: each in a trace of its own, none with a number or a secret.
    const numbers = ['+358501234599', '+358501231230', '+358501231231', '+358501231232'];
    asked = [];
    expect((await call({ anum: 1 })).status).toBe(400);
    await Promise.all(numbers.map((anum) => call({ ...CALL, anum })));
    const loaded = await stopped();
    const { spans } = collector;
    expect(spans).toHaveLength(3 + 1 + 3 * numbers.length);
    const calls = spans.filter(({ kind, traceId }) => kind === 2 && traceId !== TRACE_ID);
    expect(new Set(calls.map(({ traceId }) => traceId)).size).toBe(5);
    expect(calls.every(({ parentSpanId }) => parentSpanId === '')).toBe(true);
    const refused = calls.find(({ attributes }) => attributes['smartrouting.reason'] === 'invalid-request')!;
    expect(refused.attributes).toMatchObject({ 'http.response.status_code': 400 });
    const lookups = spans.filter(({ name, traceId }) => name === 'lookup crm' && traceId !== TRACE_ID);
    expect(asked.map((headers) => headers['traceparent']).sort()).toEqual(
      lookups.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`).sort(),
    );
    const failed = lookups.filter(({ status }) => status.code !== 0);
    expect(failed).toEqual([
      expect.objectContaining({
        status: { code: 2, message: 'HTTP 500' },
        attributes: expect.objectContaining({ 'smartrouting.outcome': 'failed', 'error.type': 'failed' }),
      }),
    ]);
    expect(loaded).toContain('@opentelemetry/sdk-trace-base');
    // Log lines and traces can be found by each other.
    const decisions = program!.logLines.filter(({ msg }) => msg === 'decision');
    expect(decisions.map((line) => line['trace_id']).sort()).toEqual(
      [TRACE_ID, ...calls.map(({ traceId }) => traceId)].sort(),
    );
    const secrets = [...numbers, CALL.anum, CALL.bnum].map((secret) => secret.slice(1));
    for (const secret of [...secrets, 'Aino', TOKEN, KEY, COLLECTOR_KEY]) {
      expect(collector.raw).not.toContain(secret);
    }
    expect(program!.stdout).not.toContain(COLLECTOR_KEY);
  });

  it('are not missed when the collector breaks or says nothing: calls are answered, the log says so once, and the stop does not wait', async () => {
    const call = await start({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/mine`,
      OTEL_PROPAGATORS: 'none',
      OTEL_EXPORTER_OTLP_TIMEOUT: '3000',
      OTEL_BSP_SCHEDULE_DELAY: '1',
      OTEL_BSP_MAX_QUEUE_SIZE: '10',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '5',
    });
    const crowd = async (): Promise<Set<number>> => {
      const answers = Array.from({ length: 50 }, () => call({ ...CALL, anum: '+358401111111' }));
      return new Set((await Promise.all(answers)).map(({ status }) => status));
    };
    const said = (text: string) => program!.logLines.filter(({ msg }) => String(msg).startsWith(text));

    // Nobody's trace is gone on with when the environment says so.
    await call({ ...CALL, anum: null }, { traceparent: `00-${TRACE_ID}-${PARENT}-01` });
    expect(await collector.until(1)).toEqual([
      expect.objectContaining({ name: 'POST /smartrouting', parentSpanId: '' }),
    ]);
    expect(collector.spans[0]!.traceId).not.toBe(TRACE_ID);
    expect(collector.requests[0]!.path).toBe('/mine');

    collector.state = 'gone';
    expect((await call(CALL)).status).toBe(200);
    await eventually(() => expect(said('traces cannot be sent')).not.toEqual([]));
    expect(await crowd()).toEqual(new Set([200]));

    collector.state = 'silent';
    const { length } = collector.spans;
    expect(await crowd()).toEqual(new Set([200]));
    await stopped();
    expect(program!.stdout).toContain('the collector did not accept the last spans in time');
    // What did not fit into the queue was dropped: two spans of each call had come.
    expect(collector.spans.length - length).toBeLessThan(50);
    const failures = said('traces cannot be sent');
    expect(failures.every(({ level }) => level === 'warn')).toBe(true);
    expect(failures.length - said('spans are exported again').length).toBe(1);
  });

  it('are off unless asked for, with nothing of their packages loaded and nothing passed on', async () => {
    const call = await start({});
    expect((await call(CALL, { traceparent: `00-${TRACE_ID}-${PARENT}-01` })).status).toBe(200);
    expect(asked[0]).not.toHaveProperty('traceparent');
    // Which the metrics library has with it.
    expect(await stopped()).toEqual(['@opentelemetry/api']);
    expect(program!.stdout).not.toContain('trace_id');
  });
});
