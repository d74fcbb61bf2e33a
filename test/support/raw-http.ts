import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** One answer as it came over the wire; names of headers in lower case. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How a client begins that speaks HTTP/2 without having asked (RFC 9113, section 3.4): its preface, and empty SETTINGS. */
export const HTTP2_PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0';

/** A plain TCP client, which may send whatever it likes. */
export class RawClient {
  /** All that came, one character per byte. */
  received = '';
  /** When the server, or the network, has closed the connection; the code of the error if there was one. */
  readonly closed: Promise<string | undefined>;
  readonly #socket: Socket;
  #error: string | undefined;

  /** @param from the loopback address that it comes from */
  constructor(port: number, from = '127.0.0.1') {
    this.#socket = connect({ port, host: '127.0.0.1', localAddress: from, allowHalfOpen: true });
    this.#socket.on('data', (chunk: Buffer) => (this.received += chunk.toString('latin1')));
    this.#socket.on('end', () => this.#socket.end());
    this.#socket.on('error', ({ code }: NodeJS.ErrnoException) => (this.#error = code ?? 'error'));
    this.closed = new Promise((resolve) => this.#socket.on('close', () => resolve(this.#error)));
  }

  /** @param bytes one character per byte */
  send(bytes: string): this {
    this.#socket.write(bytes, 'latin1');
    return this;
  }

  /** Nothing more will be sent; what the server sends is still read. */
  end(): this {
    this.#socket.end();
    return this;
  }

  /** Nothing is read any more. */
  pause(): this {
    this.#socket.pause();
    return this;
  }

  resume(): this {
    this.#socket.resume();
    return this;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Waits until `count` final answers have come; rejects when the connection closes before. */
  async answers(count: number): Promise<RawAnswer[]> {
    for (;;) {
      const answers = readAnswers(this.received);
      if (answers.length >= count) return answers;
      const more = new Promise((resolve) => this.#socket.once('data', resolve));
      if ((await Promise.race([more, this.closed.then(() => 'closed')])) === 'closed') {
        const last = readAnswers(this.received);
        if (last.length >= count) return last;
        throw new Error(`closed after ${last.length} of ${count} answers:\n${this.received}`);
      }
    }
  }
}

/**
 * Splits what a server sent into answers, interim ones (100) left out; one that is not there whole yet is left out too.
 * @param maybeToHead an answer that another one, or nothing, follows at once has no body, whatever its headers say
 * @throws Error when it is not an HTTP/1.1
 */
export function readAnswers(received: string, maybeToHead = false): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = received;
  for (;;) {
    const headEnd = rest.indexOf('\r\n\r\n');
    if (headEnd < 0) return answers;
    const [statusLine = '', ...lines] = rest.slice(0, headEnd).split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) .+$/.exec(statusLine)?.[1]);
    if (Number.isNaN(status)) throw new Error(`is no answer: ${JSON.stringify(rest.slice(0, 200))}`);
    const headers = Object.fromEntries(lines.map(headerOf));
    rest = rest.slice(headEnd + 4);
    if (status < 200) continue;
    const isToHead = maybeToHead && (rest === '' || rest.startsWith('HTTP/1.1 '));
    const hasBody = status !== 204 && status !== 304 && !isToHead;
    const taken = hasBody ? bodyOf(rest, headers) : { body: '', length: 0 };
    if (taken === undefined) return answers;
    answers.push({ status, headers, body: taken.body });
    rest = rest.slice(taken.length);
  }
}

function headerOf(line: string): [string, string] {
  const [, name, value] = /^([\w-]+): (.*)$/.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`is no header: ${JSON.stringify(line)}`);
  return [name.toLowerCase(), value];
}

/** @returns `undefined` when it is not whole yet */
function bodyOf(
  rest: string,
  headers: Readonly<Record<string, string>>,
): { body: string; length: number } | undefined {
  const declared = headers['content-length'];
  if (declared !== undefined) {
    const length = Number(declared);
    return rest.length < length ? undefined : { body: rest.slice(0, length), length };
  }
  // Up to the end of the connection: answers to HTTP/0.9 and 1.0.
  if (headers['transfer-encoding'] === undefined) return { body: rest, length: rest.length };
  let body = '';
  for (let at = 0; ;) {
    const lineEnd = rest.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = parseInt(rest.slice(at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (rest.length < next) return undefined;
    body += rest.slice(lineEnd + 2, lineEnd + 2 + size);
    if (size === 0) return { body, length: next };
    at = next;
  }
}
