import { beforeEach, describe, expect, it } from '@jest/globals';
import { ScriptedProvider } from '../../test/support/scripted-provider.js';
import { pass, stopClocks } from '../../test/support/stopped-clock.js';
import { ProviderHealthCheck } from './provider-health.js';

stopClocks();

let provider: ScriptedProvider;
let health: ProviderHealthCheck;
const told = () => health.health('closed');
const anew = () => new ProviderHealthCheck(provider, 1_000);
const fail = () => Promise.reject(new TypeError('spilt tea'));

beforeEach(() => {
  provider = new ScriptedProvider(() => null);
  health = anew();
});

describe('health of a provider', () => {
  it('has what was taken from an export of contacts, and nothing else that its check may say', async () => {
    const contacts = 'numbers from Mobile; left out: Fax';
    const entries = 3;
    provider.check = async () => ({ status: 'up', entries, contacts, secret: 'x' }) as never;
    expect(await told()).toEqual({ status: 'up', entries, contacts, breaker: 'closed' });
    health = anew();
    provider.check = async () => ({ status: 'up', contacts: { a: 1 } }) as never;
    expect(await told()).toEqual({ status: 'up', breaker: 'closed' });
  });
});

describe('health of a provider with entries that can never match', () => {
  const since = '2026-11-30T12:00:00.000Z';
  const faults = ['tier "glod", which no route names: 2 entries (line 3, line 7)'];
  const notes = ['expired: 1 entry (line 5)'];

  it('is degraded by mistakes, and not by the rest', async () => {
    health.neverMatch = { faults: [], notes, since: undefined };
    expect(await told()).toEqual({ status: 'up', neverMatch: notes, breaker: 'closed' });
    health.neverMatch = { faults, notes, since };
    expect(await told()).toEqual({
      status: 'degraded',
      reason: `it has entries that can never match: ${faults[0]}`,
      since,
      neverMatch: [...faults, ...notes],
      breaker: 'closed',
    });
  });

  it('gives another reason to be degraded first', async () => {
    health.neverMatch = { faults, notes, since };
    provider.check = async () => ({ status: 'degraded', reason: 'the list is gone' });
    expect(await told()).toMatchObject({ reason: 'the list is gone', neverMatch: [...faults, ...notes] });
    provider.check = async () => ({ status: 'up' });
    await pass(2_001);
    expect(await health.health('open')).toMatchObject({
      reason: 'lookups kept failing, the circuit breaker is open',
      neverMatch: [...faults, ...notes],
    });
  });
});

describe('health of a provider whose check takes too long', () => {
  const tooLate = async () => {
    const health = told();
    await pass(1_200);
    return health;
  };
  const aborted = (signal: AbortSignal) =>
    new Promise<void>((end) => signal.addEventListener('abort', () => end()));

  it('is what the check still says when its time ends', async () => {
    provider.check = async (signal) => {
      await aborted(signal);
      return { status: 'degraded', reason: 'the copy is used', entries: 3 };
    };
    expect(await tooLate()).toMatchObject({ status: 'degraded', reason: 'the copy is used', entries: 3 });
  });

  it.each<[string, (signal: AbortSignal) => Promise<never>]>([
    ['does not heed the end', () => new Promise<never>(() => undefined)],
    ['fails at the end', (signal) => aborted(signal).then(fail)],
  ])('is that it %s', async (_, check) => {
    provider.check = check;
    expect(await tooLate()).toMatchObject({ status: 'degraded', reason: 'no answer within 1000 ms' });
  });
});

describe('health of a provider that could not open', () => {
  const NOT_OPEN = {
    status: 'degraded',
    reason: 'it could not open: TypeError',
    since: expect.any(String),
    breaker: 'closed',
  };

  it('tells so, however well its check speaks of it', async () => {
    await expect(health.opening(fail)).rejects.toThrow('spilt tea');
    expect(await told()).toEqual(NOT_OPEN);
  });

  it('dates a backend that was down from the start from then, whenever somebody asks first', async () => {
    provider.check = fail;
    await expect(health.opening(fail)).rejects.toThrow();
    const startedMs = Date.now();
    await pass(30);
    expect(Date.parse((await told()).since!)).toBe(startedMs);
  });

  it('tells so until a lookup has succeeded', async () => {
    await expect(health.opening(fail)).rejects.toThrow();
    health.lookupSucceeded();
    expect(await told()).toEqual({ status: 'up', breaker: 'closed' });
  });

  it('believes a check that is well again after it was not', async () => {
    await expect(health.opening(fail)).rejects.toThrow();
    let failures = 1;
    provider.check = () => (failures-- > 0 ? fail() : Promise.resolve({ status: 'up' }));
    expect(await told()).toMatchObject({ status: 'degraded', reason: 'TypeError' });
    await pass(2_001); // results are shared for 2 s
    expect(await told()).toEqual({ status: 'up', breaker: 'closed' });
  });

  it('tells that it is still opening', async () => {
    let open!: () => void;
    const opening = health.opening(() => new Promise((done) => (open = done)));
    expect(await told()).toMatchObject({ status: 'degraded', reason: 'it is still opening' });
    open();
    await opening;
    expect(await told()).toEqual({ status: 'up', breaker: 'closed' });
  });
});

describe('health after an incident', () => {
  it('keeps a bounded number of them, whatever the errors say', () => {
    expect(health.turnedAway()).toBe(true);
    expect(health.turnedAway()).toBe(false);
    for (let i = 0; i < 20; i++) health.threwLoose({ name: 'VipLookupError', message: `no. ${i}` });
    expect(health.turnedAway()).toBe(true); // the oldest is forgotten, so it is news again
  });

  it('tells the last one, since when there are such, and whether it is news', async () => {
    expect(health.heldThread()).toBe(true);
    expect(health.heldThread()).toBe(false);
    expect(await told()).toMatchObject({
      status: 'degraded',
      reason: expect.stringContaining('blocked the event loop'),
    });
    expect(health.turnedAway()).toBe(true);
    expect(await told()).toMatchObject({ reason: expect.stringContaining('were turned away') });
    health.threwLoose(new RangeError('a secret'));
    expect(await told()).toMatchObject({
      reason: 'an error was not caught: RangeError',
    });
  });
});

describe('what a check may say in public', () => {
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'up'],
    ['another word', { status: 'great' }],
  ])('%s is not a status', async (_, answered) => {
    provider.check = () => Promise.resolve(answered as never);
    expect(await told()).toMatchObject({ status: 'degraded', reason: 'TypeError' });
  });

  it('is what a status has, and nothing that is not JSON', async () => {
    const status = {
      status: 'up',
      entries: 7,
      loadedAt: '2026-01-01T00:00:00Z',
      reason: 7n,
      password: 'x',
    };
    provider.check = () => Promise.resolve(status as never);
    expect(await told()).toEqual({ status: 'up', entries: 7, loadedAt: status.loadedAt, breaker: 'closed' });
  });
});
