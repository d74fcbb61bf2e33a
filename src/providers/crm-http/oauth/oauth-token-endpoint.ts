import { Readable } from 'node:stream';
import type { Agent, Dispatcher } from 'undici';
import { isPlainObject, VipLookupError, withTimeLimit } from '../../../plugin-api/index.js';
import type { CrmHttpAuthOptions } from '../crm-http.auth.options.js';
import { connectionFailure } from '../crm-http.failures.js';
import { readRetryAfter } from '../crm-http.pause.js';
import { TEMPO } from '../crm-http.tempo.js';
import type { CrmTempo } from '../crm-http.tempo.js';
import { undici } from '../libraries.js';

const MAX_RESPONSE_BYTES = 256 * 1_024;
/** A century: a longer time is not meant seriously. */
const MAX_LIFETIME_S = 100 * 365 * 24 * 3_600;

export interface TokenAnswer {
  /** If present, replaces the one that was used, even if no usable access token came with it. */
  readonly refreshToken?: string;
  readonly access: AccessToken | TokenError;
}

/** Times are milliseconds since 1970, so that instances can share a token. */
export interface AccessToken {
  readonly accessToken: string;
  /** When it was requested. */
  readonly issuedMs: number;
  /** `undefined` if the server does not say, or gives an unusable value. */
  readonly lifetimeMs: number | undefined;
}

/** A request for a token failed. The message is suitable for health and logs. */
export class TokenError extends VipLookupError {
  /**
   * @param refused the server understood the request and refused it: repeating it is useless
   * @param retryAfterMs how long the server asks to wait
   */
  constructor(
    message: string,
    readonly refused = false,
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }
}

export function stoppedToken(): TokenError {
  return new TokenError('stopped before there was an answer');
}

/** The address that issues tokens, and this client's identification there. */
export class TokenEndpoint {
  readonly #agent: Agent;

  constructor(
    private readonly auth: CrmHttpAuthOptions,
    private readonly tempo: Pick<CrmTempo, 'connectLimitMs' | 'tokenLimitMs'> = TEMPO,
  ) {
    const { Agent } = undici();
    this.#agent = new Agent({
      connect: { timeout: tempo.connectLimitMs },
      // A request has one time limit, which tests can stop.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxResponseSize: MAX_RESPONSE_BYTES,
    });
  }

  /**
   * Requests a token once; redirects are not followed.
   * @param parameters of the grant; `scope` and the configured ones are added
   * @param signal aborts it; without a signal, only `close` does
   * @param maySend called at the last moment, when there is a connection: if it returns false, nothing is sent
   * @throws TokenError
   */
  async request(
    grantType: string,
    parameters: Record<string, string>,
    { signal, maySend = () => true }: { signal?: AbortSignal; maySend?: () => boolean } = {},
  ): Promise<TokenAnswer> {
    const { scope, parameters: more } = this.auth;
    const form = { ...(scope != null && { scope }), ...more, ...parameters, grant_type: grantType };
    const { tokenLimitMs } = this.tempo;
    const issuedMs = Date.now();
    try {
      return await withTimeLimit(tokenLimitMs, signal === undefined ? [] : [signal], async (limit) => {
        const answer = await this.#send(new URLSearchParams(form), maySend, limit);
        return this.#read(answer, await answer.body.text(), Object.values(parameters), issuedMs);
      });
    } catch (error) {
      if (error instanceof TokenError) throw error;
      if (signal?.aborted) throw stoppedToken();
      if ((error as Error).name === 'TimeoutError')
        throw new TokenError(`no answer within ${tokenLimitMs / 1000} s`);
      throw new TokenError(failureText(error));
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  #send(
    form: URLSearchParams,
    maySend: () => boolean,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const { origin, pathname, search } = new URL(this.auth.tokenUrl!);
    const authorization = authenticate(form, this.auth);
    const isJson = this.auth.bodyType === 'json';
    const content = Buffer.from(isJson ? JSON.stringify(Object.fromEntries(form)) : form.toString());
    return this.#agent.request({
      origin,
      path: `${pathname}${search}`,
      method: 'POST',
      headers: {
        accept: 'application/json',
        'accept-encoding': 'identity',
        'user-agent': 'smartrouting-vip',
        'content-type': isJson ? 'application/json' : 'application/x-www-form-urlencoded;charset=UTF-8',
        'content-length': String(content.length),
        ...(authorization !== undefined && { authorization }),
      },
      // Read when there is a connection, which may take time; the headers are sent with its first part.
      body: Readable.from(contentIf(maySend, content)),
      signal,
    });
  }

  #read(
    { statusCode, headers }: Dispatcher.ResponseData,
    text: string,
    sent: readonly string[],
    issuedMs: number,
  ): TokenAnswer {
    const body = parse(text);
    if (statusCode !== 200 || body === undefined || textOf(body['error']) !== '') {
      const retryAfterMs = readRetryAfter([headers['retry-after']].flat()[0]);
      const refused = statusCode < 500 && statusCode !== 429 && statusCode !== 408;
      const secrets = [...sent, this.auth.clientSecret ?? ''];
      throw new TokenError(refusal(statusCode, refused, body, secrets, this.auth), refused, retryAfterMs);
    }
    const refreshToken = body['refresh_token'];
    return {
      ...(typeof refreshToken === 'string' && refreshToken !== '' && { refreshToken }),
      access: readAccess(body, issuedMs),
    };
  }
}

