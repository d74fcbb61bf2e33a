import { hash, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';

const MAX_LOGINS = 1000;

/** The headers that a request logs in with, as they came. */
export interface LoginHeaders {
  readonly apiKey: string | undefined;
  readonly authorization: string | undefined;
}

/**
 * Logins that the strategies have found right, so that the next call with the same headers need not be asked again.
 * Kept are digests under a key that exists only in this object, never the headers; so neither the content of the memory
 * nor the time of a look into it tells anything about a secret.
 */
export class RememberedLogins<Credential extends object> {
  readonly #key = randomBytes(32).toString('base64');
  readonly #logins = new LRUCache<string, Credential>({ max: MAX_LOGINS });

  find(login: LoginHeaders): Credential | undefined {
    return this.#logins.get(this.#digest(login));
  }

  keep(login: LoginHeaders, credential: Credential): void {
    this.#logins.set(this.#digest(login), credential);
  }

  /** A line feed cannot stand in a header, so the parts cannot run into each other. */
  #digest({ apiKey, authorization }: LoginHeaders): string {
    return hash('sha256', `${this.#key}\n${apiKey ?? ''}\n${authorization ?? ''}`, 'base64');
  }
}
