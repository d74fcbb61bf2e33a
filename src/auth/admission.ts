import { createParamDecorator } from '@nestjs/common';
import type { Request } from 'express';
import type { ClientCredential } from './credential-store.js';
import type { LoginKey } from './remembered-logins.js';

/**
 * What the `ClientGuard` knows about an admitted request.
 * @typeParam Config the part of the configuration that the reading room sees
 */
export interface Admission<Config = unknown> {
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

/** What a strategy returns beside the credential, as passport's `info`. */
export interface LoginInfo {
  /** The key under which the login may be remembered; without it, the login is not remembered. */
  readonly key?: LoginKey;
}
