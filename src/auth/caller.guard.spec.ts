import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Controller, Global, HttpCode, Module, Post, Req, UseGuards } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { hashApiKey, hashPassword } from '../common/secret-hash.js';
import type { AppConfig, CredentialConfig } from '../config/app-config.js';
import { APP_CONFIG } from '../config/app-config.js';
import { trustProxy } from '../http/networks.js';
import { ProblemFilter } from '../http/problem.filter.js';
import { createLogger, LOGGER } from '../observability/logger.js';
import { MetricsService } from '../observability/metrics.service.js';
import { AuthModule } from './auth.module.js';
import type { AuthenticatedRequest } from './authenticated-request.js';
import { CallerGuard } from './caller.guard.js';
import { CredentialStore } from './credential-store.js';
import { LoginThrottle } from './login-throttle.js';

const HOW_TO_LOG_IN =
  'Send the header X-Benemen-APIKey: <key>, or Authorization: Basic with user name and password in UTF-8.';
const CHALLENGE = 'Basic realm="SmartRouting", charset="UTF-8"';
const PLAIN_KEY: CredentialConfig = { id: 'core', apiKey: 'key-1', targets: undefined };

@Controller()
class WhoController {
  @Post('who')
  @HttpCode(200)
  @UseGuards(CallerGuard)
  who(@Req() request: AuthenticatedRequest) {
    return request.user;
  }
}

interface Setting {
  credentials?: readonly CredentialConfig[];
  allowedNetworks?: readonly string[];
  trustedProxies?: readonly string[];
  store?: CredentialStore;
}

const running: INestApplication[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.close()));
});

async function start({
  credentials = [PLAIN_KEY],
  allowedNetworks,
  trustedProxies = [],
  store,
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
      { provide: APP_CONFIG, useValue: config },
      { provide: LOGGER, useValue: logger },
      { provide: MetricsService, useValue: { authFailure: (kind: string) => kinds.push(kind) } },
    ],
    exports: [APP_CONFIG, LOGGER, MetricsService],
  })
  class Surroundings {}

  const building = Test.createTestingModule({
    imports: [Surroundings, AuthModule],
    controllers: [WhoController],
  })
    .overrideProvider(LoginThrottle)
    .useValue(new LoginThrottle(() => clock.ms));
  if (store !== undefined) building.overrideProvider(CredentialStore).useValue(store);
  const app = (await building.compile()).createNestApplication<NestExpressApplication>({ logger: false });
  app.set('trust proxy', trustProxy(trustedProxies));
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
const headerBytes = (text: string) => Buffer.from(text, 'utf8').toString('latin1');
const apiKey = (text: string) => ({ 'X-Benemen-APIKey': headerBytes(text) });
const basic = (user: string, password: string, scheme = 'Basic') => ({
  Authorization: `${scheme} ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`,
});

