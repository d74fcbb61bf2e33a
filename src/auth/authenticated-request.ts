import type { Request } from 'express';
import type { CallerCredential, CredentialStore } from './credential-store.js';
import type { LoginKey } from './remembered-logins.js';

/**
 * A request that passed the `CallerGuard`.
 * @typeParam Config what the room that reads it sees of the configuration
 */
export interface AuthenticatedRequest<Config = unknown> extends Request {
  user: CallerCredential;
  /** The configuration in use when it came: what the credential may ask for is judged by that. */
  admittedBy: Config;
}

/** What a strategy needs to know; taken once, because a closed connection has no address any more. */
export interface LoginContext {
  readonly store: CredentialStore;
  readonly address: string | undefined;
  /** Set by the strategy that found the login right; without it the login is not remembered. */
  key?: LoginKey;
}

const LOGIN = Symbol('smartrouting-vip.login');
type RequestWithLogin = Request & { [LOGIN]?: LoginContext };

/** Passport's strategies are one per process; each request carries the credentials of the application that got it. */
export function attachLogin(request: Request, login: LoginContext): void {
  (request as RequestWithLogin)[LOGIN] = login;
}

/** @throws Error when no `CallerGuard` is in front of the strategy */
export function loginOf(request: Request): LoginContext {
  const login = (request as RequestWithLogin)[LOGIN];
  if (login === undefined) throw new Error('a passport strategy was used without the CallerGuard');
  return login;
}
