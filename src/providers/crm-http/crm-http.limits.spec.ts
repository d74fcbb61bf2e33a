import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crmOptionProblems, lookUp } from '../../../test/support/crm-provider.js';
import type { CrmYaml } from '../../../test/support/crm-provider.js';
import { AINO, describeWithCrm, outcomeOf } from '../../../test/support/describe-with-crm.js';
import type { LoggingProvider } from '../../../test/support/describe-with-crm.js';
import { patient } from '../../../test/support/eventually.js';
import { Pause, readRetryAfter } from './crm-http.pause.js';
import { TokenBucket } from './crm-http.rate-limit.js';

const ASKED_NOTHING = /^HTTP (\d{3}): no requests to the CRM for (\d+) s$/;

describe('a rate limit', () => {
  it.each([
    ['5/s', 5, 200],
    ['100/m', 10, 600],
    ['30/h', 3, 120_000],
    ['5/h', 1, 720_000],
    ['1/s', 1, 1_000],
  ])('of %s lets %d through at once, and one more every %d ms', (rate, burst, everyMs) => {
    let nowMs = 1_000;
    const bucket = new TokenBucket(rate, () => nowMs);
    const taken = (): number => {
      let count = 0;
      while (bucket.take() === 0) count++;
      return count;
    };
    expect(taken()).toBe(burst);
    expect(bucket.take()).toBe(everyMs);
    nowMs += everyMs * 20;
    expect(taken()).toBe(burst);
    nowMs += everyMs - 1;
    expect(taken()).toBe(0);
  });

  it('lets what belongs to a lookup be owed', () => {
    let nowMs = 0;
    const bucket = new TokenBucket('2/s', () => nowMs);
    expect(bucket.take()).toBe(0);
    for (let i = 0; i < 3; i++) bucket.owe();
    expect(bucket.take()).toBe(1_500);
    nowMs += 1_499;
    expect(bucket.take()).toBe(1);
    nowMs += 1;
    expect(bucket.take()).toBe(0);
  });
});

