import { beforeEach, expect, it } from '@jest/globals';
import { describeWithCrm, outcomeOf } from '../../../test/support/describe-with-crm.js';
import type { LoggingProvider } from '../../../test/support/describe-with-crm.js';
import { lookUp } from '../../../test/support/crm-provider.js';
import { patient } from '../../../test/support/eventually.js';

const AUTH = { type: 'basic', username: 'smartrouting', password: 'pa55word' };
const REFUSED =
  /^the CRM refuses the credentials \(HTTP 40[13]\); they are tried again in (\d+) s\. Check auth$/;

describeWithCrm('credentials that the CRM refuses', (trial) => {
  let nowMs = 0;
  let status = 401;
  let provider: LoggingProvider;

  const provide = (auth: object = AUTH, more: object = {}) =>
    trial.provide({ auth, ...more }, { tempo: { now: () => nowMs } });
  const inS = (text: string): number => Number(REFUSED.exec(text)?.[1]);
  const asked = (): number => trial.crm.requests.length;

  beforeEach(() => {
    nowMs = 1_000_000;
    status = 401;
    trial.crm.answer = ({ asked: number }) =>
      status === 200 ? { body: { contacts: [{ number, tier: 'gold' }] } } : { status, body: {} };
    provider = provide();
  });

  it.each([401, 403])(
    'with HTTP %d are tried after pauses that grow, once each, until they are accepted',
    async (code) => {
      status = code;
      expect(await outcomeOf(provider)).toBe(`HTTP ${code}`);
      const pauses: number[] = [];
      for (let attempt = 2; attempt < 9; attempt++) {
        const seconds = inS(await outcomeOf(provider));
        pauses.push(seconds);
        expect(asked()).toBe(attempt - 1);
        nowMs += seconds * 1_000;
        const outcomes = await Promise.all(Array.from({ length: 20 }, () => outcomeOf(provider)));
        expect(outcomes.filter((one) => one === `HTTP ${code}`)).toHaveLength(1);
        expect(outcomes.filter((one) => one.endsWith('; they are being tried again'))).toHaveLength(19);
        expect(asked()).toBe(attempt);
      }
      expect(pauses[0]).toBeGreaterThanOrEqual(30);
      expect(pauses.every((pause, at) => at === 0 || pause > pauses[at - 1]! || pause === 900)).toBe(true);
      expect(pauses.at(-1)).toBe(900);

      status = 200;
      nowMs += 900_000;
      expect(await outcomeOf(provider)).toBe('gold');
      expect(await Promise.all([outcomeOf(provider), outcomeOf(provider)])).toEqual(['gold', 'gold']);
      expect(provider.logged.map(({ level, message }) => [level, message])).toEqual([
        ['error', 'the CRM refuses the credentials; it gets no requests meanwhile'],
        ['info', 'the CRM accepts the credentials again'],
      ]);
      expect(JSON.stringify(provider.logged)).not.toContain('pa55word');
    },
  );

  it('are told by health, which sends nothing meanwhile and tries them when it is time', async () => {
    await outcomeOf(provider);
    expect(await provider.check(patient())).toEqual({
      status: 'degraded',
      reason: expect.stringMatching(REFUSED),
    });
    expect(asked()).toBe(1);
    nowMs += 60_000;
    status = 200;
    expect(await provider.check(patient())).toEqual({ status: 'up' });
    expect(await outcomeOf(provider)).toBe('gold');
  });

  it('are tried by the next request where the one that tried them found the CRM broken', async () => {
    await outcomeOf(provider);
    nowMs += 60_000;
    status = 500;
    expect(await outcomeOf(provider)).toBe('HTTP 500');
    status = 200;
    expect(await outcomeOf(provider)).toBe('gold');
  });

  it('are not blamed for a limit, nor for a 403 where none are sent', async () => {
    const limited = provide(AUTH, { limitReached: 'true' });
    status = 403;
    expect(await outcomeOf(limited)).toMatch(/^HTTP 403: no requests to the CRM for /);
    const open = provide({ type: 'none' });
    expect(await outcomeOf(open)).toBe('HTTP 403');
    expect(await outcomeOf(open)).toBe('HTTP 403');
  });

  it('pause a key under headers, too', async () => {
    const keyed = provide({ type: 'none' }, { headers: { 'X-Key': 'abc' } });
    expect(await outcomeOf(keyed)).toBe('HTTP 401');
    expect(await outcomeOf(keyed)).toMatch(REFUSED);
    await expect(lookUp(keyed, '+358509999999')).rejects.toThrow(REFUSED);
  });
});
