import { Injectable } from '@nestjs/common';
import type { Derived } from '../config/live-config.js';
import { LiveConfig } from '../config/live-config.js';
import { CredentialStore } from './credential-store.js';
import type { CredentialsConfig } from './credentials.config.js';

/** The store of the credentials in use; another one as soon as they change, which remembers no login with one that changed. */
@Injectable()
export class Credentials {
  readonly #store: Derived<CredentialsConfig, CredentialStore>;

  constructor(live: LiveConfig<CredentialsConfig>) {
    this.#store = live.derive(
      ({ credentials }) => credentials,
      // The one in use: what was prepared for a configuration that was then refused never was. None at the start.
      (credentials) => new CredentialStore(credentials, undefined, this.#store?.current),
    );
  }

  get store(): CredentialStore {
    return this.#store.current;
  }
}
