import { beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { lookUp } from '../../../test/support/crm-provider.js';
import type { CrmYaml } from '../../../test/support/crm-provider.js';
import { startCrmServer } from '../../../test/support/crm-server.js';
import type { CrmServer } from '../../../test/support/crm-server.js';
import { AINO, describeWithCrm, UNKNOWN } from '../../../test/support/describe-with-crm.js';
import type { CrmHttpProvider } from './crm-http.provider.js';

describeWithCrm('crm-http', (trial) => {
  let crm: CrmServer;
  beforeEach(() => {
    ({ crm } = trial);
  });
  const provide = (yaml?: CrmYaml) => trial.provide(yaml);

  describe('reads an answer', () => {
    it('as records with the number that was asked for', async () => {
      expect(await lookUp(provide(), AINO)).toStrictEqual([{ number: AINO, tier: 'gold', name: 'Aino' }]);
    });

    it('sends no more than it must', async () => {
      await lookUp(provide(), AINO);
      expect(crm.requests).toEqual([
        {
          method: 'GET',
          url: '/contacts?phone=%2B358501231234',
          headers: {
            host: `127.0.0.1:${crm.port}`,
            connection: 'keep-alive',
            accept: 'application/json',
            'accept-encoding': 'identity',
            'user-agent': 'smartrouting-vip',
          },
          body: '',
          asked: AINO,
        },
      ]);
    });

    it('that begins with a byte order mark, whatever its content type is', async () => {
      crm.answer = () => ({
        headers: { 'content-type': 'text/plain' },
        body: '\ufeff{"contacts":[{"number":"0501231234","tier":"gold"}]}',
      });
      expect(await lookUp(provide(), AINO)).toStrictEqual([{ number: AINO, tier: 'gold' }]);
    });

    it('with several records, the exact number before a range', async () => {
      crm.answer = () => ({
        body: [
          { number: '+358501*', tier: 'silver' },
          { number: '050 123 1234', tier: 'gold' },
        ],
      });
      expect(await lookUp(provide({ record: '$' }), AINO)).toStrictEqual([
        { number: AINO, tier: 'gold' },
        { number: '+358501*', tier: 'silver' },
      ]);
    });
  });

  describe('knows that the CRM lists nobody', () => {
    it.each(['404', '204', 'empty'] as const)('by the answer "%s"', async (mode) => {
      crm.mode = mode;
      expect(await lookUp(provide(), AINO)).toBeNull();
    });

    it.each([['null'], ['{"contacts":null}'], ['{}'], ['[]'], ['{"contacts":[null]}']])(
      'by the body %s',
      async (body) => {
        crm.answer = () => ({ body });
        expect(await lookUp(provide(), AINO)).toBeNull();
      },
    );

    it('by a status of the configuration, and then no longer by 404', async () => {
      const provider = provide({ notFound: { status: [422] } });
      crm.answer = () => ({ status: 422, body: { message: 'nobody' } });
      expect(await lookUp(provider, AINO)).toBeNull();
      crm.answer = () => ({ status: 404, body: {} });
      await expect(lookUp(provider, AINO)).rejects.toThrow(/^HTTP 404$/);
    });

    it('by a contact whose tier is null or empty', async () => {
      const provider = provide();
      for (const tier of [null, '']) {
        crm.answer = () => ({ body: { contacts: [{ tier, name: 'Matti' }] } });
        expect(await lookUp(provider, AINO)).toBeNull();
      }
    });

    it("by a contact with a stranger's number, even one that is no readable record", async () => {
      crm.answer = () => ({ body: { contacts: [{ number: UNKNOWN, tier: 'gold' }, { number: UNKNOWN }] } });
      expect(await lookUp(provide(), AINO)).toBeNull();
    });
  });

  describe('fails, and says why without the number or the address,', () => {
    const problem = (provider: CrmHttpProvider) =>
      lookUp(provider, AINO).then(
        (answer) => ({ answer }),
        (error: Error) => `${error.name}: ${error.message}`,
      );

    it.each([
      ['500', 'HTTP 500'],
      ['html', 'answer is not JSON (content-type text/html)'],
      ['truncated', 'answer is not JSON (content-type application/json)'],
      ['huge', 'the answer is larger than maxResponseSize (1048576 bytes)'],
      ['reset', 'connection closed before the answer was complete (ECONNRESET)'],
    ] as const)('when the CRM answers "%s"', async (mode, message) => {
      crm.mode = mode;
      expect(await problem(provide())).toBe(`VipLookupError: ${message}`);
    });

    it('when an answer with status 200 reports an error where errorPath looks', async () => {
      crm.mode = 'errors';
      expect(await problem(provide({ errorPath: 'errors' }))).toBe(
        'VipLookupError: the answer reports an error (errorPath)',
      );
      crm.mode = 'ok';
      expect(await problem(provide({ errorPath: 'errors' }))).toMatchObject({ answer: [{ tier: 'gold' }] });
    });

    it.each(['[]', '{}', 'false', 'null', '0', '""'])('but not when errorPath finds %s', async (errors) => {
      crm.answer = () => ({ body: `{"contacts":[],"errors":${errors}}` });
      expect(await problem(provide({ errorPath: 'errors' }))).toEqual({ answer: null });
    });

    it.each(['[{"code":1}]', '{"code":1}', '"boom"', '500', 'true'])(
      'and when it finds %s',
      async (errors) => {
        crm.answer = () => ({ body: `{"contacts":[],"errors":${errors}}` });
        expect(await problem(provide({ errorPath: 'errors' }))).toBe(
          'VipLookupError: the answer reports an error (errorPath)',
        );
      },
    );

    it.each([
      [{ status: 200, body: '' }, 'answer is not JSON (content-type application/json)'],
      [
        { status: 200, headers: { 'content-encoding': 'gzip' }, body: 'not what was asked for' },
        'answer is not JSON (content-type application/json, content-encoding gzip)',
      ],
      [{ status: 403, body: {} }, 'HTTP 403'],
      [{ status: 304 }, 'HTTP 304: a redirect, which is not followed; configure the address that answers'],
    ])('for the answer %j', async (answer, message) => {
      crm.answer = () => answer;
      expect(await problem(provide())).toBe(`VipLookupError: ${message}`);
    });

    it.each([
      [
        { number: AINO, name: 'Aino' },
        'mapping: tier: is missing; write the tier that routes name, for example gold',
      ],
      ...[{ tier: 'gold' }, { name: 'Aino' }, [{ tier: 'gold' }, { tier: null, number: AINO }]].map(
        (value): [unknown, string] => [
          value,
          'mapping: record yields no number to compare with the caller; name it, for example "number": [phone, mobile], or set trustAnswer: true for an API that answers without numbers',
        ],
      ),
      [{ number: { value: AINO }, tier: 'gold' }, 'mapping: number: must be text'],
      ['gold', 'mapping: record must yield an object such as { "tier": level }, a list of them, or nothing'],
      [
        { number: AINO, tier: 'gold', '+358501231234': 1 },
        'mapping: has an unknown field; put it under attributes. Fields: number, tier, name, targets, validFrom, validUntil, attributes, instructions',
      ],
    ])('when the mapped value is %j', async (value, message) => {
      crm.answer = () => ({ body: { contacts: value } });
      expect(await problem(provide())).toBe(`VipLookupError: ${message}`);
    });

    it('when nobody listens', async () => {
      await crm.stop();
      expect(await problem(provide())).toBe('VipLookupError: connection refused (ECONNREFUSED)');
    });

    it('when the host name is not known', async () => {
      expect(await problem(provide({ url: 'http://crm.invalid/?phone={{ number }}' }))).toMatch(
        /^VipLookupError: host name (is not known \(ENOTFOUND\)|could not be resolved, the name server does not answer \(EAI_AGAIN\))$/,
      );
    });

    it('when something else than HTTP answers', async () => {
      const other = createServer((socket) => socket.end('220 mail.example ESMTP\r\n')).listen(0, '127.0.0.1');
      trial.after(() => other.close());
      await once(other, 'listening');
      const { port } = other.address() as AddressInfo;
      expect(await problem(provide({ url: `http://127.0.0.1:${port}/` }))).toMatch(
        /^VipLookupError: the answer is not HTTP \((HTTPParserError|HPE_\w+)\)$/,
      );
    });

    it('when the certificate is not trusted', async () => {
      const secure = await startCrmServer({ tls: true });
      trial.after(() => secure.stop());
      expect(await problem(provide({ url: `${secure.url}/?phone={{ number }}` }))).toBe(
        'VipLookupError: the TLS certificate is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)',
      );
      expect(secure.requests).toEqual([]);
    });
  });
});
