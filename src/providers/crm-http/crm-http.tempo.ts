/**
 * Times of crm-http in ms: pauses before it repeats something, and limits for answers; and the cost of its key
 * derivation. Tests use shorter pauses, and longer limits where a suspended machine must not look like a hanging
 * server.
 */
export const TEMPO = {
  /** Before a lost connection is replaced; doubles while none lasts. */
  connectMs: 1_000,
  /** Longest wait for a connection, to the CRM or to its token endpoint. */
  connectLimitMs: 5_000,
  /** Before an access token is requested again after a temporary failure; doubles. */
  tokenMs: 1_000,
  /**
   * Longest wait for the answer of a token endpoint. No call waits for it while an old token is valid, and an answer
   * that is not read may contain the only new refresh token.
   */
  tokenLimitMs: 20_000,
  /** Shortest interval of renewals in advance, however short the lifetime of access tokens is. */
  renewalMs: 1_000,
  /** Before another attempt to store a refresh token. */
  keepMs: 2_000,
  /** How much longer than the answer to one spelling those to further ones may take. */
  twinsMs: 50,
  /** Before it checks again whether another instance has a new token. */
  lookMs: 200,
  /** How long it checks: the other instance may die meanwhile. */
  lookLimitMs: 40_000,
  /** How long the service's stop waits for a refresh token that is being issued or stored: it may be the only valid one. */
  closeMs: 5_000,
  /** Cost of deriving a key from a secret text, scrypt's N. */
  keyCost: 2 ** 15,
  /** Before a failed page is requested again: one failure among a thousand pages should not restart the pull. */
  pageMs: [1_000, 5_000] as readonly number[],
  /** Longest wait for the answer with one page. */
  pageLimitMs: 30_000,
  /** Before a page is requested again after the CRM was too busy. */
  busyMs: 1_000,
  /** Before it checks again whether another instance has pulled. */
  pollMs: 5_000,
  /** The clock of rate limits and of pauses that the CRM requests, ms. */
  now: (): number => performance.now(),
};

export type CrmTempo = Readonly<typeof TEMPO>;

/** Nest's token for a tempo other than `TEMPO`; only tests provide one. */
export const CRM_TEMPO = Symbol.for('smartrouting-vip.crm-tempo');
