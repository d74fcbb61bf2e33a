import { untilAborted } from '../../../plugin-api/index.js';
import type { ProviderLogger } from '../../../plugin-api/index.js';
import { messageOf } from '../crm-http.failures.js';
import { TEMPO } from '../crm-http.tempo.js';
import type { KeptToken, KeptTokens } from './oauth-kept-token.js';

const HEALTH_REASON = 'the new refresh token is not kept yet, and a restart would lose it';

/** How often another instance may write in between during one attempt. */
const MAX_WRITES = 5;

/** Writes the newest tokens to the database, one write at a time, and retries until it succeeds. */
export class TokenKeeper {
  #unkept: KeptToken | undefined;
  #trouble: string | undefined;
  #work: Promise<void> | undefined;
  #again: NodeJS.Timeout | undefined;
  #isClosing = false;

  constructor(
    private readonly kept: KeptTokens,
    private readonly logger: ProviderLogger,
    private readonly keepMs = TEMPO.keepMs,
  ) {}

  /** The latest token while it is not stored. */
  get unkept(): KeptToken | undefined {
    return this.#unkept;
  }

  /** Why the latest token could not be stored; for operators. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /**
   * Resolves when the token is stored or an attempt has failed: it can be used in both cases.
   * @param isKnown its refresh token is the previous one, which is in the configuration or already stored
   */
  async keep(token: KeptToken, isKnown: boolean): Promise<void> {
    const isExpendable = isKnown && this.#unkept === undefined;
    this.#unkept = token;
    await this.#tryNow(isExpendable);
  }

  /**
   * Makes one more attempt to store a token that is not stored.
   * @param limit aborts when the wait ends
   */
  async close(limit: AbortSignal): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#again);
    await untilAborted(this.#lastTry(), limit).catch(() => undefined);
  }

  async #lastTry(): Promise<void> {
    await this.#work;
    if (this.#unkept !== undefined) await this.#tryNow(false);
  }

  #tryNow(isExpendable: boolean): Promise<void> {
    clearTimeout(this.#again);
    this.#work ??= this.#try(isExpendable);
    return this.#work;
  }

  /** Always stores the latest: a token that comes during a write is stored after it, whether the write succeeds or not. */
  async #try(isExpendable: boolean): Promise<void> {
    for (;;) {
      const token = this.#unkept!;
      const failure = await this.#store(token);
      if (this.#unkept !== token) continue;
      if (failure === undefined || isExpendable) {
        this.#unkept = undefined;
        this.#trouble = undefined;
      } else {
        this.#failed(failure);
      }
      this.#work = undefined;
      return;
    }
  }

  /** @returns why it is not stored */
  async #store(token: KeptToken): Promise<string | undefined> {
    try {
      for (let writes = 0; writes < MAX_WRITES; writes++) {
        if (await this.kept.write(token)) return undefined;
        // From an earlier write that was reported as failed, or from another instance.
        const stored = await this.kept.read();
        if (stored === 'unreadable')
          return 'the one in the database was made with another auth.encryptionKey';
        if (stored !== undefined && !isNewer(token, stored)) return undefined;
      }
      return 'other instances kept changing it';
    } catch (error) {
      return messageOf(error);
    }
  }

  #failed(reason: string): void {
    if (this.#trouble === undefined) {
      this.logger.error({ reason }, 'a new refresh token could not be stored; a restart now would lose it');
    }
    this.#trouble = `${HEALTH_REASON}: ${reason}`;
    if (this.#isClosing) return;
    this.#again = setTimeout(() => void this.#tryNow(false), this.keepMs).unref();
  }
}

/** Clocks of instances may differ, so the count of refreshes is compared first. */
function isNewer(token: KeptToken, than: KeptToken): boolean {
  return token.uses === than.uses ? token.issuedMs > than.issuedMs : token.uses > than.uses;
}
