import { createParamDecorator } from '@nestjs/common';
import type { Request } from 'express';
import type { ClientCredential } from './credential-store.js';
import type { LoginKey } from './remembered-logins.js';

/**
 * What the `ClientGuard` says of a request that may ask.
 * @typeParam Config what the room that reads it sees of the configuration
 */
export interface Admission<Config = unknown> {
  readonly client: ClientCredential;
  /** The configuration in use when the request came: it is decided by that, whatever is swapped in meanwhile. */
  readonly config: Config;
  /** `performance.now()` before anything was checked. */
  readonly arrivedMs: number;
}

/** Parameter decorator: the `Admission`. */
export const Admitted = createParamDecorator(
  (_: unknown, context) => context.switchToHttp().getRequest<Request>().user,
);

/** What a strategy passes on beside the credential, as passport's `info`. */
export interface LoginInfo {
  /** What the login may be remembered under; without it, it is not remembered. */
  readonly key?: LoginKey;
}
