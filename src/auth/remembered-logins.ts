import { hash, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { BasicLogin } from './basic-header.js';

const MAX_LOGINS = 1000;

/**
 * The key under which a login is remembered: the one secret that a strategy accepted, in one spelling. Anything else
 * in a request can be varied endlessly, and would evict all other logins.
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
 * Logins that the strategies have accepted, so that the next call with the same secret need not be verified again. It
 * keeps digests under a key that exists only in this object, never the secrets; so neither the memory's content nor
 * the time of a lookup reveals anything about a secret.
 */
export class RememberedLogins<Credential extends object> {
  #key = randomBytes(32).toString('base64');
  readonly #logins: LRUCache<string, Credential>;

  /** @param max number of logins; the least recently used is evicted first */
  constructor(max = MAX_LOGINS) {
    this.#logins = new LRUCache({ max });
  }

  /**
   * What another set of credentials may continue to remember.
   * @param successor the credential that replaces the given one; `undefined` = forget its logins
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
