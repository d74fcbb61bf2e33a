import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Inject, Injectable } from '@nestjs/common';
import type { Handler, Request } from 'express';
import passport from 'passport';
import type { Derived } from '../config/live-config.js';
import { LiveConfig } from '../config/live-config.js';
import { clientAddress, networkMatcher } from '../http/networks.js';
import type { IsInNetwork } from '../http/networks.js';
import { Problem } from '../http/problem.js';
import { mayStay } from '../http/refused.js';
import type { Logger } from '../observability/logger.js';
import { LOGGER } from '../observability/logger.js';
import { MetricsService } from '../observability/metrics.service.js';
import type { AuthFailureKind } from '../observability/metrics.service.js';
import { API_KEY_HEADER, ApiKeyStrategy } from './api-key.strategy.js';
import type { Admission, LoginInfo } from './admission.js';
import { isBasicHeader, readBasicHeader } from './basic-header.js';
import { BasicHttpStrategy } from './basic-http.strategy.js';
import type { ClientCredential } from './credential-store.js';
import { Credentials } from './credentials.js';
import { LoginThrottle } from './login-throttle.js';
import { apiKeyLogin, basicLogin } from './remembered-logins.js';
import type { LoginKey } from './remembered-logins.js';
import { QueueFullError } from './verification-queue.js';
import type { HttpConfig } from '../http/server.config.js';

const CHALLENGE = 'Basic realm="SmartRouting", charset="UTF-8"';
const HOW_TO_LOG_IN = `Send the header ${API_KEY_HEADER}: <key>, or Authorization: Basic with user name and password in UTF-8.`;

/**
 * Admits a request that comes from an allowed network with a correct credential, and stores its `Admission` where
 * passport stores a user, in `request.user`. Passport's strategies decide; a login that they accepted is remembered.
 * Anything else is a `Problem`: 403 for the network, 401 for the credentials, 429 after too many wrong ones.
 */
@Injectable()
export class ClientGuard implements CanActivate {
  /** Of this application alone, since its strategies lead to its credentials. */
  readonly #passport = new passport.Passport();
  readonly #isAllowed: Derived<HttpConfig, IsInNetwork | undefined>;

  constructor(
    private readonly credentials: Credentials,
    private readonly throttle: LoginThrottle,
    private readonly metrics: MetricsService,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly live: LiveConfig<HttpConfig>,
    apiKey: ApiKeyStrategy,
    basic: BasicHttpStrategy,
  ) {
    this.#passport.use(apiKey).use(basic);
    this.#isAllowed = live.derive(
      ({ server }) => server.allowedNetworks,
      (networks) => networks && networkMatcher(networks),
    );
  }

  canActivate(context: ExecutionContext): true | Promise<true> {
    const arrivedMs = performance.now();
    const request = context.switchToHttp().getRequest<Request>();
    const config = this.live.current;
    const isAllowed = this.#isAllowed.current;
    if (isAllowed !== undefined) {
      const address = clientAddress(request);
      if (!isAllowed(address)) throw this.#outsideNetworks(address);
    }
    const key = loginKey(request);
    const client = key && this.credentials.store.logins.find(key);
    const admit = (client: ClientCredential): true => {
      request.user = { client, config, arrivedMs } satisfies Admission;
      mayStay(request.socket);
      return true;
    };
    return client === undefined ? this.#askStrategies(request).then(admit) : admit(client);
  }

  async #askStrategies(request: Request): Promise<ClientCredential> {
    // Taken now: another store may be in use when a login was found right, and a closed connection has no address any more.
    const { store } = this.credentials;
    const address = clientAddress(request);
    const [client, { key }] = await this.#login(request).catch((error: unknown) => {
      throw error instanceof QueueFullError ? this.#tooMany(1) : this.#broken(request, error);
    });
    if (!client) throw this.#refused(request, address);
    if (key !== undefined) store.logins.keep(key, client);
    return client;
  }

  /** What the first strategy says that finds a login right; `false` when none does. */
  #login(request: Request): Promise<[ClientCredential | false, LoginInfo]> {
    return new Promise((resolve, reject) => {
      const told = (error: Error | null, client: ClientCredential | false, info: LoginInfo = {}): void =>
        error ? reject(error) : resolve([client, info]);
      const ask = this.#passport.authenticate(['headerapikey', 'basic'], { session: false }, told) as Handler;
      ask(request, request.res!, reject);
    });
  }

  #refused(request: Request, address: string | undefined): Problem {
    const kind = presentedKind(request);
    if (kind === 'missing') {
      this.metrics.authFailure(kind);
      return unauthorized('No credentials.');
    }
    const retryAfterSeconds = this.throttle.failed(address);
    if (retryAfterSeconds > 0) return this.#tooMany(retryAfterSeconds);
    this.metrics.authFailure(kind);
    this.logger.warn({ kind, address }, 'wrong credentials');
    return unauthorized('Wrong credentials.');
  }

  /** Fails closed: a credential that cannot be verified is refused. */
  #broken(request: Request, error: unknown): Problem {
    const kind = presentedKind(request);
    this.metrics.authFailure(kind);
    this.logger.error({ kind, error }, 'credentials could not be verified');
    return unauthorized('The credentials could not be verified.');
  }

  #tooMany(retryAfterSeconds: number): Problem {
    this.metrics.authFailure('throttled');
    return new Problem(429, `Too many failed logins. Correct credentials always pass. ${HOW_TO_LOG_IN}`, {
      headers: { 'Retry-After': String(retryAfterSeconds) },
    });
  }

  #outsideNetworks(address: string | undefined): Problem {
    this.metrics.authFailure('network');
    // The throttle only limits the log lines here; the answer stays 403.
    if (this.throttle.failed(address) === 0) {
      this.logger.warn({ kind: 'network', address }, 'call from outside server.allowedNetworks');
    }
    return new Problem(403, 'Calls from this address are not accepted.');
  }
}

function unauthorized(what: string): Problem {
  return new Problem(401, `${what} ${HOW_TO_LOG_IN}`, { headers: { 'WWW-Authenticate': CHALLENGE } });
}

/** For the header that the strategies check first. */
function loginKey({ headers }: Request): LoginKey | undefined {
  const apiKey = headers[API_KEY_HEADER.toLowerCase()] as string | undefined;
  if (apiKey !== undefined) return apiKeyLogin(apiKey);
  const login = readBasicHeader(headers.authorization);
  return login && basicLogin(login);
}

function presentedKind(request: Request): Extract<AuthFailureKind, 'missing' | 'api-key' | 'password'> {
  if (request.get(API_KEY_HEADER)) return 'api-key';
  return isBasicHeader(request.headers.authorization) ? 'password' : 'missing';
}
