/**
 * How long crm-http waits before it does something again and how long for an answer, in ms, and how much work it takes upon
 * itself. Tests are quicker, and patient where a machine that stands still must not look like a server that hangs.
 */
export interface CrmTempo {
  /** Before a connection is made in place of the last one; doubles while none lasts. */
  readonly connectMs: number;
  /** Longest wait for a connection, to the CRM or to its token endpoint. */
  readonly connectLimitMs: number;
  /** Before an access token is asked for again after trouble that may pass; doubles. */
  readonly tokenMs: number;
  /**
   * Longest wait for the answer of a token endpoint. No call waits for it as long as an old token is valid, and an answer
   * that is not read may hold the only new refresh token.
   */
  readonly tokenLimitMs: number;
  /** However short an access token lives, it is not renewed more often than that in advance. */
  readonly renewalMs: number;
  /** Before a refresh token that could not be kept is kept after all. */
  readonly keepMs: number;
  /** Before it looks again whether another instance has a new token. */
  readonly lookMs: number;
  /** How long it looks: the other instance may die while at it. */
  readonly lookLimitMs: number;
  /** How long the end of the service waits for a refresh token that is being issued or kept: it may be the only good one. */
  readonly closeMs: number;
  /** Cost of making a key of a secret text, scrypt's N. */
  readonly keyCost: number;
  /** Before a page that failed is asked for again: one hiccup among a thousand pages is no reason to begin anew. */
  readonly pageMs: readonly number[];
  /** Longest wait for the answer with one page. */
  readonly pageLimitMs: number;
  /** Before a page is asked for again that the CRM was too busy for. */
  readonly busyMs: number;
  /** Before it looks again whether another instance has pulled. */
  readonly pollMs: number;
  /** The clock of rate limits and of pauses that the CRM asks for, ms. */
  readonly now: () => number;
}

export const TEMPO: CrmTempo = {
  connectMs: 1_000,
  connectLimitMs: 5_000,
  tokenMs: 1_000,
  tokenLimitMs: 20_000,
  renewalMs: 1_000,
  keepMs: 2_000,
  lookMs: 200,
  lookLimitMs: 40_000,
  closeMs: 5_000,
  keyCost: 2 ** 15,
  pageMs: [1_000, 5_000],
  pageLimitMs: 30_000,
  busyMs: 1_000,
  pollMs: 5_000,
  now: () => performance.now(),
};

/** Nest's token of another tempo than `TEMPO`; nobody provides one but tests. */
export const CRM_TEMPO = Symbol.for('smartrouting-vip.crm-tempo');
