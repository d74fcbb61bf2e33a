import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Somebody in a vendor's data; each player stores it in its own fields. */
export interface Person {
  readonly name: string;
  /** As it is stored, in whatever spelling. */
  readonly phone?: string;
  readonly mobile?: string;
  /** Absent: the field is empty. */
  readonly tier?: string;
}

export interface VendorRequest {
  readonly method: string;
  /** Decoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface VendorAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text is sent as it is, anything else as JSON; without it there is no body. */
  readonly body?: unknown;
}

/** What a player throws when a request is not as the vendor wants it. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(
    readonly status: number,
    readonly body: unknown,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(`refused with ${status}`);
  }
}

/** A vendor's cloud, played by a server on the loopback address. */
export class VendorCloud {
  /** What was asked and answered, requests for tokens apart. */
  readonly exchanges: { readonly request: VendorRequest; readonly answer: VendorAnswer }[] = [];
  /** As long as it is set, every request, but for those for tokens, is answered with it: the vendor's limit is reached. */
  limit: VendorAnswer | undefined;
  readonly #server: Server;

  private constructor(answer: (request: VendorRequest) => VendorAnswer, tokenPath: string | undefined) {
    this.#server = createServer((incoming, response) => {
      read(incoming)
        .then((request) => send(response, this.#play(request, answer, tokenPath)))
        .catch((error: unknown) => response.destroy(error as Error));
    });
  }

  /**
   * @param answer plays the vendor; throws a `Refusal` for what the vendor would refuse
   * @param tokenPath where tokens are had: no limit of the API holds there
   */
  static async start(
    answer: (request: VendorRequest) => VendorAnswer,
    tokenPath?: string,
  ): Promise<VendorCloud> {
    const cloud = new VendorCloud(answer, tokenPath);
    cloud.#server.listen(0, '127.0.0.1');
    await once(cloud.#server, 'listening');
    return cloud;
  }

  /** Without a slash at the end. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #play(
    request: VendorRequest,
    play: (request: VendorRequest) => VendorAnswer,
    tokenPath: string | undefined,
  ): VendorAnswer {
    if (request.path === tokenPath) return attempt(play, request);
    const answer = this.limit ?? attempt(play, request);
    this.exchanges.push({ request, answer });
    return answer;
  }
}

/** Refuses another method or path, and query parameters that the vendor does not know. */
export function demand(
  request: VendorRequest,
  method: 'GET' | 'POST',
  path: string,
  parameters: readonly string[],
): void {
  if (request.path !== path) throw new Refusal(404, { message: `no such path: ${request.path}` });
  if (request.method !== method) throw new Refusal(405, { message: `${request.method} is not allowed` });
  for (const name of request.query.keys()) {
    if (!parameters.includes(name)) throw new Refusal(400, { message: `unknown parameter ${name}` });
    if (request.query.getAll(name).length > 1) throw new Refusal(400, { message: `${name} comes twice` });
  }
}

/** The request's JSON; refuses another content type, and what is not JSON. */
export function jsonOf(request: VendorRequest): unknown {
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
    throw new Refusal(415, { message: 'Unsupported Media Type' });
  }
  try {
    return JSON.parse(request.body) as unknown;
  } catch {
    throw new Refusal(400, { message: 'Invalid input JSON' });
  }
}

export function basicAuth(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** The digits of a stored number: how a vendor that ignores formatting compares it. */
export function digitsOf(number: string | undefined | null): string {
  return (number ?? '').replace(/\D/g, '');
}

function attempt(answer: (request: VendorRequest) => VendorAnswer, request: VendorRequest): VendorAnswer {
  try {
    return answer(request);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

async function read(incoming: IncomingMessage): Promise<VendorRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const url = new URL(incoming.url ?? '/', 'http://vendor.test');
  return {
    method: incoming.method ?? '',
    path: decodeURIComponent(url.pathname),
    query: url.searchParams,
    headers: incoming.headers,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

function send(response: ServerResponse, { status = 200, headers = {}, body }: VendorAnswer): void {
  response.writeHead(status, {
    ...(body !== undefined && { 'content-type': 'application/json; charset=utf-8' }),
    ...headers,
  });
  response.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body));
}
