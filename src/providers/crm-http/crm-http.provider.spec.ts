import { beforeEach, describe, expect, it } from '@jest/globals';
import { lookUp } from '../../../test/support/crm-provider.js';
import type { CrmYaml } from '../../../test/support/crm-provider.js';
import { startCrmServer } from '../../../test/support/crm-server.js';
import type { CrmServer } from '../../../test/support/crm-server.js';
import { patient } from '../../../test/support/eventually.js';
import { AINO, describeWithCrm, UNKNOWN } from '../../../test/support/describe-with-crm.js';
import type { CrmHttpProvider } from './crm-http.provider.js';

describeWithCrm('crm-http', (trial) => {
  let crm: CrmServer;
  beforeEach(() => {
    ({ crm } = trial);
  });
  const provide = (yaml?: CrmYaml) => trial.provide(yaml);

  describe('tries spellings', () => {
    it('in order, until one finds somebody', async () => {
      crm.contacts = { '0501231234': { tier: 'gold' }, '358501231234': { tier: 'silver' } };
      const provider = provide({ spellings: ['e164', 'national', 'digits'] });
      expect(await lookUp(provider, AINO)).toStrictEqual([{ number: AINO, tier: 'gold' }]);
      expect(crm.requests.map((request) => request.asked)).toEqual([AINO, '0501231234']);
    });

    it('to the last where tierOrder decides, unless the first finds the highest tier', async () => {
      const [silver, gold] = [{ tier: 'Silver' }, { tier: 'gold' }];
      crm.contacts = { [AINO]: silver, '0501231234': gold, '358501231234': silver };
      const provider = provide({ spellings: ['e164', 'national', 'digits'], tierOrder: ['gold', 'silver'] });
      expect(await lookUp(provider, AINO)).toMatchObject([gold, silver]);
      expect(crm.requests.map((request) => request.asked).sort()).toEqual([
        AINO,
        '0501231234',
        '358501231234',
      ]);
      crm.requests.length = 0;
      crm.contacts = { [AINO]: gold, '0501231234': silver };
      expect(await lookUp(provider, AINO)).toStrictEqual([{ number: AINO, tier: 'gold' }]);
      expect(crm.requests).toHaveLength(1);
    });

    it('and keeps what one has found when a further one fails or has no answer', async () => {
      const provider = provide({ spellings: ['e164', 'national', 'digits'], tierOrder: ['gold', 'silver'] });
      crm.answer = ({ asked }) =>
        asked === AINO
          ? { body: { contacts: [{ number: AINO, tier: 'silver' }] } }
          : { status: 500, body: {} };
      expect(await lookUp(provider, AINO)).toStrictEqual([{ number: AINO, tier: 'silver' }]);
    });

    it('each text once', async () => {
      expect(await lookUp(provide({ spellings: ['text', 'e164', 'digits'] }), UNKNOWN)).toBeNull();
      expect(crm.requests.map((request) => request.asked)).toEqual([UNKNOWN, UNKNOWN.slice(1)]);
    });

    it('and stops at the first that fails, because nobody knows what it would have found', async () => {
      crm.mode = '500';
      const provider = provide({ spellings: ['e164', 'national'] });
      await expect(lookUp(provider, AINO)).rejects.toThrow(/^HTTP 500$/);
      expect(crm.requests).toHaveLength(1);
    });

    it('once when no template names the number', async () => {
      const provider = provide({
        url: `${crm.url}/contacts?phone={{ caller.digits }}`,
        spellings: ['e164', 'national', 'digits'],
      });
      expect(await lookUp(provider, AINO)).toBeNull();
      expect(crm.requests.map((request) => request.asked)).toEqual(['358501231234']);
    });
  });

  describe('asks with a template of its own', () => {
    it.each([
      ['its text', '{{ caller.text }}', '4711'],
      ['one of two spellings', '{{ caller.national | default: caller.text }}', '4711'],
      ['what a condition chooses', '{% if caller.e164 %}x{% else %}{{ caller.text }}{% endif %}', '4711'],
    ])('about an extension by %s', async (_, written, asked) => {
      await lookUp(provide({ url: `${crm.url}/contacts?phone=${written}` }), '4711');
      expect(crm.requests.map((request) => request.asked)).toEqual([asked]);
    });

    it.each([
      '{{ caller.digits }}',
      '{{ numbers | join: "," }}',
      '{% for n in numbers %}{{ n }}{% endfor %}',
      '{% assign like = caller.significant | split: "" | join: "%" | prepend: "%" %}{{ like }}',
      '{{ caller.national | prepend: "%25" }}',
      '{% if caller.e164 %}{{ caller.e164 }}{% endif %}',
    ])('not about an extension with %s', async (written) => {
      expect(await lookUp(provide({ url: `${crm.url}/contacts?phone=${written}` }), '4711')).toBeNull();
      expect(crm.requests).toEqual([]);
    });
  });

  describe('asks nothing', () => {
    it.each([
      ['a withheld number', 'anonymous', { spellings: ['text'] }],
      ['no number', '', { spellings: ['text'] }],
      ['an extension, where only E.164 is looked for', '4711', {}],
      ['a text longer than any number', 'x'.repeat(321), { spellings: ['text'] }],
    ])('about %s', async (_, number, yaml) => {
      expect(await lookUp(provide(yaml), number)).toBeNull();
      expect(crm.requests).toEqual([]);
    });

    it('about a foreign caller, where the request needs the national spelling', async () => {
      const provider = provide({ url: `${crm.url}/contacts?phone={{ caller.national }}` });
      expect(await lookUp(provider, '+46812345678')).toBeNull();
      expect(crm.requests).toEqual([]);
      await lookUp(provider, AINO);
      expect(crm.requests.map((request) => request.asked)).toEqual(['0501231234']);
    });
  });

  describe('keeps its connections', () => {
    it.each(['ok', '404', '204', '500', 'html', 'errors'] as const)(
      'for further lookups after the answer "%s"',
      async (mode) => {
        crm.mode = mode;
        const provider = provide({ spellings: ['e164', 'national'], errorPath: 'errors' });
        for (let i = 0; i < 20; i++) await lookUp(provider, UNKNOWN).catch((error: Error) => error.message);
        expect(crm.requests.length).toBeGreaterThanOrEqual(20);
        expect(crm.connections).toBe(1);
      },
    );

    it('to 32 lookups and a health check at most in a burst, and answers everybody', async () => {
      crm.mode = 'slow';
      const provider = provide();
      const answers = await Promise.all(Array.from({ length: 80 }, () => lookUp(provider, AINO)));
      expect(answers.every((answer) => answer?.[0]?.tier === 'gold')).toBe(true);
      expect(provider.maxConcurrent).toBe(32);
      expect(crm.mostConnections).toBeLessThanOrEqual(33);
      expect(crm.connections).toBeLessThan(40); // used again, but for one that ended under load
    });

    it('and uses the CRM again after it was away', async () => {
      const provider = provide();
      await lookUp(provider, AINO);
      await crm.stop();
      await expect(lookUp(provider, AINO)).rejects.toThrow(/ECONNREFUSED|connection closed/);
      await trial.crmComesBack();
      expect(await lookUp(provider, AINO)).toMatchObject([{ tier: 'gold' }]);
    });

    it('until it is closed, those with a request under way too', async () => {
      crm.mode = 'hang';
      const provider = provide();
      const outcome = lookUp(provider, AINO).catch((error: Error) => error.message);
      await crm.received(1);
      await provider.close();
      expect(await outcome).toBe('the provider is closed (UND_ERR_DESTROYED)');
      await crm.idle();
    });
  });

  it.each(['hang', 'hang-body', 'slow'] as const)(
    'breaks off at the signal while the CRM is at "%s", and leaves no connection behind',
    async (mode) => {
      crm.mode = mode;
      crm.slowMs = 3_600_000;
      const abort = new AbortController();
      const outcome = lookUp(provide(), AINO, { signal: abort.signal }).catch(
        (error: Error) => `${error.name}: ${error.message}`,
      );
      await crm.received(1);
      abort.abort();
      expect(await outcome).toBe('VipLookupError: stopped before the answer was complete');
      await crm.idle();
    },
  );

  it('cuts a huge answer off early', async () => {
    crm.mode = 'huge';
    await expect(lookUp(provide({ maxResponseSize: '64KiB' }), AINO)).rejects.toThrow(
      /^the answer is larger than maxResponseSize \(65536 bytes\)$/,
    );
    await crm.idle();
    expect(crm.bytesSent).toBeLessThan(16 * 1_048_576); // what fits into socket buffers; an endless answer has no end
  });

  it('follows no redirect, so credentials stay with the configured host', async () => {
    const other = await startCrmServer({ contacts: crm.contacts });
    trial.after(() => other.stop());
    crm.mode = 'redirect';
    crm.redirectTo = `${other.url}/contacts?phone=%2B358501231234&token=secret`;
    const provider = provide({ auth: { type: 'bearer', token: 'secret' } });
    await expect(lookUp(provider, AINO)).rejects.toThrow(
      new RegExp(
        `^HTTP 302: a redirect to 127\\.0\\.0\\.1:${other.port}, which is not followed; configure the address that answers$`,
      ),
    );
    expect(other.connections).toBe(0);
  });

  describe('checks its health', () => {
    const check = (provider: CrmHttpProvider) => provider.check(patient());

    it("by looking for an example number of the provider's country", async () => {
      expect(await check(provide())).toEqual({ status: 'up' });
      expect(crm.requests.map((request) => request.asked)).toEqual(['+358412345678']);
    });

    it('by looking for the number of the configuration, in the first spelling alone', async () => {
      const provider = provide({ probe: '040 1234567', spellings: ['national', 'e164'] });
      expect(await check(provider)).toEqual({ status: 'up' });
      expect(crm.requests.map((request) => request.asked)).toEqual(['0401234567']);
    });

    it('and is well whether or not the CRM has that number', async () => {
      crm.mode = '404';
      expect(await check(provide())).toEqual({ status: 'up' });
      crm.mode = 'ok';
      expect(await check(provide({ probe: AINO }))).toEqual({ status: 'up' });
    });

    it.each(['500', 'html'] as const)('and rejects when the CRM answers "%s"', async (mode) => {
      crm.mode = mode;
      await expect(check(provide())).rejects.toMatchObject({ name: 'VipLookupError' });
    });

    it('and says so when there is no number that it could ask for', async () => {
      const provider = provide({ probe: '+46812345678', spellings: ['national'] });
      await expect(check(provider)).rejects.toThrow(
        'the number that health checks ask for has none of the spellings that the request needs; set probe to a number of your country',
      );
    });
  });
});