const unauthorized = (what: string) => ({
  status: 401,
  type: 'application/problem+json',
  challenge: CHALLENGE,
  retryAfter: null,
  body: { type: 'about:blank', title: 'Unauthorized', status: 401, detail: `${what} ${HOW_TO_LOG_IN}` },
});
const WRONG = unauthorized('Wrong credentials.');
const MISSING = unauthorized('No credentials.');
const OUTSIDE = {
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

describe('a right credential', () => {
  it('passes in every form, and leaves itself without the secret in the request', async () => {
    const { ask, kinds } = await start({
      credentials: [
        { id: 'key-plain', apiKey: 'key-1', targets: ['SALES_QUEUE'] },
        { id: 'key-hashed', apiKey: hashApiKey('key-2'), targets: undefined },
        { id: 'key-utf8', apiKey: 'avain-ä🔑', targets: undefined },
        { id: 'basic-old', username: 'core', password: 'a:b::c', targets: undefined },
        { id: 'basic-new', username: 'core', password: await hashPassword(':pässi🔑:'), targets: undefined },
        { id: 'basic-utf8', username: 'jäsen', password: 'salasana', targets: undefined },
      ],
    });
    expect((await ask(apiKey('key-1'))).body).toEqual({ id: 'key-plain', targets: ['SALES_QUEUE'] });
    expect((await ask(apiKey('key-2'))).body).toEqual({ id: 'key-hashed' });
    expect((await ask(apiKey('avain-ä🔑'))).body).toEqual({ id: 'key-utf8' });
    expect((await ask(basic('core', 'a:b::c'))).body).toEqual({ id: 'basic-old' });
    expect((await ask(basic('core', ':pässi🔑:'))).body).toEqual({ id: 'basic-new' });
    expect((await ask(basic('jäsen', 'salasana', 'bASIC'))).body).toEqual({ id: 'basic-utf8' });
    expect(kinds).toEqual([]);
  });

  it('passes beside a wrong one of the other kind', async () => {
    const { ask, kinds } = await start({
      credentials: [PLAIN_KEY, { id: 'basic', username: 'core', password: 'pw', targets: undefined }],
    });
    expect((await ask({ ...apiKey('wrong'), ...basic('core', 'pw') })).body).toEqual({ id: 'basic' });
    expect((await ask({ ...apiKey('key-1'), ...basic('core', 'wrong') })).body).toEqual({ id: 'core' });
    expect(kinds).toEqual([]);
  });
});

describe('no or wrong credentials', () => {
  it.each<[string, Record<string, string>]>([
    ['nothing', {}],
    ['an empty API key', { 'X-Benemen-APIKey': '' }],
    ['another scheme', { Authorization: 'Bearer key-1' }],
    ['a scheme that only contains "basic"', basic('core', 'pw:x', 'NotBasic')],
    ['the API key in another header', { 'X-Api-Key': 'key-1' }],
  ])('answers 401 to %s', async (_title, headers) => {
    const { ask, kinds } = await start({
      credentials: [PLAIN_KEY, { id: 'basic', username: 'core', password: 'pw:x', targets: undefined }],
    });
    expect(await ask(headers)).toEqual(MISSING);
    expect(kinds).toEqual(['missing']);
  });

  it.each<[string, Record<string, string>]>([
    ['a wrong API key', apiKey('key-2')],
    ['an API key with a prefix', apiKey('Apikey key-1')],
    ['the right API key twice', apiKey('key-1, key-1')],
    ['an API key in other bytes than UTF-8', { 'X-Benemen-APIKey': 'avain-ä' }],
    ['an API key of 2 KiB', apiKey('k'.repeat(2048))],
  ])('answers 401 to %s', async (_title, headers) => {
    const { ask, kinds } = await start({
      credentials: [PLAIN_KEY, { id: 'utf8', apiKey: 'avain-ä', targets: undefined }],
    });
    expect(await ask(headers)).toEqual(WRONG);
    expect(kinds).toEqual(['api-key']);
  });

  it.each<[string, Record<string, string>]>([
    ['a wrong password', basic('core', 'wrong')],
    ['a wrong user', basic('nobody', 'pw:x')],
    ['the beginning of a password up to its colon', basic('core', 'pw')],
    ['an empty password', basic('core', '')],
    ['an empty user', basic('', 'pw:x')],
    ['Basic without anything', { Authorization: 'Basic' }],
    ['Basic that is not base64', { Authorization: 'Basic !!!' }],
    ['Basic without a colon', { Authorization: `Basic ${Buffer.from('core').toString('base64')}` }],
    ['Basic of 2 KiB', basic('core', 'x'.repeat(2048))],
    ['Basic with two credentials', basic('core', 'pw:x', 'Basic Y29yZTpwdzp4')],
  ])('answers 401 to %s', async (_title, headers) => {
    const { ask, kinds } = await start({
      credentials: [{ id: 'basic', username: 'core', password: 'pw:x', targets: undefined }],
    });
    expect(await ask(headers)).toEqual(WRONG);
    expect(kinds).toEqual(['password']);
  });

  it('answers 401 when a verification breaks, and logs the error without the secret', async () => {
    const stored = await hashPassword('pw');
    const store = new CredentialStore(
      [{ id: 'basic', username: 'core', password: stored, targets: undefined }],
      () => Promise.reject(new Error('out of memory')),
    );
    const { ask, kinds, log } = await start({ store });
    expect(await ask(basic('core', 'pw-of-core'))).toEqual(
      unauthorized('The credentials could not be verified.'),
    );
    expect(kinds).toEqual(['password']);
    expect(log).toHaveLength(1);
    expect(JSON.parse(log[0]!)).toMatchObject({
      level: 'error',
      kind: 'password',
      error: { message: 'out of memory' },
      msg: 'credentials could not be verified',
    });
    expect(log[0]).not.toContain('pw-of-core');
    expect(log[0]).not.toContain(stored);
  });

  it('never writes a secret to the log', async () => {
    const { ask, log } = await start();
    await ask(apiKey('a-secret-guess'));
    await ask(basic('a-user', 'a-secret-guess'));
    expect(log.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({
        level: 'warn',
        kind: 'api-key',
        address: '127.0.0.1',
        msg: 'wrong credentials',
      }),
      expect.objectContaining({
        level: 'warn',
        kind: 'password',
        address: '127.0.0.1',
        msg: 'wrong credentials',
      }),
    ]);
    expect(log.join('')).not.toMatch(/a-secret-guess|a-user/);
  });
});

