import { expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeWithCrm, outcomeOf } from '../../../../test/support/describe-with-crm.js';
import { eventually, patient } from '../../../../test/support/eventually.js';
import { FrailState } from '../../../../test/support/oauth-state.js';

describeWithCrm('a refresh token, when the database is down', (trial) => {
  async function start(rotates: boolean) {
    const server = await trial.tokenServer({ rotates });
    const state = new FrailState();
    const auth = server.refreshAuth();
    return { server, state, provide: () => trial.provide({ auth }, { state }) };
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
    await eventually(async () => (await provider.check(patient())).status === 'up');
    expect(await outcomeOf(provider)).toBe('gold');
  });

  it('is used where the server has given no new one', async () => {
    const { server, state, provide } = await start(false);
    const provider = provide();
    await provider.open();
    state.isDown = true;
    server.expireAll();
    expect(await outcomeOf(provider)).toBe('gold');
    expect(await provider.check(patient())).toEqual({ status: 'up' });
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
    expect(await provider.check(patient())).toEqual({
      status: 'degraded',
      reason:
        'the new refresh token is not kept yet, and a restart would lose it: database: connection refused',
    });
    state.isDown = false;
    await eventually(async () => (await provider.check(patient())).status === 'up');
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
    trial.jumpAhead(2 * 3_600_000);
    expect(await outcomeOf(provider)).toBe('gold');
    expect(server.issued).toBe(3);
  });
});

describeWithCrm('a refresh token, when the service stops', (trial) => {
  it('that is being changed is waited for and kept, though the server takes its time', async () => {
    const server = await trial.tokenServer();
    const state = new FrailState();
    const auth = server.refreshAuth();
    const provider = trial.provide({ auth }, { state });
    server.mode = 'hold';
    const opening = provider.open();
    await server.holds(1);
    let isClosed = false;
    const closing = provider.close().then(() => (isClosed = true));
    await sleep(50);
    expect(isClosed).toBe(false);
    server.release();
    await Promise.all([opening, closing]);

    server.expireAll();
    expect(await outcomeOf(trial.provide({ auth }, { state }))).toBe('gold');
    expect(server.requests.map(({ status }) => status)).toEqual([200, 200]);
  });

  it('that is in no database yet is kept then', async () => {
    const server = await trial.tokenServer();
    const state = new FrailState();
    const auth = server.refreshAuth();
    const provider = trial.provide({ auth }, { state });
    state.writes = 'fails';
    await provider.open();
    state.writes = 'ok';
    await provider.close();
    expect(await outcomeOf(trial.provide({ auth }, { state }))).toBe('gold');
    expect(server.requests).toHaveLength(1);
  });

  it('that cannot be kept in time does not hold up the stop for good', async () => {
    const server = await trial.tokenServer();
    const state = new FrailState();
    trial.after(() => state.release());
    const provider = trial.provide({ auth: server.refreshAuth() }, { state, tempo: { closeMs: 30 } });
    state.writes = 'hold';
    const opening = provider.open();
    await eventually(() => state.held === 1);
    await provider.close();
    expect(state.held).toBe(1);
    state.release();
    await opening;
  });

  it('is not sent any more', async () => {
    const server = await trial.tokenServer();
    const state = new FrailState();
    let letGo = (): void => undefined;
    const busy = state.exclusively('oauth2-refresh', () => new Promise<void>((done) => (letGo = done)));
    const provider = trial.provide({ auth: server.refreshAuth() }, { state });
    const opening = provider.open();
    await sleep(50);
    await provider.close();
    letGo();
    await Promise.all([busy, opening]);
    expect(await outcomeOf(provider)).toMatch(/^no access token: stopped before there was an answer$/);
    expect(server.requests).toHaveLength(0);
  });

  it('is waited for, and client credentials are not', async () => {
    const server = await trial.tokenServer();
    const { tokenUrl, clientId, clientSecret } = server;
    server.mode = 'hold';
    const type = 'oauth2-client-credentials';
    const provider = trial.provide({ auth: { type, tokenUrl, clientId, clientSecret } });
    const opening = provider.open();
    await server.holds(1);
    await provider.close();
    await opening;
    expect(await outcomeOf(provider)).toMatch(/stopped before there was an answer$/);
    server.release();
  });
});
