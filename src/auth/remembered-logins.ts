import { hash, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { BasicLogin } from './basic-header.js';

const MAX_LOGINS = 1000;

/**
 * What a login is remembered under: the one secret that a strategy found right, in one spelling. Whatever else stands in a
 * request can be varied without end, and would push all other logins out.
 */
export type LoginKey = string & { readonly brand: 'LoginKey' };

export function apiKeyLogin(apiKey: string): LoginKey {
  return `api-key\n${apiKey}` as LoginKey;
}

/** NFC, because the credentials are compared so (RFC 8265). */
export function basicLogin({ user, password }: BasicLogin): LoginKey {
  return `basic\n${JSON.stringify([user.normalize('NFC'), password.normalize('NFC')])}` as LoginKey;
}

/**
 * Logins that the strategies have found right, so that the next call with the same secret need not be asked again.
 * Kept are digests under a key that exists only in this object, never the secrets; so neither the content of the memory
 * nor the time of a look into it tells anything about a secret.
 */
export class RememberedLogins<Credential extends object> {
  #key = randomBytes(32).toString('base64');
  readonly #logins: LRUCache<string, Credential>;

  /** @param max the login that was used longest ago goes first */
  constructor(max = MAX_LOGINS) {
    this.#logins = new LRUCache({ max });
  }

  /**
   * What another set of credentials may go on remembering.
   * @param successor the credential that takes the place of one; `undefined` = forget its logins
   */
  handedOn(successor: (credential: Credential) => Credential | undefined): RememberedLogins<Credential> {
    const next = new RememberedLogins<Credential>(this.#logins.max);
    next.#key = this.#key;
    for (const [digest, credential] of [...this.#logins].reverse()) {
      const known = successor(credential);
      if (known !== undefined) next.#logins.set(digest, known);
    }
    return next;
  }

  find(login: LoginKey): Credential | undefined {
    return this.#logins.get(this.#digest(login));
  }

  keep(login: LoginKey, credential: Credential): void {
    this.#logins.set(this.#digest(login), credential);
  }

  #digest(login: LoginKey): string {
    return hash('sha256', `${this.#key}\n${login}`, 'base64');
  }
}
