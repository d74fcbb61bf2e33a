import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from './eventually.js';

/** What the server says of a contact; any JSON. */
export type CrmContact = Readonly<Record<string, unknown>>;

export type CrmAuth =
  | { readonly type: 'basic'; readonly username: string; readonly password: string }
  | { readonly type: 'bearer'; readonly token: string }
  | { readonly type: 'header'; readonly name: string; readonly value: string };

/**
 * How the server behaves, from the next request on:
 * - `ok`: `{ "contacts": [ … ] }`, with an empty list for a number that it does not have;
 * - `404`, `204`, `500`, `429`: that status, whatever was asked; `empty`: `{ "contacts": [] }`;
 * - `html`: a login page with status 200; `truncated`: half a JSON document; `errors`: status 200 with `errors`;
 * - `huge`: JSON without an end; `slow`: `ok` after `slowMs`; `redirect`: 302 to `redirectTo`;
 * - `hang`: no answer; `hang-body`: headers and half the body; `reset`: the connection breaks before the answer.
 */
export type CrmMode =
  | 'ok'
  | '404'
  | '204'
  | '500'
  | '429'
  | 'empty'
  | 'html'
  | 'truncated'
  | 'errors'
  | 'huge'
  | 'slow'
  | 'redirect'
  | 'hang'
  | 'hang-body'
  | 'reset';

export interface CrmRequestRecord {
  readonly method: string;
  /** As it stood in the request line, still encoded. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** What was looked for: query parameter `phone`, property `phone` of a JSON body, header `x-phone`, or the path's end. */
  readonly asked: string;
}

export interface CrmAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
}

export interface CrmServerOptions {
  /** Number as the CRM has it -> contact, answered with it. A search finds exactly that spelling, as vendors' searches do. */
  readonly contacts?: Readonly<Record<string, CrmContact>>;
  /** Without it, everybody may ask. */
  readonly auth?: CrmAuth;
  readonly mode?: CrmMode;
  /** A port that was used before, to come back after `stop`. Default: a free one. */
  readonly port?: number;
  /** HTTPS, with the certificate for 127.0.0.1 and localhost in `crm-server.cert.pem`. */
  readonly tls?: boolean;
}

/** A server on the loopback address that plays a CRM vendor's cloud. */
export class CrmServer {
  contacts: Record<string, CrmContact>;
  mode: CrmMode;
  redirectTo = '';
  slowMs = 100;
  /** No request is answered before. */
  hold: Promise<void> | undefined;
  /** Answers instead of `mode`, for a vendor's own shapes. */
  answer: ((request: CrmRequestRecord) => CrmAnswer) | undefined;
  readonly requests: CrmRequestRecord[] = [];
  /** Connections accepted so far. */
  connections = 0;
  /** Most connections at a time. */
  mostConnections = 0;
  readonly #auth: CrmAuth | undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #scheme: string;
  #bytesOfClosedSockets = 0;
  #address: AddressInfo | undefined;

