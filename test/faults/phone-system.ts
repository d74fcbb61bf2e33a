import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { IS_LONG } from '../support/length.js';

/** The API key of the configurations here. */
export const KEY = 'test-key-0123456789';

/** What came back for one call. */
export interface WireAnswer {
  readonly status: number;
  readonly reason: string | undefined;
  readonly body: string;
}

/** Calls at a time. */
const MAX_CONNECTIONS = IS_LONG ? 2_000 : 500;
const GROWN_AT_A_TIME = 10;
const END_OF_HEAD = '\r\n\r\n';

/**
 * The connections of a phone system that posts calls: kept alive and used again, the one used last first; a new one is
 * opened when all are busy. Nothing is sent twice. It is a bare HTTP client, because it shares the machine with what it tests.
 */
export class PhoneSystem {
  readonly #idle: Connection[] = [];
  readonly #open = new Set<Connection>();
  readonly #head: string;

  constructor(private readonly url: URL) {
    this.#head =
      `POST ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nX-Benemen-APIKey: ${KEY}\r\n` +
      'Content-Type: application/json\r\nContent-Length: ';
  }

  get connections(): number {
    return this.#open.size;
  }

  /** False while as many calls are under way as it can have; nothing waits in line. */
  get hasRoom(): boolean {
    return this.#idle.length > 0 || this.#open.size < MAX_CONNECTIONS;
  }

  /** @throws Error with what broke, when no whole answer came back */
  post(body: string): Promise<WireAnswer> {
    return this.#send(this.#idle.pop() ?? this.#opened(), body);
  }

  /** Opens all the connections that it may have, each for a call, as fast as they are taken. */
  async grow(body: string): Promise<void> {
    while (this.#open.size < MAX_CONNECTIONS) {
      const count = Math.min(GROWN_AT_A_TIME, MAX_CONNECTIONS - this.#open.size);
      await Promise.all(Array.from({ length: count }, () => this.#send(this.#opened(), body)));
    }
  }

  /** Breaks every connection; calls without an answer are lost. */
  close(): void {
    for (const connection of this.#open) connection.socket.destroy();
  }

  #send(connection: Connection, body: string): Promise<WireAnswer> {
    const request = `${this.#head}${Buffer.byteLength(body)}${END_OF_HEAD}${body}`;
    return new Promise((resolve, reject) => connection.send(request, { resolve, reject }));
  }

  #opened(): Connection {
    const connection = new Connection(
      this.url,
      () => this.#idle.push(connection),
      () => this.#gone(connection),
    );
    this.#open.add(connection);
    return connection;
  }

  #gone(connection: Connection): void {
    this.#open.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
  }
}

interface Settle {
  readonly resolve: (answer: WireAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** One connection, one call at a time. */
class Connection {
  readonly socket: Socket;
  #settle: Settle | undefined;
  #text = '';
  #problem = 'the connection was closed';

  constructor(url: URL, whenFree: () => void, whenGone: () => void) {
    this.socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true });
    this.socket.setEncoding('utf8');
    this.socket.on('data', (chunk: string) => {
      this.#text += chunk;
      const answer = readAnswer(this.#text);
      if (answer === undefined) return;
      const settle = this.#settle;
      this.#settle = undefined;
      this.#text = '';
      if (answer.closes) this.socket.destroy();
      else whenFree();
      settle?.resolve(answer);
    });
    this.socket.on('error', (error: NodeJS.ErrnoException) => (this.#problem = error.code ?? error.message));
    this.socket.on('end', () => this.socket.destroy());
    this.socket.on('close', () => {
      whenGone();
      this.#settle?.reject(new Error(this.#problem));
    });
  }

  send(request: string, settle: Settle): void {
    this.#settle = settle;
    this.socket.write(request);
  }
}

function readAnswer(text: string): (WireAnswer & { readonly closes: boolean }) | undefined {
  const end = text.indexOf(END_OF_HEAD);
  if (end < 0) return undefined;
  const head = text.slice(0, end);
  const body = text.slice(end + END_OF_HEAD.length);
  const status = Number(head.slice(9, 12));
  const length = status === 204 ? 0 : Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? NaN);
  // Only refusals come without a length, and they are wrong whatever they say.
  if (!Number.isNaN(length) && Buffer.byteLength(body) < length) return undefined;
  return {
    status,
    reason: /\r\nx-smartrouting-reason: *([\w-]+)/i.exec(head)?.[1],
    body,
    closes: Number.isNaN(length) || /\r\nconnection: *close/i.test(head),
  };
}