/** Vendors add malformed fields that are not needed here (scopes, an ID token), and write null for absent ones. */
function readAccess(body: Record<string, unknown>, issuedMs: number): AccessToken | TokenError {
  const texts = [body['access_token'], body['token_type'] ?? '', body['refresh_token'] ?? ''];
  const [accessToken = '', type = ''] = texts.every((text) => typeof text === 'string') ? texts : [];
  if (accessToken === '' || !/^(bearer|dpop)?$/i.test(type)) {
    return new TokenError(
      'the token endpoint answers something that is not a token; check auth.tokenUrl',
      true,
    );
  }
  if (!/^[\x21-\x7e]+$/.test(accessToken)) {
    return new TokenError('the token endpoint gives a token that no header can carry', true);
  }
  return { accessToken, issuedMs, lifetimeMs: lifetimeOf(body['expires_in']) };
}

function* contentIf(maySend: () => boolean, content: Buffer): Generator<Buffer, void, undefined> {
  if (!maySend()) throw new TokenError('the request was not sent');
  yield content;
}

/** Some vendors write the number as text; for a token that never expires they write 0, a negative number or nothing. */
function lifetimeOf(expiresIn: unknown): number | undefined {
  const seconds = typeof expiresIn === 'string' ? Number.parseFloat(expiresIn) : expiresIn;
  const isSensible = typeof seconds === 'number' && seconds > 0 && seconds < MAX_LIFETIME_S;
  return isSensible ? seconds * 1_000 : undefined;
}

/**
 * Says who asks: in the form, or in the header that is returned. Encoded as HTML forms are there, so `-` and `_` stay as they
 * are: vendors who forget to decode then understand most secrets all the same.
 */
function authenticate(form: URLSearchParams, auth: CrmHttpAuthOptions): string | undefined {
  const { clientId, clientSecret, clientAuth } = auth;
  if (clientAuth === 'basic') {
    const credentials = [clientId!, clientSecret!].map((text) =>
      new URLSearchParams({ text }).toString().slice(5),
    );
    return `Basic ${Buffer.from(credentials.join(':')).toString('base64')}`;
  }
  if (clientId != null) form.set('client_id', clientId);
  if (clientSecret != null) form.set('client_secret', clientSecret);
  return undefined;
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isPlainObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function failureText(error: unknown): string {
  const { code } = error as { code?: unknown };
  return code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE'
    ? `the token endpoint's answer is larger than ${MAX_RESPONSE_BYTES} bytes; check auth.tokenUrl`
    : `token endpoint: ${connectionFailure(error).message}`;
}

const CURES: readonly (readonly [RegExp, string, string?])[] = [
  [
    /^invalid_client|^unauthorized_client_secret|^invalid_client_secret/,
    'check clientId, clientSecret and clientAuth under auth',
  ],
  [
    /^(invalid_grant|invalid_code)$/,
    'auth.refreshToken has expired, was revoked, or was used elsewhere: get a new one and write that',
    'oauth2-refresh-token',
  ],
  [
    /^invalid_grant$/,
    "check issuer, subject, audience and privateKey under auth, and this machine's clock",
    'oauth2-jwt-bearer',
  ],
  [/^invalid_grant$/, 'check username and password under auth', 'oauth2-password'],
  [
    /^(unauthorized_client|unsupported_grant_type|access_denied)$/,
    'allow this client to use this grant, at the vendor',
  ],
  [/^invalid_(scope|target|resource)$/, 'check scope and parameters under auth'],
];

/**
 * Why there is no token. The server's text is shown only if it is an error code in the usual form, and not something
 * that we sent.
 */
function refusal(
  status: number,
  isFinal: boolean,
  body: Record<string, unknown> | undefined,
  secrets: readonly string[],
  auth: CrmHttpAuthOptions,
): string {
  const said = textOf(body?.['error']);
  const isShown =
    /^[a-z][a-z_]{2,39}( [a-z_]{2,39})?$/i.test(said) && !secrets.some((secret) => secret.includes(said));
  if (!isShown) {
    const cure = isFinal ? '; check auth.tokenUrl, and the documentation of the vendor' : '';
    return `token endpoint: HTTP ${status}${status === 200 ? ' without a token' : ''}${cure}`;
  }
  // Microsoft's error number, which its documentation lists.
  const number = /\bAADSTS\d{4,7}\b/.exec(textOf(body?.['error_description']))?.[0];
  const cure = CURES.find(([error, , type]) => error.test(said) && (type ?? auth.type) === auth.type)?.[1];
  const shown = `token endpoint: ${said} (HTTP ${status}${number === undefined ? '' : `, ${number}`})`;
  return cure === undefined ? shown : `${shown}; ${cure}`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim() : '';
}
