import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { OAuthCrm, outcomeOf } from '../../../../test/support/oauth-crm.js';
import { FrailState } from '../../../../test/support/oauth-state.js';

const SIGNAL = () => AbortSignal.timeout(10_000);

const now = Date.now;
function jumpAhead(ms: number): void {
  Date.now = () => now() + ms;
}

describe('a refresh token, when the database is down', () => {
  let world: OAuthCrm;
  beforeEach(async () => {
    world = await OAuthCrm.start();
  });
  afterEach(async () => {
    Date.now = now;
    await world.end();
  });

  async function start(rotates: boolean) {
    const server = await world.tokenServer({ rotates });
    const state = new FrailState();
    const auth = server.refreshAuth();
    return { server, state, provide: () => world.provide({ auth }, { state }) };
  }

  it('is not used, as it may not be the newest', async () => {
    const { server, state, provide } = await start(true);
    state.isDown = true;
    const provider = provide();
    expect(await outcomeOf(provider)).toBe(
      'no access token: the database that keeps the refresh token cannot be used: database: connection refused',
    );
    expect(server.requests).toHaveLength(0);
    state.isDown = false;
    while ((await provider.check(SIGNAL())).status !== 'up') await sleep(20);
    expect(await outcomeOf(provider)).toBe('gold');
  });

  it('is used where the server has given no new one', async () => {
    const { server, state, provide } = await start(false);
    const provider = provide();
    await provider.open();
    state.isDown = true;
    server.expireAll();
    expect(await outcomeOf(provider)).toBe('gold');
    expect(await provider.check(SIGNAL())).toEqual({ status: 'up' });
  });

  it('that came meanwhile is told not to be kept, and kept later', async () => {
    const { server, state, provide } = await start(true);
    const provider = provide();
    await provider.open();
    server.expireAll();
    server.mode = 'hold';
    const asked = outcomeOf(provider);
    await server.holds(1);
    state.isDown = true;
    server.release();
    expect(await asked).toBe('gold');
    expect(await outcomeOf(provider)).toBe('gold');
    expect(await provider.check(SIGNAL())).toEqual({
      status: 'degraded',
      reason:
        'the new refresh token is not kept yet, and a restart would lose it: database: connection refused',
    });
    state.isDown = false;
    while ((await provider.check(SIGNAL())).status !== 'up') await sleep(50);
    const restarted = provide();
    await restarted.open();
    expect(await outcomeOf(restarted)).toBe('gold');
    expect(server.requests).toHaveLength(2);
  });

  it('is not mistaken for the older one in the database', async () => {
    const { server, state, provide } = await start(true);
    const provider = provide();
    await provider.open();
    server.expireAll();
    server.mode = 'hold';
    const asked = outcomeOf(provider);
    await server.holds(1);
    state.isDown = true;
    server.release();
    expect(await asked).toBe('gold');
    state.isDown = false;
    server.expireAll();
    // A 401 for a token that was just renewed does not renew; the end of its life, played here, does.
    jumpAhead(2 * 3_600_000);
    expect(await outcomeOf(provider)).toBe('gold');
    expect(server.issued).toBe(3);
  });
});
