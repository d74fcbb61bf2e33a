import { createHash } from 'node:crypto';
import { untilAborted } from '../../../plugin-api/index.js';
import type { ProviderContext } from '../../../plugin-api/index.js';
import type { CrmHttpAuthOptions } from '../crm-http.auth.options.js';
import { messageOf } from '../crm-http.failures.js';
import type { CrmTempo } from '../crm-http.tempo.js';
import { Seal } from './oauth-seal.js';
import type { AccessToken } from './oauth-token-endpoint.js';

const HEALTH_REASON = 'the new refresh token is not kept yet, and a restart would lose it';

/** How often another instance may write in between during one attempt. */
const MAX_WRITES = 5;
/** Whether the configured refresh token is still the newest, so that little is lost with the entry. */
const SAME = 'same';
const ROTATED = 'rotated';

/** The stored result of a refresh: the newest refresh token, and the access token that came with it. */
export interface KeptToken extends AccessToken {
  readonly refreshToken: string;
  /** How many refreshes led to it, starting with the configured token: a newer one has a higher count. */
  readonly uses: number;
}

/**
 * The newest tokens, in the service's database, encrypted; written one at a time, and again until it is done. Those that come of
 * one configured refresh token have an entry of their own: so a newly configured one begins anew, and an instance that still has
 * the older one disturbs nobody.
 */
export class KeptTokens {
  /** The latest token while it is not stored. */
  unkept: KeptToken | undefined;
  /** Why the latest token could not be stored; for operators. */
  trouble: string | undefined;
  readonly #seal: Seal;
  readonly #key: string;
  #version: number | undefined;
  #work: Promise<void> | undefined;
  #again: NodeJS.Timeout | undefined;
  #isClosing = false;

  constructor(
    private readonly context: Pick<ProviderContext, 'name' | 'state' | 'logger'>,
    private readonly auth: CrmHttpAuthOptions,
    private readonly tempo: CrmTempo,
  ) {
    const { refreshToken, tokenUrl, clientId, encryptionKey } = auth;
    this.#seal = new Seal(encryptionKey!, context.name, tempo.keyCost);
    const digest = createHash('sha256').update(JSON.stringify([tokenUrl, clientId, refreshToken]));
    this.#key = `oauth2-token.${digest.digest('hex').slice(0, 32)}`;
  }

  /**
   * @returns `undefined` if nothing is stored; `unreadable` if `encryptionKey` has changed and the stored refresh
   *   token is not the configured one
   * @throws VipLookupError when the database cannot be used
   */
  async read(): Promise<KeptToken | 'unreadable' | undefined> {
    const stored = await this.context.state.read(this.#key);
    this.#version = stored?.version;
    if (stored === undefined) return undefined;
    const [mark = '', sealed = ''] = stored.text.split(' ');
    const text = await this.#seal.open(sealed, `${this.#key} ${mark}`);
    if (text !== undefined) return JSON.parse(text) as KeptToken;
    return mark === SAME ? undefined : 'unreadable';
  }

  /**
   * Resolves when the token is stored or an attempt has failed: it can be used in both cases.
   * @param isKnown its refresh token is the previous one, which is in the configuration or already stored
   */
  async keep(token: KeptToken, isKnown: boolean): Promise<void> {
    const isExpendable = isKnown && this.unkept === undefined;
    this.unkept = token;
    await this.#tryNow(isExpendable);
  }

  /**
   * Makes one more attempt to store a token that is not stored.
   * @param limit aborts when nothing is waited for any more
   */
  async close(limit: AbortSignal): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#again);
    const lastTry = async (): Promise<void> => {
      await this.#work;
      if (this.unkept !== undefined) await this.#tryNow(false);
    };
    await untilAborted(lastTry(), limit).catch(() => undefined);
  }

  #tryNow(isExpendable: boolean): Promise<void> {
    clearTimeout(this.#again);
    this.#work ??= this.#try(isExpendable);
    return this.#work;
  }

  /** Always stores the latest: a token that comes during a write is stored after it, whether the write succeeds or not. */
  async #try(isExpendable: boolean): Promise<void> {
    let token: KeptToken;
    let failure: string | undefined;
    do {
      token = this.unkept!;
      failure = await this.#store(token);
    } while (this.unkept !== token);
    this.#work = undefined;
    if (failure !== undefined && !isExpendable) return this.#failed(failure);
    this.unkept = undefined;
    this.trouble = undefined;
  }

  /** @returns why it is not stored */
  async #store(token: KeptToken): Promise<string | undefined> {
    try {
      for (let writes = 0; writes < MAX_WRITES; writes++) {
        if (await this.#write(token)) return undefined;
        // From an earlier write that was reported as failed, or from another instance.
        const stored = await this.read();
        if (stored === 'unreadable')
          return 'the one in the database was made with another auth.encryptionKey';
        if (stored !== undefined && !isNewer(token, stored)) return undefined;
      }
      return 'other instances kept changing it';
    } catch (error) {
      return messageOf(error);
    }
  }

  /** @returns false when there are others than those that were read last */
  async #write(kept: KeptToken): Promise<boolean> {
    const mark = kept.refreshToken === this.auth.refreshToken ? SAME : ROTATED;
    const text = `${mark} ${await this.#seal.close(JSON.stringify(kept), `${this.#key} ${mark}`)}`;
    return this.context.state.write(this.#key, text, this.#version);
  }

  #failed(reason: string): void {
    if (this.trouble === undefined) {
      this.context.logger.error(
        { reason },
        'a new refresh token could not be stored; a restart now would lose it',
      );
    }
    this.trouble = `${HEALTH_REASON}: ${reason}`;
    if (this.#isClosing) return;
    this.#again = setTimeout(() => void this.#tryNow(false), this.tempo.keepMs).unref();
  }
}

/** Clocks of instances may differ, so the count of refreshes is compared first. */
function isNewer(token: KeptToken, than: KeptToken): boolean {
  return token.uses === than.uses ? token.issuedMs > than.issuedMs : token.uses > than.uses;
}
