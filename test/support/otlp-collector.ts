import { channel } from 'node:diagnostics_channel';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as it went over the wire. */
export interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: it has no parent. */
  readonly parentSpanId: string;
  readonly name: string;
  /** 1 internal, 2 server. */
  readonly kind: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** 0 unset, 2 error. */
  readonly status: { readonly code: number; readonly message: string };
  readonly resource: Readonly<Record<string, string | number>>;
}

/** Takes traces over OTLP/HTTP, as protobuf, the way an OpenTelemetry collector does. */
export class OtlpCollector {
  readonly spans: SentSpan[] = [];
  readonly requests: { readonly path: string; readonly headers: IncomingHttpHeaders }[] = [];
  /** Everything that was sent, for those who look for what must not be in it. */
  raw = '';
  /** Takes spans; says nothing to those who bring some; breaks the connection as if it were not there. */
  state: 'takes' | 'silent' | 'gone' = 'takes';
  readonly #server: Server;
  readonly #watchers = new Set<() => void>();

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (this.state === 'gone') return void request.destroy();
        const body = Buffer.concat(chunks);
        this.requests.push({ path: request.url!, headers: request.headers });
        this.raw += body.toString('latin1');
        channel('smartrouting-vip.test.told').publish({ what: 'traces', text: body.toString('latin1') });
        this.spans.push(...readSpans(body));
        this.#watchers.forEach((check) => check());
        if (this.state === 'takes') response.setHeader('Content-Type', 'application/x-protobuf').end();
      });
    });
  }

  static async start(): Promise<OtlpCollector> {
    const collector = new OtlpCollector();
    await new Promise<void>((resolve) => collector.#server.listen(0, '127.0.0.1', resolve));
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The spans, as soon as there are so many. */
  async until(count: number): Promise<readonly SentSpan[]> {
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (this.spans.length < count) return;
        this.#watchers.delete(check);
        resolve();
      };
      this.#watchers.add(check);
      check();
    });
    return this.spans;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A message of the wire format: what stands under each field number, in order. */
type Message = Map<number, (Buffer | number)[]>;

function readMessage(bytes: Buffer): Message {
  const fields: Message = new Map();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    let value: Buffer | number;
    switch (tag % 8) {
      case 0:
        value = varint();
        break;
      case 1:
        value = Number(bytes.readBigUInt64LE(at)) / 1e6;
        if (field === 4) value = bytes.readDoubleLE(at);
        at += 8;
        break;
      case 2: {
        const length = varint();
        value = bytes.subarray(at, (at += length));
        break;
      }
      default:
        value = bytes.readUInt32LE(at);
        at += 4;
    }
    fields.set(field, [...(fields.get(field) ?? []), value]);
  }
  return fields;
}

const messages = (message: Message, field: number): Message[] =>
  (message.get(field) ?? []).map((bytes) => readMessage(bytes as Buffer));
const text = (message: Message, field: number): string => String(message.get(field)?.[0] ?? '');
const hex = (message: Message, field: number): string =>
  (message.get(field)?.[0] as Buffer | undefined)?.toString('hex') ?? '';
const number = (message: Message, field: number): number => Number(message.get(field)?.[0] ?? 0);

function attributes(message: Message, field: number): Record<string, string | number> {
  return Object.fromEntries(
    messages(message, field).map((pair) => {
      const value = messages(pair, 2)[0]!;
      return [text(pair, 1), value.has(1) ? text(value, 1) : number(value, value.has(3) ? 3 : 4)];
    }),
  );
}

/** `ExportTraceServiceRequest` of opentelemetry-proto. */
function readSpans(body: Buffer): SentSpan[] {
  return messages(readMessage(body), 1).flatMap((ofResource) => {
    const resource = attributes(messages(ofResource, 1)[0]!, 1);
    const spans = messages(ofResource, 2).flatMap((ofScope) => messages(ofScope, 2));
    return spans.map((span) => {
      const status = messages(span, 15)[0];
      return {
        traceId: hex(span, 1),
        spanId: hex(span, 2),
        parentSpanId: hex(span, 4),
        name: text(span, 5),
        kind: number(span, 6),
        startMs: number(span, 7),
        endMs: number(span, 8),
        attributes: attributes(span, 9),
        status: { code: status ? number(status, 3) : 0, message: status ? text(status, 2) : '' },
        resource,
      };
    });
  });
}
