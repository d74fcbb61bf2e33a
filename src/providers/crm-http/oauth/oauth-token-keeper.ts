import { untilAborted } from '../../../plugin-api/index.js';
import type { ProviderLogger } from '../../../plugin-api/index.js';
import { messageOf } from '../crm-http.failures.js';
import { TEMPO } from '../crm-http.tempo.js';
import type { KeptToken, KeptTokens } from './oauth-kept-token.js';

const HEALTH_REASON = 'the new refresh token is not kept yet, and a restart would lose it';

/** Of one try: so often somebody else may write in between. */
const MAX_WRITES = 5;

/** Brings the newest tokens into the database, one writing at a time, and again until it is done. */
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

  /** The latest, while it is in no database. */
  get unkept(): KeptToken | undefined {
    return this.#unkept;
  }

  /** That the latest could not be kept, and why; for operations. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /**
   * Resolves when the token is kept, or a try has failed: it can be used, kept or not.
   * @param isKnown its refresh token is the one before: in the configuration, or kept already
   */
  async keep(token: KeptToken, isKnown: boolean): Promise<void> {
    const isExpendable = isKnown && this.#unkept === undefined;
    this.#unkept = token;
    await this.#tryNow(isExpendable);
  }

  /**
   * Gives what is not kept one more try.
   * @param limit aborts when nothing is waited for any more
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

  /** Always of the latest: one that comes meanwhile is kept after the one at hand, whatever became of that. */
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

  /** @returns why it is not kept */
  async #store(token: KeptToken): Promise<string | undefined> {
    try {
      for (let writes = 0; writes < MAX_WRITES; writes++) {
        if (await this.kept.write(token)) return undefined;
        // An earlier writing that was reported as failed, or another instance's.
        const stored = await this.kept.read();
        if (stored === 'unreadable')
          return 'the one in the database was made with another auth.encryptionKey';
        if (stored !== undefined && !isNewer(token, stored)) return undefined;
      }
      return 'it was changed again and again meanwhile';
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

/** Clocks of instances may differ, so how often the line of refresh tokens was used counts first. */
function isNewer(token: KeptToken, than: KeptToken): boolean {
  return token.uses === than.uses ? token.issuedMs > than.issuedMs : token.uses > than.uses;
}
