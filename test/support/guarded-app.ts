import { afterEach } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Controller, Global, HttpCode, Module, Post, UseGuards } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import type { AppConfig } from '../../src/app/app.config.js';
import type { CredentialConfig } from '../../src/auth/credentials.config.js';
import { LiveConfig } from '../../src/config/live-config.js';
import { networkMatcher } from '../../src/http/networks.js';
import { ProblemFilter } from '../../src/http/problem.filter.js';
import { createLogger, LOGGER } from '../../src/observability/logger.js';
import { MetricsService } from '../../src/observability/metrics.service.js';
import { AuthModule } from '../../src/auth/auth.module.js';
import { Admitted } from '../../src/auth/admission.js';
import type { Admission } from '../../src/auth/admission.js';
import { BasicHttpStrategy } from '../../src/auth/basic-http.strategy.js';
import { ClientGuard } from '../../src/auth/client.guard.js';
import type { CredentialStore } from '../../src/auth/credential-store.js';
import { Credentials } from '../../src/auth/credentials.js';
import { LoginThrottle } from '../../src/auth/login-throttle.js';

export const HOW_TO_LOG_IN =
  'Send the header X-Benemen-APIKey: <key>, or Authorization: Basic with user name and password in UTF-8.';
const CHALLENGE = 'Basic realm="SmartRouting", charset="UTF-8"';
/** scrypt's ln: the least that is taken, where the cost is not what is tested. */
export const CHEAP = 13;
export const PLAIN_KEY: CredentialConfig = { id: 'core', apiKey: 'key-1', targets: undefined };

@Controller()
class WhoController {
  @Post('who')
  @HttpCode(200)
  @UseGuards(ClientGuard)
  who(@Admitted() { client }: Admission) {
    return client;
  }
}

interface Setting {
  credentials?: readonly CredentialConfig[];
  allowedNetworks?: readonly string[];
  trustedProxies?: readonly string[];
  store?: CredentialStore;
  /** In place of HTTP Basic. */
  basicStrategy?: object;
}

const running: INestApplication[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.close()));
});

/** A small application with the guard in front of one route, `POST /who`, on a free port; closed after the test. */
export async function start({
  credentials = [PLAIN_KEY],
  allowedNetworks,
  trustedProxies = [],
  store,
  basicStrategy,
}: Setting = {}) {
  const config = { credentials, server: { allowedNetworks, trustedProxies } } as unknown as AppConfig;
  const kinds: string[] = [];
  const log: string[] = [];
  const logger = createLogger(
    { level: 'debug', numbers: 'masked' },
    { write: (line) => void log.push(line) },
  );
  const clock = { ms: 0 };

  @Global()
  @Module({
    providers: [
      { provide: LiveConfig, useValue: new LiveConfig(config) },
      { provide: LOGGER, useValue: logger },
      { provide: MetricsService, useValue: { authFailure: (kind: string) => kinds.push(kind) } },
    ],
    exports: [LiveConfig, LOGGER, MetricsService],
  })
  class Surroundings {}

  const building = Test.createTestingModule({
    imports: [Surroundings, AuthModule],
    controllers: [WhoController],
  })
    .overrideProvider(LoginThrottle)
    .useValue(new LoginThrottle(() => clock.ms));
  if (store !== undefined) building.overrideProvider(Credentials).useValue({ store });
  if (basicStrategy !== undefined) building.overrideProvider(BasicHttpStrategy).useValue(basicStrategy);
  const app = (await building.compile()).createNestApplication<NestExpressApplication>({ logger: false });
  app.set('trust proxy', networkMatcher(trustedProxies));
  app.useGlobalFilters(new ProblemFilter(logger));
  await app.listen(0, '127.0.0.1');
  running.push(app);
  const url = `${await app.getUrl()}/who`;
  const ask = async (headers: Record<string, string> = {}) => {
    const response = await fetch(url, { method: 'POST', headers });
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      challenge: response.headers.get('www-authenticate'),
      retryAfter: response.headers.get('retry-after'),
      body: (await response.json()) as Record<string, unknown>,
    };
  };
  return { ask, kinds, log, clock };
}

/** The bytes of a UTF-8 text as fetch wants a header to be written. */
export const headerBytes = (text: string) => Buffer.from(text, 'utf8').toString('latin1');
export const apiKey = (text: string) => ({ 'X-Benemen-APIKey': headerBytes(text) });
export const basic = (user: string, password: string, scheme = 'Basic') => ({
  Authorization: `${scheme} ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`,
});

export const unauthorized = (what: string) => ({
  status: 401,
  type: 'application/problem+json',
  challenge: CHALLENGE,
  retryAfter: null,
  body: { type: 'about:blank', title: 'Unauthorized', status: 401, detail: `${what} ${HOW_TO_LOG_IN}` },
});
export const WRONG = unauthorized('Wrong credentials.');
export const MISSING = unauthorized('No credentials.');
export const OUTSIDE = {
  status: 403,
  type: 'application/problem+json',
  challenge: null,
  retryAfter: null,
  body: {
    type: 'about:blank',
    title: 'Forbidden',
    status: 403,
    detail: 'Calls from this address are not accepted.',
  },
};
