import { backoffMs, untilAborted, VipLookupError, withTimeLimit } from '../../../plugin-api/index.js';
import type { ProviderLogger } from '../../../plugin-api/index.js';
import { stopped } from '../crm-http.failures.js';
import { TEMPO } from '../crm-http.tempo.js';
import { TokenError } from './oauth-token-endpoint.js';
import type { AccessToken } from './oauth-token-endpoint.js';

/** A renewal happens when this share of the token's lifetime is left, but no earlier than this time before it expires. */
const LEAD_SHARE = 0.25;
const MAX_LEAD_MS = 5 * 60_000;
/** Not used in its last moments: it must still be valid when it arrives. */
const LAST_SHARE = 0.02;
const MAX_LAST_MS = 5_000;
/** If the server does not say how long a token is valid, it is renewed this often, and used until it is refused. */
const UNKNOWN_LIFE_MS = 60 * 60_000;
/** Pauses after a failed attempt, each twice the previous one. After a refusal by the server they are longer. */
const LAST_PAUSE_MS = 30_000;
const REFUSED_PAUSES_MS = { first: 30_000, last: 15 * 60_000 };
const MAX_TIMER_MS = 24 * 3_600_000;
/** A CRM that refuses a new token has a reason other than its age: for this long, refusals do not cause a renewal. */
const VAIN_RENEWAL_MS = 60_000;
/**
 * A token that the CRM still accepts at this age is considered good, so a later refusal renews it. Not earlier: a CRM
 * that refuses some requests and answers others would cause a renewal with each of them.
 */
const PROVEN_AFTER_MS = 5_000;

export interface TokenSource {
  /** A problem that operators should know about although there is a token; `undefined` if none. */
  readonly trouble: string | undefined;
  /**
   * A token that is not due for renewal. Not called again before it has settled.
   * @param current the token to replace
   * @param signal aborts it, unless that could lose a token that is not issued again
   * @throws TokenError
   */
  obtain(current: string | undefined, signal: AbortSignal): Promise<AccessToken>;
  /** @param limit aborts when nothing is waited for any more */
  close(limit: AbortSignal): Promise<void>;
}

/** Header names, in lower case, and values. */
export type AuthHeaders = Readonly<Record<string, string>>;

/** @param scheme the word before the token; default: `Bearer` */
export function schemeHeaders(scheme: string | undefined | null): (token: string) => AuthHeaders {
  return (token) => ({ authorization: `${scheme ?? 'Bearer'} ${token}` });
}

type TokenInUse = AccessToken & { readonly headers: AuthHeaders };

interface Failure {
  readonly error: TokenError;
  /** No request is made before this time. */
  readonly untilMs: number;
  /** In a row, including this one. */
  readonly attempts: number;
}

/**
 * Tokens of OAuth2 or of a session: fetched at the start and renewed in the background before they expire, with one request at a
 * time. A call waits for a token only while there is no valid one.
 */
export class OAuthAuth {
  readonly #closing = new AbortController();
  #token: TokenInUse | undefined;
  #renewal: Promise<void> | undefined;
  #failure: Failure | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Tokens that the CRM no longer accepts. */
  #refused: AuthHeaders | undefined;
  #obtainedMs = 0;
  #vainUntilMs = 0;

  constructor(
    private readonly source: TokenSource,
    private readonly headersOf: (token: string) => AuthHeaders,
    private readonly logger: ProviderLogger,
    private readonly tempo = TEMPO,
  ) {}

