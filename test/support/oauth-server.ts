import { jwtVerify } from 'jose';
import { createPublicKey, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from './eventually.js';

/**
 * What the token endpoint does with the next requests: `ok` by the rules; `hold`: answers when `release` is called;
 * a status: that, whatever was asked; `html`: a login page with status 200; `huge`: more than anybody should read.
 */
export type OAuthMode = 'ok' | 'hold' | 'html' | 'huge' | 'not-a-token' | '302' | '429' | '500' | '503';

export interface OAuthRequestRecord {
  readonly parameters: Readonly<Record<string, string>>;
  readonly authorization: string | undefined;
  readonly status: number;
}

interface Family {
  readonly tokens: string[];
  isRevoked: boolean;
}

export interface OAuthServerOptions {
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** PEM: whose assertions are taken, and what they must say. */
  readonly assertions?: { publicKey: string; issuer: string; subject: string; audience: string };
  /** `expires_in`; `undefined` to leave it out. */
  readonly lifetimeS?: number | undefined;
  /** Whether a refresh token is good for one use. */
  readonly rotates?: boolean;
}

/**
 * A token endpoint on the loopback address that is as strict as OAuth2 allows (RFC 6749, 7523, 9700): a refresh token
 * that is used a second time revokes all that came of it, an assertion is taken once.
 */
export class OAuthServer {
  mode: OAuthMode = 'ok';
  retryAfter: string | undefined;
  /** Whether requests must be JSON, as some vendors have it. */
  wantsJson = false;
  lifetimeS: number | undefined;
  /** Whether a refresh token is good for one use. */
  rotates: boolean;
  /** Laid over the answers that give a token. */
  oddities: Readonly<Record<string, unknown>> = {};
  readonly requests: OAuthRequestRecord[] = [];
  readonly clientId: string;
  readonly clientSecret: string;
  readonly #assertions: OAuthServerOptions['assertions'];
  readonly #families: Family[] = [];
  readonly #usedAssertions = new Set<string>();
  readonly #access = new Map<string, number>();
  readonly #server: Server;
  #held: (() => void)[] = [];

  constructor(options: OAuthServerOptions) {
    this.clientId = options.clientId ?? 'client-1';
    this.clientSecret = options.clientSecret ?? 's3cret-of/client+1:%';
    this.#assertions = options.assertions;
    this.rotates = options.rotates ?? true;
    this.lifetimeS = 'lifetimeS' in options ? options.lifetimeS : 3_600;
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get tokenUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/oauth2/token`;
  }

  /** How many requests got a token. */
  get issued(): number {
    return this.requests.filter(({ status }) => status === 200).length;
  }

  /** A refresh token as an administrator gets it. */
  newRefreshToken(): string {
    const token = `refresh-${randomUUID()}`;
    this.#families.push({ tokens: [token], isRevoked: false });
    return token;
  }

  /** `auth` of a provider with a refresh token of its own. */
  refreshAuth(): Record<string, string> {
    const { tokenUrl, clientId, clientSecret } = this;
    const encryptionKey = 'correct horse battery staple';
    const refreshToken = this.newRefreshToken();
    return { type: 'oauth2-refresh-token', tokenUrl, clientId, clientSecret, refreshToken, encryptionKey };
  }

  /** Whether a CRM would take this header. */
  accepts(authorization: string | undefined): boolean {
    const token = authorization?.split(' ')[1] ?? '';
    return Date.now() < (this.#access.get(token) ?? 0);
  }

  /** Takes back every access token. */
  expireAll(): void {
    this.#access.clear();
  }

  /** Answers what was held, and holds no more. */
  release(): void {
    this.mode = 'ok';
    for (const go of this.#held.splice(0)) go();
  }

  /** How many requests are held now. */
  get held(): number {
    return this.#held.length;
  }

  /** Resolves once `count` requests are held. */
  async holds(count: number): Promise<void> {
    await eventually(() => this.#held.length >= count);
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const isJson = request.headers['content-type'] === 'application/json';
    const parameters = isJson
      ? (JSON.parse(body) as Record<string, string>)
      : Object.fromEntries(new URLSearchParams(body));
    const { authorization } = request.headers;
    if (this.mode === 'hold') await new Promise<void>((resolve) => this.#held.push(resolve));
    const [status, answer] = await (isJson === this.wantsJson
      ? this.#answer(parameters, authorization)
      : refused('invalid_request'));
    this.requests.push({ parameters, authorization, status });
    response.writeHead(status, {
      'content-type': this.mode === 'html' ? 'text/html' : 'application/json',
      'cache-control': 'no-store',
      ...(this.retryAfter !== undefined && { 'retry-after': this.retryAfter }),
      ...(status === 302 && { location: 'https://elsewhere.test/token' }),
      ...(status === 401 && authorization !== undefined && { 'www-authenticate': 'Basic realm="oauth"' }),
    });
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
  }

  async #answer(
    parameters: Record<string, string>,
    authorization: string | undefined,
  ): Promise<[status: number, body: unknown]> {
    if (this.mode === 'html') return [200, '<!doctype html><title>Sign in</title>'];
    if (this.mode === 'huge') return [200, `{"x":"${'x'.repeat(2_000_000)}"}`];
    if (this.mode === 'not-a-token') return [200, { access_token: 12, token_type: 'Bearer' }];
    if (/^\d+$/.test(this.mode)) return [Number(this.mode), { message: `Status ${this.mode}` }];
    const grant = parameters['grant_type'];
    if (grant === 'urn:ietf:params:oauth:grant-type:jwt-bearer') {
      return (await this.#isOurs(parameters['assertion'] ?? '')) ? this.#issue() : refused('invalid_grant');
    }
    if (!this.#isClient(parameters, authorization)) return [401, { error: 'invalid_client' }];
    if (grant === 'client_credentials') return this.#issue();
    if (grant === 'password') {
      const { username, password } = parameters;
      return username === 'svc:routing' && password === 'p4ss word'
        ? this.#issue()
        : refused('invalid_grant');
    }
    if (grant !== 'refresh_token') return refused('unsupported_grant_type');
    return this.#refresh(parameters['refresh_token'] ?? '');
  }

  #refresh(token: string): [number, unknown] {
    const family = this.#families.find(({ tokens }) => tokens.includes(token));
    if (family === undefined || family.isRevoked) return refused('invalid_grant');
    if (family.tokens.at(-1) !== token) {
      family.isRevoked = true;
      return refused('invalid_grant');
    }
    if (!this.rotates) return this.#issue();
    const next = `refresh-${randomUUID()}`;
    family.tokens.push(next);
    return this.#issue(next);
  }

  #issue(refreshToken?: string): [number, unknown] {
    const accessToken = `access-${randomUUID()}`;
    this.#access.set(accessToken, Date.now() + (this.lifetimeS ?? 3_600) * 1_000);
    return [
      200,
      {
        access_token: accessToken,
        token_type: 'Bearer',
        expires_in: this.lifetimeS,
        refresh_token: refreshToken,
        ...this.oddities,
      },
    ];
  }

  #isClient(parameters: Record<string, string>, authorization: string | undefined): boolean {
    if (authorization === undefined) {
      return parameters['client_id'] === this.clientId && parameters['client_secret'] === this.clientSecret;
    }
    const [id, secret] = Buffer.from(authorization.replace(/^Basic /, ''), 'base64')
      .toString()
      .split(':');
    const decode = (text: string | undefined) => new URLSearchParams(`text=${text}`).get('text');
    return (
      decode(id) === this.clientId && decode(secret) === this.clientSecret && !('client_id' in parameters)
    );
  }

  async #isOurs(assertion: string): Promise<boolean> {
    if (this.#assertions === undefined) return false;
    const { publicKey, issuer, subject, audience } = this.#assertions;
    try {
      const checks = { issuer, subject, audience, maxTokenAge: 300, algorithms: ['RS256', 'ES256'] };
      const { payload } = await jwtVerify(assertion, createPublicKey(publicKey), checks);
      const lifeS = payload.exp! - payload.iat!;
      if (lifeS > 300 || payload.jti === undefined || this.#usedAssertions.has(payload.jti)) return false;
      this.#usedAssertions.add(payload.jti);
      return true;
    } catch {
      return false; // what exactly was wrong is told to no client
    }
  }
}

function refused(error: string): [number, unknown] {
  // Servers repeat what they were sent, which is none of a log's business.
  return [400, { error, error_description: 'secret-looking words of the server' }];
}

/** Starts a strict token endpoint. */
export async function startOAuthServer(options: OAuthServerOptions = {}): Promise<OAuthServer> {
  return new OAuthServer(options).listen();
}
