import { createHash } from 'node:crypto';
import type { ProviderState } from '../../../plugin-api/index.js';
import type { CrmHttpAuthOptions } from '../crm-http.auth.options.js';
import { TEMPO } from '../crm-http.tempo.js';
import { Seal } from './oauth-seal.js';
import type { AccessToken } from './oauth-token.js';

/** The stored result of a refresh: the newest refresh token, and the access token that came with it. */
export interface KeptToken extends AccessToken {
  readonly refreshToken: string;
  /** How many refreshes led to it, starting with the configured token: a newer one has a higher count. */
  readonly uses: number;
}

/**
 * The newest tokens, in the service's database, encrypted. Each configured refresh token has its own entry, so a
 * newly configured one starts from the beginning, and an instance that still has the older one does not interfere.
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
   * @returns `undefined` if nothing is stored; `unreadable` if `encryptionKey` has changed and the stored refresh
   *   token is not the configured one
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
   * Stores newer tokens in place of those that were read last.
   * @returns false if there are others by now, from another instance or from a write that was reported as failed:
   *   read again
   * @throws VipLookupError when the database cannot be used
   */
  async write(kept: KeptToken): Promise<boolean> {
    const mark = kept.refreshToken === this.#configured ? SAME : ROTATED;
    const text = `${mark} ${await this.#seal.close(JSON.stringify(kept), `${this.#key} ${mark}`)}`;
    return this.state.write(this.#key, text, this.#version);
  }
}

/** Whether the configured refresh token is still the newest, so that little is lost with the entry. */
const SAME = 'same';
const ROTATED = 'rotated';