  /** Why there is no token now, or soon will be none; for operators. `undefined` if there is no problem. */
  get trouble(): string | undefined {
    if (this.#failure === undefined) return this.source.trouble;
    if (this.#usable === undefined) return this.#failure.error.message;
    const untilMs = usableUntilMs(this.#usable);
    const end = untilMs === Infinity ? '' : ` and ends at ${new Date(untilMs).toISOString()}`;
    return `the access token cannot be renewed${end}: ${this.#failure.error.message}`;
  }

  /** Gets the first token before calls come. Never rejects: lookups and `trouble` report the problem. */
  async open(): Promise<void> {
    await this.#renew().catch(() => undefined);
  }

  /**
   * The headers with the token; at once if there is one.
   * @throws VipLookupError if there is none and none can be obtained
   */
  headers(signal: AbortSignal): AuthHeaders | Promise<AuthHeaders> {
    return this.#usable?.headers ?? this.#wait(signal);
  }

  /**
   * Call it when the CRM has refused a token (401).
   * @param used the result of `headers`
   * @returns new headers to try; `undefined` if a retry is useless
   * @throws VipLookupError if new headers are needed and cannot be obtained
   */
  async renewed(used: AuthHeaders, signal: AbortSignal): Promise<AuthHeaders | undefined> {
    if (this.#token?.headers !== used) return this.headers(signal);
    if (performance.now() < this.#vainUntilMs) return undefined;
    this.#refused = used;
    return this.#wait(signal);
  }

  /** Call it when the CRM has accepted a token, whatever its answer was. */
  taken(used: AuthHeaders): void {
    const isProven = performance.now() - this.#obtainedMs > PROVEN_AFTER_MS;
    if (isProven && this.#token?.headers === used) this.#vainUntilMs = 0;
  }

  /** Call it when the CRM has also refused the result of `renewed`. */
  refusedAnew(used: AuthHeaders): void {
    if (this.#token?.headers === used) this.#vainUntilMs = performance.now() + VAIN_RENEWAL_MS;
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#closing.abort();
    await withTimeLimit(this.tempo.closeMs, [], async (limit) => {
      await untilAborted(this.#renewal, limit).catch(() => undefined);
      await this.source.close(limit);
    });
  }

  get #usable(): TokenInUse | undefined {
    const token = this.#token;
    const isUsable =
      token !== undefined && token.headers !== this.#refused && Date.now() < usableUntilMs(token);
    return isUsable ? token : undefined;
  }

  /** Waits for a new token as long as the lookup's time allows. */
  async #wait(signal: AbortSignal): Promise<AuthHeaders> {
    if (this.#failure !== undefined && Date.now() < this.#failure.untilMs) throw this.#failure.error;
    if (signal.aborted) throw stopped();
    await untilAborted(this.#renew(), signal).catch((error: unknown) => {
      throw signal.aborted ? stopped() : error;
    });
    return this.#token!.headers;
  }

  #renew(): Promise<void> {
    this.#renewal ??= this.#obtain().finally(() => (this.#renewal = undefined));
    return this.#renewal;
  }

  async #obtain(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      const token = await this.source.obtain(this.#token?.accessToken, this.#closing.signal);
      this.#token = { ...token, headers: this.headersOf(token.accessToken) };
      this.#obtainedMs = performance.now();
      if (this.#failure !== undefined) this.logger.info({}, 'an access token was obtained again');
      this.#failure = undefined;
      this.#renewIn(Math.max(renewalMs(token) - Date.now(), this.tempo.renewalMs));
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #failed(error: unknown): TokenError {
    const attempts = (this.#failure?.attempts ?? 0) + 1;
    const failure = asTokenError(error);
    const troublePausesMs = { first: this.tempo.tokenMs, last: LAST_PAUSE_MS };
    const { first, last } = failure.refused ? REFUSED_PAUSES_MS : troublePausesMs;
    const jitter = 1 + Math.random() / 4;
    const pauseMs = Math.max(backoffMs(attempts - 1, first, last) * jitter, failure.retryAfterMs ?? 0);
    if (this.#failure?.error.message !== failure.message && !this.#closing.signal.aborted) {
      this.logger.error({ reason: failure.message }, 'could not obtain a new access token');
    }
    this.#failure = { error: failure, untilMs: Date.now() + pauseMs, attempts };
    this.#renewIn(pauseMs);
    return failure;
  }

  #renewIn(ms: number): void {
    if (this.#closing.signal.aborted) return;
    // Lookups and `trouble` report the result.
    this.#timer = setTimeout(
      () => void this.#renew().catch(() => undefined),
      Math.min(ms, MAX_TIMER_MS),
    ).unref();
  }
}

export function renewalMs({ issuedMs, lifetimeMs = UNKNOWN_LIFE_MS }: AccessToken): number {
  return issuedMs + lifetimeMs - Math.min(lifetimeMs * LEAD_SHARE, MAX_LEAD_MS);
}

function usableUntilMs({ issuedMs, lifetimeMs }: AccessToken): number {
  if (lifetimeMs === undefined) return Infinity;
  return issuedMs + lifetimeMs - Math.min(lifetimeMs * LAST_SHARE, MAX_LAST_MS);
}

function asTokenError(error: unknown): TokenError {
  const isReadable = error instanceof VipLookupError;
  const message = isReadable ? error.message : `unexpected (${String((error as Error).name)})`;
  const { refused = false, retryAfterMs } = error as Partial<TokenError>;
  return new TokenError(`no access token: ${message}`, refused, retryAfterMs);
}
