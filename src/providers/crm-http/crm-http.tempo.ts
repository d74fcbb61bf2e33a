/**
 * How long crm-http waits before it does something again and how long for an answer, in ms, and how much work it takes upon
 * itself. Tests are quicker, and patient where a machine that stands still must not look like a server that hangs.
 */
export const TEMPO = {
  /** Before a connection is made in place of the last one; doubles while none lasts. */
  connectMs: 1_000,
  /** Longest wait for a connection, to the CRM or to its token endpoint. */
  connectLimitMs: 5_000,
  /** Before an access token is asked for again after trouble that may pass; doubles. */
  tokenMs: 1_000,
  /**
   * Longest wait for the answer of a token endpoint. No call waits for it as long as an old token is valid, and an answer
   * that is not read may hold the only new refresh token.
   */
  tokenLimitMs: 20_000,
  /** However short an access token lives, it is not renewed more often than that in advance. */
  renewalMs: 1_000,
  /** Before a refresh token that could not be kept is kept after all. */
  keepMs: 2_000,
  /** Before it looks again whether another instance has a new token. */
  lookMs: 200,
  /** How long it looks: the other instance may die while at it. */
  lookLimitMs: 40_000,
  /** How long the end of the service waits for a refresh token that is being issued or kept: it may be the only good one. */
  closeMs: 5_000,
  /** Cost of making a key of a secret text, scrypt's N. */
  keyCost: 2 ** 15,
  /** Before a page that failed is asked for again: one hiccup among a thousand pages is no reason to begin anew. */
  pageMs: [1_000, 5_000] as readonly number[],
  /** Longest wait for the answer with one page. */
  pageLimitMs: 30_000,
  /** Before a page is asked for again that the CRM was too busy for. */
  busyMs: 1_000,
  /** Before it looks again whether another instance has pulled. */
  pollMs: 5_000,
  /** The clock of rate limits and of pauses that the CRM asks for, ms. */
  now: (): number => performance.now(),
};

export type CrmTempo = Readonly<typeof TEMPO>;

/** Nest's token of another tempo than `TEMPO`; nobody provides one but tests. */
export const CRM_TEMPO = Symbol.for('smartrouting-vip.crm-tempo');
