import { createParamDecorator } from '@nestjs/common';
import type { Request } from 'express';
import type { ClientCredential, CredentialStore } from './credential-store.js';
import type { LoginKey } from './remembered-logins.js';

/**
 * What the `ClientGuard` knows about an admitted request.
 * @typeParam Config the part of the configuration that the reading room sees
 */
export interface Admission<Config = unknown> {
  /** Who is asking. */
  readonly client: ClientCredential;
  /**
   * The configuration in use when the request arrived. It decides the call, even if another one is swapped in
   * meanwhile.
   */
  readonly config: Config;
  /** `performance.now()` before anything was checked. */
  readonly arrivedMs: number;
}

/** Parameter decorator: the `Admission`. */
export const Admitted = createParamDecorator(
  (_: unknown, context) => context.switchToHttp().getRequest<Request>().user,
);

/** What a strategy needs to know; read once, because a closed connection has no address. */
export interface LoginContext {
  readonly store: CredentialStore;
  readonly address: string | undefined;
}

/** What a strategy returns beside the credential, as passport's `info`. */
export interface LoginInfo {
  /** The key under which the login may be remembered; without it, the login is not remembered. */
  readonly key?: LoginKey;
}

/** There is one instance of each strategy per process, so the request determines which application's credentials apply. */
export const loginContexts = new WeakMap<Request, LoginContext>();