describe('too many failed logins', () => {
  async function guess(
    ask: (headers: Record<string, string>) => Promise<{ status: number }>,
    times: number,
    from = '',
  ) {
    const answers: number[] = [];
    for (let nth = 0; nth < times; nth++) {
      const forwarded: Record<string, string> = from === '' ? {} : { 'X-Forwarded-For': from };
      answers.push((await ask({ ...apiKey(`guess ${nth}`), ...forwarded })).status);
    }
    return answers;
  }

  it('are answered with 429 and the time to wait, while a right credential passes', async () => {
    const stored = await hashPassword('pw');
    const { ask, kinds, clock } = await start({
      credentials: [PLAIN_KEY, { id: 'basic', username: 'core', password: stored, targets: undefined }],
    });
    expect(await guess(ask, 20)).toEqual(new Array(20).fill(401));
    clock.ms += 10_400;
    expect(await ask(apiKey('guess'))).toEqual({
      status: 429,
      type: 'application/problem+json',
      challenge: null,
      retryAfter: '50',
      body: {
        type: 'about:blank',
        title: 'Too Many Requests',
        status: 429,
        detail: `Too many failed logins. A right credential passes at any time. ${HOW_TO_LOG_IN}`,
      },
    });
    expect((await ask(basic('core', 'wrong'))).status).toBe(429);
    expect((await ask(apiKey('key-1'))).body).toEqual({ id: 'core' });
    expect((await ask(basic('core', 'pw'))).body).toEqual({ id: 'basic' });
    expect((await ask(apiKey('guess'))).status).toBe(429);
    expect(kinds).toEqual([...new Array<string>(20).fill('api-key'), 'throttled', 'throttled', 'throttled']);
    clock.ms += 60_000;
    expect(await ask(apiKey('guess'))).toEqual(WRONG);
  });

  it('do not include requests without credentials', async () => {
    const { ask } = await start();
    for (let nth = 0; nth < 25; nth++) expect(await ask()).toEqual(MISSING);
    expect(await ask(apiKey('guess'))).toEqual(WRONG);
    await guess(ask, 25);
    expect(await ask()).toEqual(MISSING);
  });

  it('are counted for each address behind a trusted proxy', async () => {
    const { ask } = await start({ trustedProxies: ['127.0.0.1'] });
    expect((await guess(ask, 21, '203.0.113.9')).at(-1)).toBe(429);
    expect(await guess(ask, 1, '203.0.113.10')).toEqual([401]);
    expect((await guess(ask, 21, '2001:db8::1')).at(-1)).toBe(429);
    expect(await guess(ask, 1, '2001:db8::2')).toEqual([429]);
    expect(await guess(ask, 1, '2001:db8:0:1::2')).toEqual([401]);
  });

  it('are not spread over addresses that the client made up', async () => {
    const { ask } = await start();
    const answers: number[] = [];
    for (let nth = 0; nth < 21; nth++) answers.push(...(await guess(ask, 1, `203.0.113.${nth}`)));
    expect(answers).toEqual([...new Array<number>(20).fill(401), 429]);
  });
});

describe('allowedNetworks', () => {
  it('lets pass what is inside, and refuses the rest whatever its credential', async () => {
    const { ask, kinds } = await start({
      allowedNetworks: ['80.88.186.0/24', '2001:db8::/32'],
      trustedProxies: ['127.0.0.1'],
    });
    const from = (address: string) => ask({ ...apiKey('key-1'), 'X-Forwarded-For': address });
    for (const address of ['80.88.186.1', '::ffff:80.88.186.1', '2001:db8::1', '1.2.3.4, 80.88.186.1']) {
      expect((await from(address)).body).toEqual({ id: 'core' });
    }
    for (const address of ['80.88.187.1', '80.88.186.1, 1.2.3.4', '2001:db9::1', 'unknown']) {
      expect(await from(address)).toEqual(OUTSIDE);
    }
    expect(await ask(apiKey('key-1'))).toEqual(OUTSIDE);
    expect(await ask()).toEqual(OUTSIDE);
    expect(kinds).toEqual(new Array(6).fill('network'));
  });

  it('does not believe X-Forwarded-For of a peer that is no trusted proxy', async () => {
    const { ask } = await start({ allowedNetworks: ['80.88.186.0/24'] });
    expect(await ask({ ...apiKey('key-1'), 'X-Forwarded-For': '80.88.186.1' })).toEqual(OUTSIDE);
  });

  it('tells the log which address was refused, at most twenty times a minute', async () => {
    const { ask, log } = await start({ allowedNetworks: ['80.88.186.0/24'] });
    for (let nth = 0; nth < 25; nth++) expect(await ask(apiKey('key-1'))).toEqual(OUTSIDE);
    expect(log).toHaveLength(20);
    expect(JSON.parse(log[0]!)).toMatchObject({ kind: 'network', address: '127.0.0.1' });
  });
});

describe('two applications in one process', () => {
  it('each know their own credentials only', async () => {
    const first = await start({
      credentials: [
        { id: 'first-key', apiKey: 'key-1', targets: undefined },
        { id: 'first-basic', username: 'core', password: 'one', targets: undefined },
      ],
    });
    const second = await start({
      credentials: [
        { id: 'second-key', apiKey: 'key-2', targets: undefined },
        { id: 'second-basic', username: 'core', password: 'two', targets: undefined },
      ],
    });
    expect((await first.ask(apiKey('key-1'))).body).toEqual({ id: 'first-key' });
    expect((await first.ask(basic('core', 'one'))).body).toEqual({ id: 'first-basic' });
    expect((await second.ask(apiKey('key-2'))).body).toEqual({ id: 'second-key' });
    expect((await second.ask(basic('core', 'two'))).body).toEqual({ id: 'second-basic' });
    expect((await first.ask(apiKey('key-2'))).status).toBe(401);
    expect((await first.ask(basic('core', 'two'))).status).toBe(401);
    expect((await second.ask(apiKey('key-1'))).status).toBe(401);
    expect((await second.ask(basic('core', 'one'))).status).toBe(401);
  });
});
