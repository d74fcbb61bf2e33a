import { setTimeout as sleep } from 'node:timers/promises';
import type { ExclusiveRight, ProviderContext } from '../../../plugin-api/index.js';
import type { CrmHttpAuthOptions } from '../crm-http.auth.options.js';
import { messageOf } from '../crm-http.failures.js';
import { TEMPO } from '../crm-http.tempo.js';
import { KeptTokens } from './oauth-kept-token.js';
import type { KeptToken } from './oauth-kept-token.js';
import { renewalMs } from './oauth-auth.js';
import type { TokenSource } from './oauth-auth.js';
import { stoppedToken, TokenEndpoint, TokenError } from './oauth-token-endpoint.js';
import type { AccessToken, TokenAnswer } from './oauth-token-endpoint.js';

/** An access token that expired before anybody could use it. */
const NO_ACCESS: AccessToken = { accessToken: '', issuedMs: 0, lifetimeMs: 0 };

/**
 * A refresh token, which the server may replace with each use; it may then treat a second use of the older one as
 * theft. So one instance at a time uses it, the newest is stored in the service's database, and an instance that
 * finds a newer token than its own uses that.
 */
export class RefreshGrant implements TokenSource {
  readonly #endpoint: TokenEndpoint;
  readonly #kept: KeptTokens;
  /** The newest token that this instance knows. */
  #latest: KeptToken | undefined;
  /** Whether the server returned the same refresh token, or none, at the last use. */
  #staysSame = false;

  constructor(
    private readonly context: Pick<ProviderContext, 'name' | 'state' | 'logger'>,
    private readonly auth: CrmHttpAuthOptions,
    private readonly tempo = TEMPO,
  ) {
    this.#endpoint = new TokenEndpoint(auth, tempo);
    this.#kept = new KeptTokens(context, auth, tempo);
  }

  get trouble(): string | undefined {
    return this.#kept.trouble;
  }

  async obtain(current: string | undefined, signal: AbortSignal): Promise<AccessToken> {
    const giveUpMs = Date.now() + this.tempo.lookLimitMs;
    for (;;) {
      const found = (await this.#newer(current)) ?? (await this.#refreshAlone(current, signal));
      if (found !== undefined) return found;
      if (Date.now() > giveUpMs) {
        throw new TokenError('another instance of the service has been renewing it all the time');
      }
      await sleep(this.tempo.lookMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) throw stoppedToken();
    }
  }

  async close(limit: AbortSignal): Promise<void> {
    await this.#kept.close(limit);
    await this.#endpoint.close();
  }

  /** @returns `undefined` while another instance is renewing it */
  async #refreshAlone(current: string | undefined, signal: AbortSignal): Promise<AccessToken | undefined> {
    let work: Promise<AccessToken | undefined> | undefined;
    const begin = (right?: ExclusiveRight): Promise<AccessToken | undefined> =>
      (work ??= this.#newer(current).then((newer) => newer ?? this.#refresh(signal, right)));
    try {
      return await this.context.state.exclusively('oauth2-refresh', (_lost, right) =>
        begin(this.#staysSame ? undefined : right),
      );
    } catch (error) {
      // The database failed when the right was acquired or released. The token endpoint's answer counts anyway.
      if (work !== undefined) return work;
      if (this.#staysSame) return begin();
      throw error instanceof TokenError ? error : unreachable(error);
    }
  }

  /** The token that another instance, or this one before its restart, has obtained. */
  async #newer(current: string | undefined): Promise<AccessToken | undefined> {
    if (this.#kept.unkept !== undefined) return undefined;
    let kept: KeptToken | 'unreadable' | undefined;
    try {
      kept = await this.#kept.read();
    } catch (error) {
      // A refresh token that stays the same can be used by any instance at any time.
      if (this.#staysSame) return undefined;
      throw unreachable(error);
    }
    if (kept === 'unreadable') {
      throw new TokenError(
        'the refresh token in the database cannot be read: was auth.encryptionKey changed? Write the earlier one, or get a new refreshToken',
        true,
      );
    }
    if (kept !== undefined) this.#latest = kept;
    const isNewer = kept !== undefined && kept.accessToken !== current && Date.now() < renewalMs(kept);
    return isNewer ? kept : undefined;
  }

  /**
   * Once sent, neither the end of the service nor the loss of the exclusive right stops it: the answer may contain
   * the only valid refresh token.
   * @param right absent: the server always returns the same refresh token, and any instance may use it
   * @returns `undefined` if the right was lost before it was sent
   */
  async #refresh(signal: AbortSignal, right: ExclusiveRight | undefined): Promise<AccessToken | undefined> {
    if (signal.aborted) throw stoppedToken();
    const used = this.#latest?.refreshToken ?? this.auth.refreshToken!;
    const uses = (this.#latest?.uses ?? 0) + 1;
    const answer = await this.#use(used, right);
    if (answer === undefined) return undefined;
    const { refreshToken = used, access } = answer;
    const isKnown = refreshToken === used;
    // A new refresh token counts, even if the rest of the answer is unusable.
    const isUsable = !(access instanceof TokenError);
    if (!isUsable && isKnown) throw access;
    this.#staysSame = isKnown;
    this.#latest = { refreshToken, uses, ...(isUsable ? access : NO_ACCESS) };
    await this.#kept.keep(this.#latest, isKnown);
    if (!isUsable) throw access;
    return this.#latest;
  }

  /**
   * Sends a refresh token, unless another instance may be using it: the process may have been suspended since it was
   * read, or connecting may have taken long. The database knows for certain, the clocks cover the moments after that.
   * @returns `undefined` if it was not sent
   */
  async #use(refreshToken: string, right: ExclusiveRight | undefined): Promise<TokenAnswer | undefined> {
    const isRight = await right?.confirm().catch((error: unknown) => {
      throw unreachable(error);
    });
    if (isRight === false) return undefined;
    let isTooLate = false;
    const maySend = (): boolean => !(isTooLate = right?.isHeld === false);
    try {
      return await this.#endpoint.request('refresh_token', { refresh_token: refreshToken }, { maySend });
    } catch (error) {
      if (isTooLate) return undefined;
      throw error;
    }
  }
}

function unreachable(error: unknown): TokenError {
  return new TokenError(`the database that keeps the refresh token cannot be used: ${messageOf(error)}`);
}
