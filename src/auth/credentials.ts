import { Injectable } from '@nestjs/common';
import type { Derived } from '../config/live-config.js';
import { LiveConfig } from '../config/live-config.js';
import { CredentialStore } from './credential-store.js';
import type { CredentialsConfig } from './credentials.config.js';

/**
 * The store of the credentials in use. When they change, a new store replaces it, which forgets logins with changed
 * credentials.
 */
@Injectable()
export class Credentials {
  readonly #store: Derived<CredentialsConfig, CredentialStore>;

  constructor(live: LiveConfig<CredentialsConfig>) {
    this.#store = live.derive(
      ({ credentials }) => credentials,
      // The store in use; one that was prepared for a refused configuration never becomes it. None at the start.
      (credentials) => new CredentialStore(credentials, undefined, this.#store?.current),
    );
  }

  get store(): CredentialStore {
    return this.#store.current;
  }
}