  constructor(options: CrmServerOptions) {
    this.contacts = { ...options.contacts };
    this.mode = options.mode ?? 'ok';
    this.#auth = options.auth;
    this.#scheme = options.tls ? 'https' : 'http';
    const listener = (request: IncomingMessage, response: ServerResponse): void => {
      this.#handle(request, response).catch((error: unknown) => response.destroy(error as Error));
    };
    this.#server = options.tls
      ? createTlsServer(
          {
            key: readFileSync(new URL('./crm-server.key.pem', import.meta.url)),
            cert: readFileSync(new URL('./crm-server.cert.pem', import.meta.url)),
          },
          listener,
        )
      : createServer(listener);
    this.#server.keepAliveTimeout = 0; // a process that stood still must not find its connections closed
    this.#server.on('connection', (socket: Socket) => {
      this.connections++;
      this.#sockets.add(socket);
      this.mostConnections = Math.max(this.mostConnections, this.#sockets.size);
      socket.on('error', () => socket.destroy()); // a client that breaks off is part of the play
      socket.once('close', () => {
        this.#sockets.delete(socket);
        this.#bytesOfClosedSockets += socket.bytesWritten;
      });
    });
  }

  async listen(port = 0): Promise<this> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#address = this.#server.address() as AddressInfo;
    return this;
  }

  /** Without a slash at the end; stays readable after `stop`. */
  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`;
  }

  get port(): number {
    return this.#address!.port;
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  /** Bytes written to all connections so far. */
  get bytesSent(): number {
    return [...this.#sockets].reduce((sum, socket) => sum + socket.bytesWritten, this.#bytesOfClosedSockets);
  }

  /** Resolves once `count` requests have come in, whole. */
  async received(count: number): Promise<void> {
    await eventually(() => this.requests.length >= count);
  }

  /** Resolves once no connection is open any more. */
  async idle(): Promise<void> {
    await eventually(() => this.openConnections === 0);
  }

  /** Breaks every connection and stops listening. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const url = incoming.url ?? '/';
    const request: CrmRequestRecord = {
      method: incoming.method ?? '',
      url,
      headers: incoming.headers,
      body,
      asked: askedFor(url, incoming.headers, body),
    };
    this.requests.push(request);
    await this.hold;
    if (!isAuthorized(request.headers, this.#auth)) {
      return send(response, { status: 401, body: { message: 'Authentication required' } });
    }
    if (this.answer !== undefined) return send(response, this.answer(request));
    await this.#play(request, response);
  }

  async #play({ asked }: CrmRequestRecord, response: ServerResponse): Promise<void> {
    const contact = this.contacts[asked];
    const ok: CrmAnswer = {
      body: { contacts: contact === undefined ? [] : [{ number: asked, ...contact }] },
    };
    switch (this.mode) {
      case 'ok':
        return send(response, ok);
      case 'empty':
        return send(response, { body: { contacts: [] } });
      case '204':
        return send(response, { status: 204 });
      case '404':
      case '429':
      case '500':
        return send(response, { status: Number(this.mode), body: { message: `Status ${this.mode}` } });
      case 'errors':
        return send(response, { body: { errors: [{ message: 'Internal error' }], contacts: null } });
      case 'html':
        return send(response, {
          headers: { 'content-type': 'text/html; charset=utf-8' },
          body: '<!doctype html><title>Sign in</title>',
        });
      case 'truncated':
        return send(response, { body: '{"contacts":[{"tier":"go' });
      case 'redirect':
        return send(response, { status: 302, headers: { location: this.redirectTo } });
      case 'slow':
        await sleep(this.slowMs, undefined, { ref: false });
        return send(response, ok);
      case 'huge':
        return sendForever(response);
      case 'hang':
        return;
      case 'hang-body':
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
        response.write('{"contacts":[');
        return;
      case 'reset':
        response.socket?.resetAndDestroy();
        return;
    }
  }
}

/**
 * Starts a server that plays a CRM:
 *
 * ```ts
 * const crm = await startCrmServer({ contacts: { '+358501231234': { tier: 'gold', name: 'Aino' } } });
 * // GET {crm.url}/contacts?phone=%2B358501231234 -> {"contacts":[{"number":"+358501231234","tier":"gold","name":"Aino"}]}
 * crm.mode = 'hang';
 * await crm.stop();
 * ```
 */
export async function startCrmServer(options: CrmServerOptions = {}): Promise<CrmServer> {
  return new CrmServer(options).listen(options.port);
}

function askedFor(url: string, headers: IncomingHttpHeaders, body: string): string {
  const { searchParams, pathname } = new URL(url, 'http://crm.test');
  const inQuery = searchParams.get('phone');
  if (inQuery !== null) return inQuery;
  const inHeader = headers['x-phone'];
  if (typeof inHeader === 'string') return inHeader;
  if (/^[[{]/.test(body)) return String((JSON.parse(body) as { phone?: unknown }).phone);
  return decodeURIComponent(pathname.slice(pathname.lastIndexOf('/') + 1));
}

function isAuthorized(headers: IncomingHttpHeaders, auth: CrmAuth | undefined): boolean {
  switch (auth?.type) {
    case undefined:
      return true;
    case 'basic':
      return (
        headers.authorization ===
        `Basic ${Buffer.from(`${auth.username}:${auth.password}`, 'utf8').toString('base64')}`
      );
    case 'bearer':
      return headers.authorization === `Bearer ${auth.token}`;
    case 'header':
      return headers[auth.name.toLowerCase()] === auth.value;
  }
}

function send(response: ServerResponse, { status = 200, headers = {}, body }: CrmAnswer): void {
  response.writeHead(status, {
    ...(body !== undefined && { 'content-type': 'application/json; charset=utf-8' }),
    ...headers,
  });
  response.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body));
}

/** Writes as fast as the other side reads, until it breaks off. */
async function sendForever(response: ServerResponse): Promise<void> {
  const chunk = `{"name":"${'x'.repeat(65_536)}"},`;
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"contacts":[');
  const closed = new Promise((resolve) => response.once('close', resolve));
  while (!response.closed) {
    if (!response.write(chunk)) await Promise.race([once(response, 'drain'), closed]);
  }
}
