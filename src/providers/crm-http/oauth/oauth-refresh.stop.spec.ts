import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryFolder } from '../../../../test/support/database-provider.js';
import { OAuthCrm, outcomeOf } from '../../../../test/support/oauth-crm.js';
import type { OAuthServer } from '../../../../test/support/oauth-server.js';
import { FrailState } from '../../../../test/support/oauth-state.js';
import { RunningService } from '../../../../test/support/service.js';

describe('a refresh token, when the service stops', () => {
  let world: OAuthCrm;
  let server: OAuthServer;

  beforeEach(async () => {
    world = await OAuthCrm.start();
    server = await world.tokenServer();
  });
  afterEach(() => world.end());

  it('that is being changed is waited for and kept, though the server takes its time', async () => {
    const folder = await temporaryFolder();
    world.after(() => folder.remove());
    const provider = {
      kind: 'crm-http',
      url: `${world.crm.url}/contacts?phone={{ number }}`,
      record: 'contacts',
      timeout: '200ms',
      auth: server.refreshAuth(),
    };
    const configuration = {
      country: 'FI',
      logging: { level: 'silent' },
      server: { port: 0, host: '127.0.0.1' },
      credentials: [{ id: 'core', apiKey: 'test-key-0123456789' }],
      providers: { crm: provider },
      targets: { SALES: { providers: ['crm'], routes: [{ instructions: { Tier: '{{ tier }}' } }] } },
    };
    const start = async () =>
      RunningService.start(
        { 'smartrouting.yaml': JSON.stringify(configuration) },
        { DATABASE_URL: `sqlite:${folder.path('state.sqlite')}` },
      );
    const call = async (service: RunningService) =>
      (await service.call({ anum: '+358501231234', bnum: '+358942415000', targetid: 'SALES' })).body;

    const service = await start();
    server.expireAll();
    server.mode = 'hold';
    const asked = call(service);
    await server.holds(1);
    await asked;
    const stopping = service.stop();
    await sleep(2_300);
    server.release();
    await stopping;

    const restarted = await start();
    server.expireAll();
    expect(await call(restarted)).toContain('gold');
    await restarted.stop();
    expect(server.requests.map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  it('that is in no database yet is kept then', async () => {
    const state = new FrailState();
    const auth = server.refreshAuth();
    const provider = world.provide({ auth }, { state });
    state.writes = 'fails';
    await provider.open();
    state.writes = 'ok';
    await provider.close();
    expect(await outcomeOf(world.provide({ auth }, { state }))).toBe('gold');
    expect(server.requests).toHaveLength(1);
  });

  it('that cannot be kept in time does not hold up the stop for good', async () => {
    const state = new FrailState();
    world.after(() => state.release());
    const provider = world.provide({ auth: server.refreshAuth() }, { state });
    state.writes = 'hold';
    const opening = provider.open();
    while (state.held === 0) await sleep(20);
    await provider.close();
    expect(state.held).toBe(1);
    state.release();
    await opening;
  });

  it('is not sent any more', async () => {
    const state = new FrailState();
    let letGo = (): void => undefined;
    const busy = state.exclusively('oauth2-refresh', () => new Promise<void>((done) => (letGo = done)));
    const provider = world.provide({ auth: server.refreshAuth() }, { state });
    const opening = provider.open();
    await sleep(50);
    await provider.close();
    letGo();
    await Promise.all([busy, opening]);
    expect(await outcomeOf(provider)).toMatch(/^no access token: stopped before there was an answer$/);
    expect(server.requests).toHaveLength(0);
  });

  it('is waited for, and client credentials are not', async () => {
    const { tokenUrl, clientId, clientSecret } = server;
    server.mode = 'hold';
    const type = 'oauth2-client-credentials';
    const provider = world.provide({ auth: { type, tokenUrl, clientId, clientSecret } });
    const opening = provider.open();
    await server.holds(1);
    await provider.close();
    await opening;
    expect(await outcomeOf(provider)).toMatch(/stopped before there was an answer$/);
    server.release();
  });
});
