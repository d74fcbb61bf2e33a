import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OAuth2Server } from 'oauth2-mock-server';
import { lookUp } from '../../../../test/support/crm-provider.js';
import type { CrmYaml } from '../../../../test/support/crm-provider.js';
import type { CrmServer } from '../../../../test/support/crm-server.js';
import { AINO, describeWithCrm, outcomeOf, UNKNOWN } from '../../../../test/support/describe-with-crm.js';
import type { LoggingProvider } from '../../../../test/support/describe-with-crm.js';
import { fakeOnly } from '../../../../test/support/fake-time.js';
import { eventually, patient } from '../../../../test/support/eventually.js';
import type { OAuthServer, OAuthServerOptions } from '../../../../test/support/oauth-server.js';

const HOUR_MS = 3_600_000;

describeWithCrm('OAuth2 of crm-http', (trial) => {
  let crm: CrmServer;
  beforeEach(() => {
    ({ crm } = trial);
  });

  const oauthServer = (options?: OAuthServerOptions): Promise<OAuthServer> => trial.tokenServer(options);
  const provide = (auth: CrmYaml): LoggingProvider => trial.provide({ auth });

  function clientOf(server: OAuthServer, more: CrmYaml = {}): CrmYaml {
    const { tokenUrl, clientId, clientSecret } = server;
    return { type: 'oauth2-client-credentials', tokenUrl, clientId, clientSecret, ...more };
  }

  describe('client credentials', () => {
    it.each([
      ['in the body', {}, undefined],
      ['in the header, encoded', { clientAuth: 'basic' }, expect.stringMatching(/^Basic /)],
    ])('prove the client %s', async (_, more, authorization: unknown) => {
      const server = await oauthServer();
      const provider = provide(
        clientOf(server, { ...more, scope: 'contacts.read', parameters: { audience: 'crm' } }),
      );
      await provider.open();
      expect(await lookUp(provider, AINO)).toMatchObject([{ tier: 'gold' }]);
      expect(server.requests).toMatchObject([
        {
          authorization,
          parameters: { grant_type: 'client_credentials', scope: 'contacts.read', audience: 'crm' },
        },
      ]);
      expect(crm.requests[0]!.headers.authorization).toMatch(/^Bearer access-/);
    });

    it("are taken by somebody else's OAuth2 server", async () => {
      const server = new OAuth2Server();
      await server.issuer.keys.generate('RS256');
      await server.start(0, '127.0.0.1');
      trial.after(() => server.stop());
      const provider = provide({
        type: 'oauth2-client-credentials',
        tokenUrl: `http://127.0.0.1:${server.address().port}/token`,
        clientId: 'a',
        clientSecret: 'b',
        scheme: 'Zoho-oauthtoken',
      });
      await provider.open();
      expect(await lookUp(provider, AINO)).toMatchObject([{ tier: 'gold' }]);
      expect(crm.requests[0]!.headers.authorization).toMatch(/^Zoho-oauthtoken ey/);
    });

    it('get one token for a hundred calls at once, at the start and at its end', async () => {
      const server = await oauthServer();
      server.mode = 'hold';
      const provider = provide(clientOf(server));
      const calls = () => Promise.all(Array.from({ length: 100 }, () => lookUp(provider, AINO)));
      const first = calls();
      await server.holds(1);
      // So late that it is renewed at once, in the background; that is held until the token is over, and calls come meanwhile.
      trial.jumpAhead(0.95 * HOUR_MS);
      server.release();
      server.mode = 'hold';
      await first;
      await server.holds(1);
      expect(server.requests).toHaveLength(1);
      trial.jumpAhead(1.5 * HOUR_MS);
      const second = calls();
      server.release();
      expect(await second).toHaveLength(100);
      expect(server.requests).toHaveLength(2);
    });

    it('get a new token after a 401, once, and try once more', async () => {
      const server = await oauthServer();
      const provider = provide(clientOf(server));
      await provider.open();
      await lookUp(provider, AINO);
      server.expireAll();
      const many = Array.from({ length: 20 }, () => lookUp(provider, AINO));
      for (const found of await Promise.all(many)) expect(found).toMatchObject([{ tier: 'gold' }]);
      expect(server.requests).toHaveLength(2);
    });

    it('get a new token each time that one is refused which was taken before', async () => {
      const server = await oauthServer({ lifetimeS: undefined });
      const provider = provide(clientOf(server));
      for (let round = 1; round <= 4; round++) {
        expect(await outcomeOf(provider)).toBe('gold');
        expect(server.requests).toHaveLength(round);
        server.expireAll();
      }
    });

    it('are renewed once, not for each request, by a CRM that refuses some requests always', async () => {
      fakeOnly('performance');
      trial.after(() => jest.useRealTimers());
      const server = await oauthServer();
      const { answer } = crm;
      crm.answer = (request) => (request.url.includes('9999') ? { status: 401 } : answer!(request));
      const provider = provide(clientOf(server));
      for (let round = 0; round < 4; round++) {
        await expect(lookUp(provider, UNKNOWN)).rejects.toThrow('HTTP 401');
        expect(await outcomeOf(provider)).toBe('gold');
      }
      expect(server.requests).toHaveLength(2);
    });

    it('are not used over and over for a CRM that refuses every token', async () => {
      const server = await oauthServer();
      crm.answer = () => ({ status: 401 });
      const provider = provide(clientOf(server));
      for (let call = 0; call < 5; call++) expect(await outcomeOf(provider)).toBe('HTTP 401');
      expect(server.requests).toHaveLength(2);
      expect(crm.requests).toHaveLength(6);
    });

    it.each([
      [
        { clientSecret: 'wr0ng_secret' },
        'invalid_client (HTTP 401); check clientId, clientSecret and clientAuth under auth',
      ],
      [
        { clientSecret: 'wr0ng_secret', clientAuth: 'basic' },
        'invalid_client (HTTP 401); check clientId, clientSecret and clientAuth under auth',
      ],
    ])('that are wrong are told, without them, and do not hammer: %j', async (wrong, message) => {
      const server = await oauthServer();
      const provider = provide(clientOf(server, wrong));
      await provider.open();
      for (let call = 0; call < 20; call++) {
        expect(await outcomeOf(provider)).toBe(`no access token: token endpoint: ${message}`);
      }
      expect(server.requests).toHaveLength(1);
      expect(crm.requests).toHaveLength(0);
      expect(await provider.check(patient())).toEqual({
        status: 'degraded',
        reason: `no access token: token endpoint: ${message}`,
      });
      expect(provider.logged).toHaveLength(1);
      expect(JSON.stringify(provider.logged)).not.toContain('wr0ng');
    });

    it.each([
      ['500', 'token endpoint: HTTP 500'],
      ['429', 'token endpoint: HTTP 429'],
      ['302', 'token endpoint: HTTP 302; check auth.tokenUrl, and the documentation of the vendor'],
      [
        'html',
        'token endpoint: HTTP 200 without a token; check auth.tokenUrl, and the documentation of the vendor',
      ],
      ['huge', "the token endpoint's answer is larger than 262144 bytes; check auth.tokenUrl"],
      ['not-a-token', 'the token endpoint answers something that is not a token; check auth.tokenUrl'],
    ] as const)('say what is wrong when the token endpoint answers %s', async (mode, message) => {
      const server = await oauthServer();
      server.mode = mode;
      const provider = provide(clientOf(server));
      expect(await outcomeOf(provider)).toBe(`no access token: ${message}`);
      expect(await outcomeOf(provider)).toBe(`no access token: ${message}`);
      expect((await provider.check(patient())).status).toBe('degraded');
    });

    it('get a token in the background when the token endpoint is back', async () => {
      const server = await oauthServer();
      server.mode = '503';
      const provider = provide(clientOf(server));
      await provider.open();
      expect(await outcomeOf(provider)).toBe('no access token: token endpoint: HTTP 503');
      server.mode = 'ok';
      await eventually(() => server.issued === 1);
      await eventually(async () => (await provider.check(patient())).status === 'up');
      expect(await lookUp(provider, AINO)).toMatchObject([{ tier: 'gold' }]);
      expect(provider.logged.map(({ level }) => level)).toEqual(['error', 'info']);
    });

    it('are not waited for longer than a token endpoint may take, also for the rest of its answer', async () => {
      const server = await oauthServer();
      const impatient = { tempo: { tokenLimitMs: 50 } };
      server.mode = 'hold';
      const provider = trial.provide({ auth: clientOf(server) }, impatient);
      expect(await outcomeOf(provider)).toBe('no access token: no answer within 0.05 s');
      const stalled = createServer((_, response) => void response.write('{"access_token":'));
      await once(stalled.listen(0, '127.0.0.1'), 'listening');
      trial.after(() => stalled.close().closeAllConnections());
      const tokenUrl = `http://127.0.0.1:${(stalled.address() as AddressInfo).port}/token`;
      const other = trial.provide({ auth: clientOf(server, { tokenUrl }) }, impatient);
      expect(await outcomeOf(other)).toBe('no access token: no answer within 0.05 s');
    });

    it('let a lookup go on with its signal while the token endpoint holds its answer', async () => {
      const server = await oauthServer();
      server.mode = 'hold';
      const provider = provide(clientOf(server));
      const abort = new AbortController();
      const asked = lookUp(provider, AINO, { signal: abort.signal });
      await server.holds(1);
      abort.abort();
      await expect(asked).rejects.toMatchObject({ message: 'stopped before the answer was complete' });
      server.release();
      expect(await lookUp(provider, AINO)).toMatchObject([{ tier: 'gold' }]);
      expect(server.requests).toHaveLength(1);
    });
  });

  describe('JWT bearer', () => {
    const rsa = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const ec = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const claims = { issuer: 'consumer-key', subject: 'svc@example.com', audience: 'https://login.example' };

    it.each([
      ['RSA', rsa],
      ['P-256', ec],
    ])('signs anew for each token with a key of kind %s', async (_, { privateKey, publicKey }) => {
      const server = await oauthServer({ assertions: { publicKey, ...claims }, lifetimeS: undefined });
      const provider = provide({
        type: 'oauth2-jwt-bearer',
        tokenUrl: server.tokenUrl,
        privateKey,
        ...claims,
      });
      await provider.open();
      expect(await lookUp(provider, AINO)).toMatchObject([{ tier: 'gold' }]);
      server.expireAll();
      expect(await lookUp(provider, AINO)).toMatchObject([{ tier: 'gold' }]);
      expect(server.issued).toBe(2);
      expect(Object.keys(server.requests[0]!.parameters).sort()).toEqual(['assertion', 'grant_type']);
    });

    it('says what to look at when the assertion is refused', async () => {
      const { publicKey } = generateKeyPairSync('ec', {
        namedCurve: 'P-256',
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      });
      const server = await oauthServer({ assertions: { publicKey, ...claims } });
      const auth = {
        type: 'oauth2-jwt-bearer',
        tokenUrl: server.tokenUrl,
        privateKey: ec.privateKey,
        ...claims,
      };
      expect(await outcomeOf(provide(auth))).toBe(
        "no access token: token endpoint: invalid_grant (HTTP 400); check issuer, subject, audience and privateKey under auth, and this machine's clock",
      );
    });
  });
});
