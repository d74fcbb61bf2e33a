import type { Agent, Dispatcher } from 'undici';
import { withTimeLimit } from '../../../plugin-api/index.js';
import type { Json } from '../../../plugin-api/index.js';
import type { Evaluator } from '../crm-http.evaluator.js';
import { LOOKUP_LIMITS } from '../crm-http.evaluator.js';
import { requestFailure } from '../crm-http.failures.js';
import { readRetryAfter } from '../crm-http.pause.js';
import { RequestTemplate } from '../crm-http.request.js';
import { NotWritableError, TextTemplate } from '../crm-http.templates.js';
import { TEMPO } from '../crm-http.tempo.js';
import type { CrmTempo } from '../crm-http.tempo.js';
import { undici } from '../libraries.js';
import type { AuthHeaders, TokenSource } from '../oauth/oauth-auth.js';
import { stoppedToken, TokenError } from '../oauth/oauth-token-endpoint.js';
import type { AccessToken } from '../oauth/oauth-token-endpoint.js';
import type { CrmHttpLoginOptions, CrmHttpSessionHeaderOptions } from './session.options.js';

/** The name of the expression among those of the provider. */
export const LOGIN_TOKEN = 'auth.login.token';

const MAX_RESPONSE_BYTES = 256 * 1_024;
const MAX_TOKEN_CHARACTERS = 8_192;

/** Signs in with a request of its own, and takes the token of the session from the answer. */
export class SessionLogin implements TokenSource {
  readonly trouble = undefined;
  readonly #agent: Agent;
  readonly #template: RequestTemplate;

  constructor(
    login: CrmHttpLoginOptions,
    private readonly evaluator: Pick<Evaluator, 'evaluate'>,
    private readonly tempo: Pick<CrmTempo, 'connectLimitMs' | 'tokenLimitMs'> = TEMPO,
  ) {
    this.#template = new RequestTemplate(login);
    const { Agent } = undici();
    this.#agent = new Agent({
      connect: { timeout: tempo.connectLimitMs },
      headersTimeout: 0,
      bodyTimeout: 0,
      maxResponseSize: MAX_RESPONSE_BYTES,
    });
  }

  async obtain(_current: string | undefined, signal: AbortSignal): Promise<AccessToken> {
    const { tokenLimitMs } = this.tempo;
    const issuedMs = Date.now();
    try {
      return await withTimeLimit(tokenLimitMs, [signal], async (limit) => {
        const answer = await this.#agent.request({ ...this.#template.fill({})!, signal: limit });
        const body = new Uint8Array(await answer.body.arrayBuffer());
        // Nobody knows how long a session lasts: it is used until it is refused.
        return { accessToken: await this.#token(answer, body, limit), issuedMs, lifetimeMs: Infinity };
      });
    } catch (error) {
      if (error instanceof TokenError) throw error;
      if (signal.aborted) throw stoppedToken();
      if ((error as Error).name === 'TimeoutError')
        throw new TokenError(`login: no answer within ${tokenLimitMs / 1_000} s`, false);
      throw new TokenError(`login: ${requestFailure(error, signal, MAX_RESPONSE_BYTES).message}`, false);
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #token(
    { statusCode, headers }: Dispatcher.ResponseData,
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<string> {
    if (statusCode < 200 || statusCode > 299) {
      // Asked again soon, the CRM might lock the user out.
      const isRefused = statusCode < 500 && statusCode !== 429 && statusCode !== 408;
      const cure = isRefused ? '; check url, body and headers of auth.login' : '';
      const retryAfterMs = readRetryAfter([headers['retry-after']].flat()[0]);
      throw new TokenError(`login: HTTP ${statusCode}${cure}`, isRefused, retryAfterMs);
    }
    const { values } = await this.evaluator
      .evaluate(body, [LOGIN_TOKEN], {}, LOOKUP_LIMITS, signal)
      .catch((error: unknown) => {
        signal.throwIfAborted();
        throw new TokenError(`login: ${(error as Error).message}; check url and token of auth.login`, true);
      });
    return readToken(values[LOGIN_TOKEN]);
  }
}

function readToken(written: Json | undefined): string {
  const token = typeof written === 'number' ? String(written) : written;
  if (typeof token !== 'string' || token === '') {
    throw new TokenError(
      'login: the answer has no token; check the user and the password in auth.login.body, and auth.login.token',
      true,
    );
  }
  if (token.length > MAX_TOKEN_CHARACTERS || !/^[\t\x20-\x7e]+$/.test(token))
    throw new TokenError(
      'login: the answer has a token that no header can carry; check auth.login.token',
      true,
    );
  return token;
}

/** What makes the header of a token. */
export function sessionHeaders({ name, value }: CrmHttpSessionHeaderOptions): (token: string) => AuthHeaders {
  const template = new TextTemplate(value, 'header');
  return (token) => {
    try {
      return { [(name ?? 'Authorization').toLowerCase()]: template.render({ token }) };
    } catch (error) {
      if (!(error instanceof NotWritableError)) throw error;
      throw new TokenError('login: the answer has a token that no header can carry; check auth.header', true);
    }
  };
}
