import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { providerContext } from '../../../plugin-api/testing/index.js';
import { fakeOnly } from '../../../../test/support/fake-time.js';
import { eventually, patient } from '../../../../test/support/eventually.js';
import { TEMPO } from '../crm-http.tempo.js';
import { OAuthAuth, schemeHeaders } from './oauth-auth.js';
import type { TokenSource } from './oauth-auth.js';
import { TokenError } from './oauth-token-endpoint.js';
import type { AccessToken } from './oauth-token-endpoint.js';

const HOUR_MS = 3_600_000;

/** Gives what a test has put in, and counts. */
class ScriptedSource implements TokenSource {
  trouble: string | undefined;
  asked = 0;
  isClosed = false;
  constructor(public next: (current: string | undefined) => Promise<AccessToken>) {}

  obtain(current: string | undefined): Promise<AccessToken> {
    this.asked++;
    return this.next(current);
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

const token = (accessToken: string, ageMs = 0): AccessToken => ({
  accessToken,
  issuedMs: Date.now() - ageMs,
  lifetimeMs: HOUR_MS,
});

describe('access tokens', () => {
  let auth: OAuthAuth | undefined;
  afterEach(async () => {
    jest.useRealTimers();
    await auth?.close();
  });

  function authOf(source: TokenSource): OAuthAuth {
    return (auth = new OAuthAuth(source, schemeHeaders(undefined), providerContext({}).logger, {
      ...TEMPO,
      tokenMs: 5,
      renewalMs: 5,
    }));
  }

  it('are renewed in the background ahead of their end, and given at once meanwhile', async () => {
    let finish: (renewed: AccessToken) => void = () => undefined;
    // Four minutes before its end.
    const source = new ScriptedSource(async () => token('old', 56 * 60_000));
    const tokens = authOf(source);
    await tokens.open();
    source.next = () => new Promise((resolve) => (finish = resolve));
    await eventually(() => source.asked === 2);
    expect(tokens.headers(patient())).toEqual({ authorization: 'Bearer old' });
    finish(token('new'));
    await sleep(0);
    expect(tokens.headers(patient())).toEqual({ authorization: 'Bearer new' });
    expect(source.asked).toBe(2);
  });

  it('that cannot be renewed are told, and used until their end', async () => {
    const source = new ScriptedSource(async () => token('old', 56 * 60_000));
    const tokens = authOf(source);
    await tokens.open();
    expect(tokens.trouble).toBeUndefined();
    source.next = () => Promise.reject(new TokenError('token endpoint: HTTP 500', false));
    await eventually(() => tokens.trouble !== undefined);
    expect(tokens.headers(patient())).toEqual({ authorization: 'Bearer old' });
    expect(tokens.trouble).toMatch(
      /^the access token cannot be renewed and ends at 20\S+Z: no access token: token endpoint: HTTP 500$/,
    );
  });

  it('are waited for when the old one is over', async () => {
    const source = new ScriptedSource(async () => token('old', HOUR_MS - 1_000));
    const tokens = authOf(source);
    await tokens.open();
    source.next = async () => token('new');
    expect(await Promise.all(Array.from({ length: 100 }, async () => tokens.headers(patient())))).toEqual(
      Array.from({ length: 100 }, () => ({ authorization: 'Bearer new' })),
    );
    expect(source.asked).toBe(2);
  });

  it('that are refused anew are renewed after a minute, or when they have proved good', async () => {
    fakeOnly('performance');
    let count = 0;
    const source = new ScriptedSource(async () => token(`t${++count}`));
    const tokens = authOf(source);
    const refused = async (): Promise<boolean> =>
      (await tokens.renewed(await tokens.headers(patient()), patient())) !== undefined;
    expect(await refused()).toBe(true);
    tokens.refusedAnew(await tokens.headers(patient()));
    // A refusal of one that is not in use any more says nothing.
    tokens.taken({});
    jest.advanceTimersByTime(4_999);
    tokens.taken(await tokens.headers(patient()));
    expect(await refused()).toBe(false);
    jest.advanceTimersByTime(2);
    tokens.taken(await tokens.headers(patient()));
    expect(await refused()).toBe(true);
    tokens.refusedAnew(await tokens.headers(patient()));
    jest.advanceTimersByTime(59_999);
    expect(await refused()).toBe(false);
    jest.advanceTimersByTime(1);
    expect(await refused()).toBe(true);
    expect(source.asked).toBe(4);
  });

  it('are asked for after the pause that the server wants', async () => {
    const source = new ScriptedSource(() => Promise.reject(new TokenError('HTTP 429', false, 60_000)));
    const tokens = authOf(source);
    await tokens.open();
    // The pause after trouble would be long over.
    await sleep(50);
    await expect(tokens.headers(patient())).rejects.toMatchObject({ message: 'no access token: HTTP 429' });
    expect(source.asked).toBe(1);
  });

  it('say nothing of an error that nobody expected but its name', async () => {
    const source = new ScriptedSource(() => Promise.reject(new SyntaxError('secret')));
    const tokens = authOf(source);
    await expect(tokens.headers(patient())).rejects.toMatchObject({
      message: 'no access token: unexpected (SyntaxError)',
    });
    expect(tokens.trouble).toBe('no access token: unexpected (SyntaxError)');
  });

  it('tell what the source has to say', async () => {
    const source = new ScriptedSource(async () => token('a'));
    source.trouble = 'not kept';
    expect(authOf(source).trouble).toBe('not kept');
  });

  it('under way are waited for when the service ends', async () => {
    let finish: (renewed: AccessToken) => void = () => undefined;
    const source = new ScriptedSource(() => new Promise((resolve) => (finish = resolve)));
    const tokens = authOf(source);
    const opening = tokens.open();
    const closing = tokens.close();
    await sleep(20);
    expect(source.isClosed).toBe(false);
    finish(token('a'));
    await Promise.all([opening, closing]);
    expect(source.isClosed).toBe(true);
  });
});