describe('Retry-After', () => {
  const NOW = Date.parse('2026-01-01T00:00:00Z');
  it.each([
    ['7', 7_000],
    [' 1.5 ', 1_500],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['99999', 900_000],
    ['Fri, 01 Jan 2038 00:00:00 GMT', 900_000],
    ['0', undefined],
    ['-5', undefined],
    ['Wed, 31 Dec 2025 23:59:59 GMT', undefined],
    ['soon', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%j is %j ms', (header, ms) => {
    expect(readRetryAfter(header, NOW)).toBe(ms);
  });
});

describe('a pause', () => {
  afterEach(() => void jest.restoreAllMocks());

  it.each([
    ['its least', 0, 1_000],
    ['a quarter more', 1, 1_250],
  ])(
    'grows from one second to a minute as long as nothing is answered, with jitter: %s',
    (_, jitter, firstMs) => {
      jest.spyOn(Math, 'random').mockReturnValue(jitter);
      let nowMs = 0; // the only clock here
      const pause = new Pause(() => nowMs);
      const lengths = Array.from({ length: 9 }, () => {
        pause.begin(nowMs, undefined);
        const { leftMs } = pause;
        nowMs += leftMs;
        return Math.round(leftMs);
      });
      expect(lengths).toEqual(lengths.map((_length, nth) => Math.min(firstMs * 2 ** nth, 60_000)));
      pause.settled(nowMs);
      pause.begin(nowMs, undefined);
      expect(pause.leftMs).toBe(firstMs);
    },
  );

  it('is one, for all requests that were under way', () => {
    let nowMs = 100;
    const pause = new Pause(() => nowMs);
    pause.begin(90, undefined);
    const { leftMs } = pause;
    nowMs += 10;
    for (let i = 0; i < 30; i++) pause.begin(95, undefined);
    expect(pause.leftMs).toBeCloseTo(leftMs - 10);
    pause.settled(95);
    expect(pause.isUnsettled).toBe(true);
    pause.begin(95, 30_000);
    expect(pause.leftMs).toBe(30_000);
    pause.begin(95, 1_000);
    expect(pause.leftMs).toBe(30_000);
  });
});

describeWithCrm('crm-http', (trial) => {
  let nowMs = 0;
  const provide = (yaml: CrmYaml): LoggingProvider => trial.provide(yaml, { tempo: { now: () => nowMs } });

  it('turns lookups away at once when its rate limit is used up', async () => {
    const provider = provide({ rateLimit: '2/h' });
    expect(await outcomeOf(provider)).toBe('gold');
    await expect(lookUp(provider, AINO)).rejects.toMatchObject({
      name: 'VipLookupBusyError',
      message: 'rateLimit (2/h) is used up',
      retryAfterMs: expect.any(Number),
    });
    expect(await outcomeOf(provider)).toBe('rateLimit (2/h) is used up');
    expect(trial.crm.requests).toHaveLength(1);
    expect(await provider.check(patient())).toEqual({
      status: 'degraded',
      reason: 'lookups were turned away: rateLimit (2/h) was used up',
    });
    expect(provider.logged).toEqual([
      {
        level: 'warn',
        fields: { rateLimit: '2/h' },
        message: 'lookups are turned away: rateLimit is used up',
      },
    ]);
  });

  it('pauses by the headers, however slow the body is', async () => {
    let asked = 0;
    const server = createServer((_, response) => {
      asked++;
      response.writeHead(429, { 'Retry-After': '60', 'Content-Length': '1000' }).write('{"message":');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    trial.after(() => new Promise((done) => (server.close(done), server.closeAllConnections())));
    const { port } = server.address() as AddressInfo;
    const provider = provide({ url: `http://127.0.0.1:${port}/{{ number }}` });
    for (let i = 0; i < 2; i++) {
      await expect(lookUp(provider, AINO)).rejects.toMatchObject({ name: 'VipLookupBusyError' });
    }
    expect(asked).toBe(1);
  });

  it('asks for all spellings of a caller whom it began to ask for', async () => {
    const provider = provide({ rateLimit: '1/h', spellings: ['digits', 'national', 'e164'] });
    expect(await outcomeOf(provider)).toBe('gold');
    expect(trial.crm.requests).toHaveLength(3);
  });

  it('spends nothing of its rate limit for health', async () => {
    const provider = provide({ rateLimit: '1/h' });
    for (let i = 0; i < 3; i++) expect(await provider.check(patient())).toEqual({ status: 'up' });
    // An answer that proves that the CRM is well serves for a minute.
    expect(trial.crm.requests).toHaveLength(1);
    expect(await outcomeOf(provider)).toBe('gold');
  });

  it('asks the CRM for health after a failure, rate limit or not', async () => {
    const provider = provide({ rateLimit: '60/m' });
    expect(await provider.check(patient())).toEqual({ status: 'up' });
    trial.crm.mode = '500';
    expect(await outcomeOf(provider)).toBe('HTTP 500');
    await expect(provider.check(patient())).rejects.toMatchObject({ message: 'HTTP 500' });
  });

  it.each([
    [429, { 'retry-after': '30' }, {}, '30'],
    [503, { 'retry-after': '120' }, {}, '120'],
    [403, { 'retry-after': '30' }, {}, '30'],
    [429, { 'retry-after': '86400' }, {}, '900'],
    [429, {}, {}, '[12]'],
    [503, {}, {}, '[12]'],
    [403, {}, { limitReached: '$[errorCode = "REQUEST_LIMIT_EXCEEDED"]' }, '[12]'],
    [400, {}, { limitReached: '$[errorCode = "REQUEST_LIMIT_EXCEEDED"]' }, '[12]'],
  ])('pauses after HTTP %d with %j and %j', async (status, headers, options, seconds) => {
    trial.crm.answer = () => ({ status, headers, body: [{ errorCode: 'REQUEST_LIMIT_EXCEEDED' }] });
    const provider = provide(options);
    const first: unknown = await lookUp(provider, AINO).catch((error: unknown) => error);
    expect(first).toMatchObject({ name: 'VipLookupBusyError' });
    expect((first as Error).message).toMatch(
      new RegExp(`^HTTP ${status}: no requests to the CRM for ${seconds} s$`),
    );
    for (let call = 0; call < 5; call++) {
      expect(await outcomeOf(provider)).toMatch(new RegExp(`^paused after HTTP ${status}, for \\d+ s more$`));
    }
    expect(await provider.check(patient())).toEqual({
      status: 'degraded',
      reason: expect.stringMatching(new RegExp(`^paused after HTTP ${status}, for \\d+ s more$`)),
    });
    expect(trial.crm.requests).toHaveLength(1);
    expect(provider.logged).toHaveLength(1);
  });

  it.each([
    [403, {}],
    [403, { limitReached: '$[errorCode = "OTHER"]' }],
    [500, { limitReached: '$[errorCode = "OTHER"]' }],
    [404, { limitReached: '$' }],
  ])('does not pause after HTTP %d with %j', async (status, options) => {
    trial.crm.answer = () => ({ status, body: [{ errorCode: 'FORBIDDEN' }] });
    const provider = provide(options);
    const outcome = status === 404 ? 'nobody' : `HTTP ${status}`;
    for (let call = 0; call < 3; call++) expect(await outcomeOf(provider)).toBe(outcome);
    expect(trial.crm.requests).toHaveLength(3);
  });

  it('reads an error page that is not JSON as no word of a limit', async () => {
    trial.crm.answer = () => ({ status: 502, body: '<html>' });
    expect(await outcomeOf(provide({ limitReached: '$' }))).toBe('HTTP 502');
  });

  it('answers again after the pause, and says so', async () => {
    trial.crm.mode = '429';
    const provider = provide({});
    expect(await outcomeOf(provider)).toMatch(ASKED_NOTHING);
    trial.crm.mode = 'ok';
    nowMs += 999;
    expect(await outcomeOf(provider)).toBe('paused after HTTP 429, for 1 s more');
    nowMs += 251;
    expect(await outcomeOf(provider)).toBe('gold');
    expect(trial.crm.requests).toHaveLength(2);
    expect(provider.logged.map(({ message }) => message)).toEqual([
      'the CRM asks for a pause; it gets no requests meanwhile',
      'the CRM answers again after a pause',
    ]);
  });

  it.each([
    [
      '5 per second',
      'rateLimit: is not a rate. Write how many requests at most in a second, minute or hour, for example 5/s or 100/m.',
    ],
    [
      '0/s',
      'rateLimit: is not a rate. Write how many requests at most in a second, minute or hour, for example 5/s or 100/m.',
    ],
    [
      5,
      'rateLimit: is not a rate. Write how many requests at most in a second, minute or hour, for example 5/s or 100/m.',
    ],
  ])('refuses the rate limit %j', (rateLimit, problem) => {
    expect(crmOptionProblems({ url: 'https://crm.example/', record: 'contacts', rateLimit })).toEqual([
      problem,
    ]);
  });
});
