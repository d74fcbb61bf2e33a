import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeWithCrm, outcomeOf } from '../../../../test/support/describe-with-crm.js';
import type { LoggingProvider } from '../../../../test/support/describe-with-crm.js';
import { eventually, patient } from '../../../../test/support/eventually.js';
import type { OAuthServer } from '../../../../test/support/oauth-server.js';
import { FrailState } from '../../../../test/support/oauth-state.js';
import type { CrmTempo } from '../crm-http.tempo.js';

const HOUR_MS = 3_600_000;
const HARDLY_EVER: Partial<CrmTempo> = { keepMs: HOUR_MS };

describeWithCrm('the newest refresh token', (trial) => {
  let server: OAuthServer;
  let state: FrailState;
  let auth: Record<string, string>;
  let provide: (tempo?: Partial<CrmTempo>) => LoggingProvider;

  beforeEach(async () => {
    server = await trial.tokenServer();
    state = new FrailState();
    auth = server.refreshAuth();
    provide = (tempo = {}) => trial.provide({ auth }, { state, tempo });
  });
  afterEach(() => state.release());

  const untilUp = (provider: LoggingProvider) =>
    eventually(async () => (await provider.check(patient())).status === 'up');

  /** Whether a service that starts now goes on from the newest: the server takes the use of any other for theft. */
  async function expectKept(): Promise<void> {
    const restarted = provide();
    server.expireAll();
    expect(await outcomeOf(restarted)).toBe('gold');
    expect(server.requests.filter(({ status }) => status !== 200)).toEqual([]);
  }

  it('is kept though an earlier writing had been reported as failed, and was not', async () => {
    const provider = provide(HARDLY_EVER);
    state.writes = 'lies';
    await provider.open();
    state.writes = 'ok';
    trial.jumpAhead(2 * HOUR_MS);
    expect(await outcomeOf(provider)).toBe('gold');
    expect(server.issued).toBe(2);
    await untilUp(provider);
    await expectKept();
  });

  it('is kept once, though its own writing was reported as failed', async () => {
    const provider = provide();
    state.writes = 'lies';
    await provider.open();
    expect((await provider.check(patient())).status).toBe('degraded');
    state.writes = 'ok';
    await untilUp(provider);
    const [key] = await state.keys();
    expect((await state.read(key!))!.version).toBe(1);
    await expectKept();
  });

  it('of another instance, whose clock is behind, is not overwritten by an older one', async () => {
    trial.jumpAhead(HOUR_MS / 2);
    const provider = provide();
    state.writes = 'lies';
    await provider.open();
    trial.jumpAhead(0);
    server.expireAll();
    expect(await outcomeOf(trial.provide({ auth }, { state: state.sound }))).toBe('gold');
    expect(server.issued).toBe(2);
    state.writes = 'ok';
    await untilUp(provider);
    await expectKept();
  });

  it('is kept after an older one whose writing is still under way', async () => {
    const provider = provide();
    state.writes = 'fails';
    await provider.open();
    state.writes = 'hold';
    await eventually(() => state.held === 1);
    trial.jumpAhead(2 * HOUR_MS);
    state.writes = 'fails';
    const asked = outcomeOf(provider);
    await eventually(() => server.issued === 2);
    await sleep(50);
    state.release();
    expect(await asked).toBe('gold');
    await untilUp(provider);
    await expectKept();
  });

  it('is kept in the end when the server stops to change it before it could be kept', async () => {
    const provider = provide();
    state.writes = 'fails';
    await provider.open();
    server.rotates = false;
    trial.jumpAhead(2 * HOUR_MS);
    expect(await outcomeOf(provider)).toBe('gold');
    expect(server.issued).toBe(2);
    state.writes = 'ok';
    await untilUp(provider);
    server.rotates = true;
    await expectKept();
  });

  it.each([
    [{ scope: ['a'] }],
    [{ scope: null }],
    [{ id_token: 5 }],
    [{ expires_in: null }],
    [{ expires_in: 0 }],
    [{ expires_in: -1 }],
    [{ expires_in: 'soon' }],
    [{ expires_in: '3600' }],
    [{ expires_in: 1e300 }],
    [{ expires_in: [] }],
    [{ token_type: null }],
    [{ error: '', error_description: '' }],
  ])('is kept and used when the answer says %j', async (oddities) => {
    server.oddities = oddities;
    const provider = provide();
    expect(await outcomeOf(provider)).toBe('gold');
    server.expireAll();
    expect(await outcomeOf(provider)).toBe('gold');
    expect(await provider.check(patient())).toEqual({ status: 'up' });
    await expectKept();
    expect(server.issued).toBe(3);
  });

  it.each([[{ refresh_token: null }], [{ refresh_token: '' }]])(
    'is the one before when the answer says %j',
    async (oddities) => {
      server.rotates = false;
      server.oddities = oddities;
      expect(await outcomeOf(provide())).toBe('gold');
      server.oddities = {};
      await expectKept();
      expect(new Set(server.requests.map(({ parameters }) => parameters['refresh_token'])).size).toBe(1);
    },
  );

  it.each([
    [{ access_token: 12 }, 'the token endpoint answers something that is not a token; check auth.tokenUrl'],
    [{ access_token: null }, 'the token endpoint answers something that is not a token; check auth.tokenUrl'],
    [{ token_type: 'mac' }, 'the token endpoint answers something that is not a token; check auth.tokenUrl'],
    [{ access_token: 'a b' }, 'the token endpoint gives a token that no header can carry'],
  ])('is kept though the access token beside it is of no use: %j', async (oddities, message) => {
    server.oddities = oddities;
    const provider = provide();
    expect(await outcomeOf(provider)).toBe(`no access token: ${message}`);
    server.oddities = {};
    await expectKept();
    expect(server.issued).toBe(2);
    expect(JSON.stringify(provider.logged)).not.toContain('refresh-');
  });
});
