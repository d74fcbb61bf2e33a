/** A renewal happens when this share of the token's lifetime is left, but no earlier than this time before it expires. */
const LEAD_SHARE = 0.25;
const MAX_LEAD_MS = 5 * 60_000;
/** Not used in its last moments: it must still be valid when it arrives. */
const LAST_SHARE = 0.02;
const MAX_LAST_MS = 5_000;
/**
 * If the server does not say how long a token is valid, this lifetime is assumed for its renewal, and it is used
 * until it is refused.
 */
const UNKNOWN_LIFE_MS = 60 * 60_000;

/** An access token; times are milliseconds since 1970, so that instances can share one. */
export interface AccessToken {
  readonly accessToken: string;
  readonly issuedMs: number;
  /** `undefined`: not known. */
  readonly lifetimeMs: number | undefined;
}

/** Source of access tokens. */
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
  /** @param limit aborts when the wait ends */
  close(limit: AbortSignal): Promise<void>;
}

/** When it is due for renewal. */
export function renewalMs({ issuedMs, lifetimeMs = UNKNOWN_LIFE_MS }: AccessToken): number {
  return issuedMs + lifetimeMs - Math.min(lifetimeMs * LEAD_SHARE, MAX_LEAD_MS);
}

/** Until when it may be used. */
export function usableUntilMs({ issuedMs, lifetimeMs }: AccessToken): number {
  if (lifetimeMs === undefined) return Infinity;
  return issuedMs + lifetimeMs - Math.min(lifetimeMs * LAST_SHARE, MAX_LAST_MS);
}
