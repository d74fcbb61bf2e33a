import { randomUUID } from 'node:crypto';
import { Refusal } from './vendor-cloud.js';
import type { VendorAnswer, VendorRequest } from './vendor-cloud.js';

export interface TokenDeskOptions {
  readonly path: string;
  readonly grant: 'client_credentials' | 'refresh_token';
  readonly clientId: string;
  readonly clientSecret: string;
  /** The scope that must be asked for; without it, none may be. */
  readonly scope?: string;
  /** Must be presented with the grant `refresh_token`. */
  readonly refreshToken?: string;
  /** Seconds; `null`: the vendor does not say how long a token lives. */
  readonly expiresIn?: number | null;
  /** More properties of the vendor's answer. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** How the vendor says no; default as RFC 6749 has it. */
  readonly refuse?: (error: string) => VendorAnswer;
}

/** A vendor's token endpoint, strict about method, content type, client, grant and scope. */
export class TokenDesk {
  clientSecret: string;
  /** Tokens given out so far. */
  issued = 0;
  #valid = new Set<string>();

  constructor(private readonly options: TokenDeskOptions) {
    this.clientSecret = options.clientSecret;
  }

  handles(request: VendorRequest): boolean {
    return request.path === this.options.path;
  }

  answer(request: VendorRequest): VendorAnswer {
    const { options } = this;
    if (request.method !== 'POST') throw new Refusal(405, { error: 'invalid_request' });
    if (!/^application\/x-www-form-urlencoded\b/.test(request.headers['content-type'] ?? '')) {
      throw new Refusal(415, { error: 'invalid_request' });
    }
    const form = new URLSearchParams(request.body);
    const problem = this.#problem(form, request);
    if (problem !== undefined) {
      return (
        options.refuse?.(problem) ?? {
          status: problem === 'invalid_client' ? 401 : 400,
          body: { error: problem, error_description: 'refused' },
        }
      );
    }
    this.issued++;
    const token = `tok-${randomUUID()}`;
    this.#valid.add(token);
    return {
      headers: { 'cache-control': 'no-store' },
      body: {
        access_token: token,
        token_type: 'Bearer',
        ...(options.expiresIn !== null && { expires_in: options.expiresIn ?? 3_600 }),
        ...options.extra,
      },
    };
  }

  /** Whether an Authorization header carries a token that was given out here and is still good. */
  accepts(authorization: string | undefined, scheme = 'Bearer'): boolean {
    const [given, token, ...rest] = (authorization ?? '').split(' ');
    return given === scheme && rest.length === 0 && this.#valid.has(token ?? '');
  }

  /** Every token given out so far is worth nothing any more. */
  revokeAll(): void {
    this.#valid.clear();
  }

  #problem(form: URLSearchParams, request: VendorRequest): string | undefined {
    const { grant, clientId, scope, refreshToken } = this.options;
    const [id, secret] = clientOf(form, request);
    if (id !== clientId || secret !== this.clientSecret) return 'invalid_client';
    if (form.get('grant_type') !== grant) return 'unsupported_grant_type';
    if ((form.get('scope') ?? undefined) !== scope) return 'invalid_scope';
    if (grant === 'refresh_token' && form.get('refresh_token') !== refreshToken) return 'invalid_grant';
    return undefined;
  }
}

function clientOf(form: URLSearchParams, request: VendorRequest): (string | null)[] {
  const basic = /^Basic (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
  if (basic === undefined) return [form.get('client_id'), form.get('client_secret')];
  const [id = '', secret = ''] = Buffer.from(basic, 'base64').toString('utf8').split(':');
  return [decodeURIComponent(id), decodeURIComponent(secret)];
}
