import { randomUUID } from 'node:crypto';
import type { CrmHttpAuthOptions } from '../crm-http.auth.options.js';
import { TEMPO } from '../crm-http.tempo.js';
import { readPrivateKey } from './oauth-private-key.js';
import type { SigningKey } from './oauth-private-key.js';
import type { TokenSource } from './oauth-auth.js';
import { TokenEndpoint, TokenError } from './oauth-token-endpoint.js';
import type { AccessToken } from './oauth-token-endpoint.js';

/** Servers accept little more: Salesforce five minutes, including clock differences. */
const ASSERTION_LIFE_S = 180;
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/** A grant whose credentials never change: every token is requested with the same ones. */
export class FixedGrant implements TokenSource {
  readonly trouble = undefined;
  readonly #endpoint: TokenEndpoint;

  constructor(
    private readonly auth: CrmHttpAuthOptions,
    tempo = TEMPO,
  ) {
    this.#endpoint = new TokenEndpoint(auth, tempo);
  }

  async obtain(_current: string | undefined, signal: AbortSignal): Promise<AccessToken> {
    const { access } = await this.#endpoint.request(...(await grantOf(this.auth)), { signal });
    if (access instanceof TokenError) throw access;
    return access;
  }

  async close(): Promise<void> {
    await this.#endpoint.close();
  }
}

/** Its name, and its parameters. */
async function grantOf(auth: CrmHttpAuthOptions): Promise<[grantType: string, Record<string, string>]> {
  if (auth.type === 'oauth2-jwt-bearer') return [JWT_BEARER, { assertion: await assertionOf(auth) }];
  const { username, password } = auth;
  return auth.type === 'oauth2-password'
    ? ['password', { username: username!, password: password! }]
    : ['client_credentials', {}];
}

/** Signs an assertion (RFC 7523, 3), a new one for each request. */
async function assertionOf({ issuer, subject, audience, privateKey }: CrmHttpAuthOptions): Promise<string> {
  const { SignJWT } = await import('jose');
  const { key, algorithm } = readPrivateKey(privateKey!) as SigningKey;
  const nowS = Math.floor(Date.now() / 1_000);
  return new SignJWT()
    .setProtectedHeader({ alg: algorithm, typ: 'JWT' })
    .setIssuer(issuer!)
    .setSubject(subject!)
    .setAudience(audience!)
    .setIssuedAt(nowS)
    .setExpirationTime(nowS + ASSERTION_LIFE_S)
    .setJti(randomUUID())
    .sign(key);
}
