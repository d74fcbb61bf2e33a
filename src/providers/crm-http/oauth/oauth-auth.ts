import { backoffMs, untilAborted, VipLookupError, withTimeLimit } from '../../../plugin-api/index.js';
import type { ProviderLogger } from '../../../plugin-api/index.js';
import { stopped } from '../crm-http.failures.js';
import { TEMPO } from '../crm-http.tempo.js';
import { TokenError } from './oauth-token-endpoint.js';

/** Earliest and latest moment of a renewal: so long before the token is over, and this share of its life. */
const LEAD_SHARE = 0.25;
const MAX_LEAD_MS = 5 * 60_000;
/** Not used in its last moments: it must be valid when it arrives. */
const LAST_SHARE = 0.02;
const MAX_LAST_MS = 5_000;
/** Where the server does not say how long a token lasts, it is renewed this often, and used until it is refused. */
const UNKNOWN_LIFE_MS = 60 * 60_000;
/** Pauses after an attempt that failed, each twice the one before. A server that said no is left alone for longer. */
const LAST_PAUSE_MS = 30_000;
const REFUSED_PAUSES_MS = { first: 30_000, last: 15 * 60_000 };
const MAX_TIMER_MS = 24 * 3_600_000;
/** A CRM that refuses a new token refuses it for another reason than its age: so long nothing is renewed for it. */
const VAIN_RENEWAL_MS = 60_000;
/**
 * A token that is taken when it is as old as that is good after all, and is renewed when it is refused then. Not at once: a
 * CRM that refuses some requests and answers others would have every one of those renew it.
 */
const PROVEN_AFTER_MS = 5_000;

/** An access token; times are milliseconds since 1970, so that instances can share one. */
export interface AccessToken {
  readonly accessToken: string;
  readonly issuedMs: number;
  /** `undefined`: nobody knows. */
  readonly lifetimeMs: number | undefined;
}

export interface TokenSource {
  /** What operations should know though there is a token; `undefined` when nothing. */
  readonly trouble: string | undefined;
  /**
   * A token that is not due for renewal. One at a time: not called again before it has settled.
   * @param current the token that is to be replaced
   * @param signal ends it, unless that could lose a token that nobody gives again
   * @throws TokenError
   */
  obtain(current: string | undefined, signal: AbortSignal): Promise<AccessToken>;
  /** @param limit aborts when nothing is waited for any more */
  close(limit: AbortSignal): Promise<void>;
}

/** Header names, in lower case, and values. */
export type AuthHeaders = Readonly<Record<string, string>>;

type TokenInUse = AccessToken & { readonly headers: AuthHeaders };

interface Failure {
  readonly error: TokenError;
  /** Nothing is asked before. */
  readonly untilMs: number;
  /** In a row, this one included. */
  readonly attempts: number;
}

/**
 * OAuth2 access tokens: fetched at the start, renewed in the background ahead of their end, one request at a time whoever
 * needs one. A call waits for a token only while there is none that is valid.
 */
export class OAuthAuth {
  readonly #closing = new AbortController();
  #token: TokenInUse | undefined;
  #renewal: Promise<void> | undefined;
  #failure: Failure | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Those that the CRM does not take any more. */
  #refused: AuthHeaders | undefined;
  #obtainedMs = 0;
  #vainUntilMs = 0;

  constructor(
    private readonly source: TokenSource,
    private readonly scheme: string | undefined | null,
    private readonly logger: ProviderLogger,
    private readonly tempo = TEMPO,
  ) {}

  /** Why there is no token now, or soon will be none; for operations. `undefined` when all is well. */
  get trouble(): string | undefined {
    if (this.#failure === undefined) return this.source.trouble;
    if (this.#usable === undefined) return this.#failure.error.message;
    const untilMs = usableUntilMs(this.#usable);
    const end = untilMs === Infinity ? '' : ` and ends at ${new Date(untilMs).toISOString()}`;
    return `the access token cannot be renewed${end}: ${this.#failure.error.message}`;
  }

  /** Gets the first token before calls come. Never rejects: lookups and `trouble` tell what is wrong. */
  async open(): Promise<void> {
    await this.#renew().catch(() => undefined);
  }

  /**
   * The headers that carry the token; at once while there is one.
   * @throws VipLookupError when there is none and none can be obtained
   */
  headers(signal: AbortSignal): AuthHeaders | Promise<AuthHeaders> {
    return this.#usable?.headers ?? this.#wait(signal);
  }

  /**
   * To be called when the CRM has refused a token (401).
   * @param used what `headers` gave
   * @returns others to try; `undefined` when that makes no sense
   * @throws VipLookupError when others are needed and cannot be obtained
   */
  async renewed(used: AuthHeaders, signal: AbortSignal): Promise<AuthHeaders | undefined> {
    if (this.#token?.headers !== used) return this.headers(signal);
    if (performance.now() < this.#vainUntilMs) return undefined;
    this.#refused = used;
    return this.#wait(signal);
  }

  /** To be called when the CRM has taken a token, whatever it answered otherwise. */
  taken(used: AuthHeaders): void {
    const isProven = performance.now() - this.#obtainedMs > PROVEN_AFTER_MS;
    if (isProven && this.#token?.headers === used) this.#vainUntilMs = 0;
  }

  /** To be called when the CRM has refused what `renewed` gave, too. */
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

  /** Waits for a new token as long as the lookup may. */
  async #wait(signal: AbortSignal): Promise<AuthHeaders> {
    if (this.#failure !== undefined && Date.now() < this.#failure.untilMs) throw this.#failure.error;
    if (signal.aborted) throw stopped();
    await untilAborted(this.#renew(), signal).catch((error: unknown) => {
      throw signal.aborted ? stopped() : error;
    });
    return this.#token!.headers;
  }

  /** The renewal under way, or a new one. */
  #renew(): Promise<void> {
    this.#renewal ??= this.#obtain().finally(() => (this.#renewal = undefined));
    return this.#renewal;
  }

  async #obtain(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      const token = await this.source.obtain(this.#token?.accessToken, this.#closing.signal);
      const headers = { authorization: `${this.scheme ?? 'Bearer'} ${token.accessToken}` };
      this.#token = { ...token, headers };
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
    // Lookups and `trouble` tell what came of it.
    this.#timer = setTimeout(
      () => void this.#renew().catch(() => undefined),
      Math.min(ms, MAX_TIMER_MS),
    ).unref();
  }
}

/** From when on it is to be replaced. */
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
