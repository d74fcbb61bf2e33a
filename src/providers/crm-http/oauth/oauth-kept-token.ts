import { createHash } from 'node:crypto';
import type { ProviderState } from '../../../plugin-api/index.js';
import type { CrmHttpAuthOptions } from '../crm-http.auth.options.js';
import { TEMPO } from '../crm-http.tempo.js';
import { Seal } from './oauth-seal.js';
import type { AccessToken } from './oauth-token.js';

/** What is kept of a refresh: the newest refresh token, and the access token that came with it. */
export interface KeptToken extends AccessToken {
  readonly refreshToken: string;
  /** How many uses of refresh tokens led to it, from the configured one on: what is newer has more. */
  readonly uses: number;
}

/**
 * The newest tokens, in the service's database, encrypted. Those that come of one configured refresh token have an entry
 * of their own: so a newly configured one begins anew, and an instance that still has the older one disturbs nobody.
 */
export class KeptTokens {
  readonly #seal: Seal;
  readonly #key: string;
  readonly #configured: string;
  #version: number | undefined;

  /** @param provider its name */
  constructor(
    private readonly state: ProviderState,
    provider: string,
    { refreshToken, tokenUrl, clientId, encryptionKey }: CrmHttpAuthOptions,
    keyCost = TEMPO.keyCost,
  ) {
    this.#seal = new Seal(encryptionKey!, provider, keyCost);
    this.#configured = refreshToken!;
    const digest = createHash('sha256').update(JSON.stringify([tokenUrl, clientId, refreshToken]));
    this.#key = `oauth2-token.${digest.digest('hex').slice(0, 32)}`;
  }

  /**
   * @returns `undefined` when nothing is kept; `unreadable` when `encryptionKey` was changed since, and the refresh token
   *   that is kept is not the configured one
   * @throws VipLookupError when the database cannot be used
   */
  async read(): Promise<KeptToken | 'unreadable' | undefined> {
    const stored = await this.state.read(this.#key);
    this.#version = stored?.version;
    if (stored === undefined) return undefined;
    const [mark = '', sealed = ''] = stored.text.split(' ');
    const text = await this.#seal.open(sealed, `${this.#key} ${mark}`);
    if (text !== undefined) return JSON.parse(text) as KeptToken;
    return mark === SAME ? undefined : 'unreadable';
  }

  /**
   * Keeps newer tokens in place of those that were read last.
   * @returns false when there are others by now, of another instance or of a writing that was reported as failed: read again
   * @throws VipLookupError when the database cannot be used
   */
  async write(kept: KeptToken): Promise<boolean> {
    const mark = kept.refreshToken === this.#configured ? SAME : ROTATED;
    const text = `${mark} ${await this.#seal.close(JSON.stringify(kept), `${this.#key} ${mark}`)}`;
    return this.state.write(this.#key, text, this.#version);
  }
}

/** Whether the configured refresh token is the newest still, so that little is lost if the entry is. */
const SAME = 'same';
const ROTATED = 'rotated';
