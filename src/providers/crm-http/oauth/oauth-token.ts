/** Earliest and latest moment of a renewal: so long before the token is over, and this share of its life. */
const LEAD_SHARE = 0.25;
const MAX_LEAD_MS = 5 * 60_000;
/** Not used in its last moments: it must be valid when it arrives. */
const LAST_SHARE = 0.02;
const MAX_LAST_MS = 5_000;
/** Where the server does not say how long a token lasts, it is renewed this often, and used until it is refused. */
const UNKNOWN_LIFE_MS = 60 * 60_000;

/** An access token; times are milliseconds since 1970, so that instances can share one. */
export interface AccessToken {
  readonly accessToken: string;
  readonly issuedMs: number;
  /** `undefined`: nobody knows. */
  readonly lifetimeMs: number | undefined;
}

/** Gives access tokens. */
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

/** From when on it is to be replaced. */
export function renewalMs({ issuedMs, lifetimeMs = UNKNOWN_LIFE_MS }: AccessToken): number {
  return issuedMs + lifetimeMs - Math.min(lifetimeMs * LEAD_SHARE, MAX_LEAD_MS);
}

/** Until when it may be used. */
export function usableUntilMs({ issuedMs, lifetimeMs }: AccessToken): number {
  if (lifetimeMs === undefined) return Infinity;
  return issuedMs + lifetimeMs - Math.min(lifetimeMs * LAST_SHARE, MAX_LAST_MS);
}
