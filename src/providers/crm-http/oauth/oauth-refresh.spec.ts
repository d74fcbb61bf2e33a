import { beforeEach, expect, it } from '@jest/globals';
import { OAuth2Server } from 'oauth2-mock-server';
import type { CrmYaml } from '../../../../test/support/crm-provider.js';
import { withTemporaryFolder } from '../../../../test/support/temporary-folder.js';
import { describeWithCrm, outcomeOf } from '../../../../test/support/describe-with-crm.js';
import type { CrmTrial, LoggingProvider } from '../../../../test/support/describe-with-crm.js';
import { patient } from '../../../../test/support/eventually.js';
import type { OAuthServer, OAuthServerOptions } from '../../../../test/support/oauth-server.js';
import type { ProviderState } from '../../../plugin-api/index.js';
import { MemoryState } from '../../../plugin-api/testing/index.js';
import { Database } from '../../../database/database.js';
import { DatabaseStates } from '../../../store/database-states.js';

const KEY = 'correct horse battery staple';
const REVOKED =
  'no access token: token endpoint: invalid_grant (HTTP 400); auth.refreshToken has expired, was revoked, or was used elsewhere: get a new one and write that';

const folder = withTemporaryFolder();
let files = 0;

/** What two instances have in common: `of(n)` is the state that instance n sees. */
type Places = (trial: CrmTrial) => (instance: number) => ProviderState;
const inMemory: Places = () => {
  const state = new MemoryState();
  return () => state;
};
const inDatabase: Places = (trial) => {
  const url = `sqlite:${folder.path(`state-${++files}.sqlite`)}`;
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
  return () => {
    const states = new DatabaseStates(new Database(url), silent);
    trial.after(() => states.close());
    return states.of('crm');
  };
};

describeWithCrm('a refresh token, with its newest kept in memory', (trial) => keptIn(trial, inMemory));
describeWithCrm('a refresh token, with its newest kept in the database', (trial) =>
  keptIn(trial, inDatabase),
);

function keptIn(trial: CrmTrial, places: Places): void {
  let server: OAuthServer;
  let stateOf: (instance: number) => ProviderState;
  let refreshToken: string;

  beforeEach(async () => {
    stateOf = places(trial);
    await serve();
  });

  async function serve(options: OAuthServerOptions = {}): Promise<void> {
    server = await trial.tokenServer(options);
    refreshToken = server.newRefreshToken();
  }

  function authOf(more: CrmYaml = {}): CrmYaml {
    const { tokenUrl, clientId, clientSecret } = server;
    return {
      type: 'oauth2-refresh-token',
      tokenUrl,
      clientId,
      clientSecret,
      refreshToken,
      encryptionKey: KEY,
      ...more,
    };
  }

  const instance = (number: number, more: CrmYaml = {}, state = stateOf(number)): LoggingProvider =>
    trial.provide({ auth: authOf(more) }, { state });

  it('is used once, and what it gave after that', async () => {
    const provider = instance(1);
    await provider.open();
    expect(await outcomeOf(provider)).toBe('gold');
    server.expireAll();
    expect(await outcomeOf(provider)).toBe('gold');
    const used = server.requests.map(({ parameters }) => parameters['refresh_token']);
    expect(used).toHaveLength(2);
    expect(new Set(used).size).toBe(2);
  });

  it('outlives a restart, and so does the access token', async () => {
    await instance(1).open();
    const restarted = instance(2);
    await restarted.open();
    expect(await outcomeOf(restarted)).toBe('gold');
    expect(server.requests).toHaveLength(1);
    server.expireAll();
    expect(await outcomeOf(restarted)).toBe('gold');
    expect(server.issued).toBe(2);
  });

  it('is shared by instances without a fight', async () => {
    for (let round = 1; round <= 4; round++) {
      const instances = [1, 2, 3].map((number) => instance(number));
      await Promise.all(instances.map((provider) => provider.open()));
      expect(await Promise.all(instances.map(outcomeOf))).toEqual(['gold', 'gold', 'gold']);
      expect(server.requests).toHaveLength(round);
      server.expireAll();
    }
    expect(server.issued).toBe(4);
  });

  it('gives one token to a hundred calls of two instances at its end', async () => {
    const instances = [instance(1), instance(2)];
    await Promise.all(instances.map((provider) => provider.open()));
    server.expireAll();
    const calls = Array.from({ length: 100 }, (_, i) => outcomeOf(instances[i % 2]!));
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['gold']));
    expect(server.requests).toHaveLength(2);
  });

  it('is not used by an instance that gets its turn when another is done', async () => {
    const first = instance(1);
    const state = stateOf(2);
    const late: ProviderState = {
      read: (key) => state.read(key),
      write: (key, text, version) => state.write(key, text, version),
      keys: () => state.keys(),
      remove: (key) => state.remove(key),
      exclusively: async (name, work) => {
        await first.open();
        return state.exclusively(name, work);
      },
    };
    expect(await outcomeOf(instance(2, {}, late))).toBe('gold');
    expect(server.requests).toHaveLength(1);
  });

  it('that is new in the configuration wins over the kept one', async () => {
    await instance(1).open();
    refreshToken = server.newRefreshToken();
    const provider = instance(2);
    await provider.open();
    expect(server.requests.at(-1)!.parameters['refresh_token']).toBe(refreshToken);
    server.expireAll();
    expect(await outcomeOf(provider)).toBe('gold');
  });

  it('is kept so that nobody reads it', async () => {
    const state = stateOf(1);
    const provider = instance(1, {}, state);
    await provider.open();
    const [key] = await state.keys();
    const { text } = (await state.read(key!))!;
    expect(key).toMatch(/^oauth2-token\.[0-9a-f]{32}$/);
    expect(text).toMatch(/^rotated [\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/);
    const parts = text.split(/[ .]/).map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    expect(text + parts.join()).not.toMatch(/refresh-|access-/);
  });

  it('is not used when the kept one cannot be read, which would revoke both', async () => {
    await instance(1).open();
    const provider = instance(2, { encryptionKey: 'another key than the one before' });
    const message =
      'no access token: the refresh token in the database cannot be read: was auth.encryptionKey changed? Write the earlier one, or get a new refreshToken';
    expect(await outcomeOf(provider)).toBe(message);
    expect(await provider.check(patient())).toEqual({ status: 'degraded', reason: message });
    expect(server.requests).toHaveLength(1);
  });

  it('goes on with another encryptionKey where the server gives no new one', async () => {
    await serve({ rotates: false });
    await instance(1).open();
    const provider = instance(2, { encryptionKey: 'another key than the one before' });
    expect(await outcomeOf(provider)).toBe('gold');
    expect(server.issued).toBe(2);
  });

  it('that was used elsewhere is told, and not tried over and over', async () => {
    const provider = instance(1);
    await provider.open();
    // A thief, or a second service with the same token and another database.
    expect(await outcomeOf(instance(2, {}, new MemoryState()))).toBe(REVOKED);
    server.expireAll();
    const asked = trial.crm.requests.length;
    for (let call = 0; call < 5; call++) expect(await outcomeOf(provider)).toBe(REVOKED);
    expect(server.requests).toHaveLength(3);
    expect(trial.crm.requests).toHaveLength(asked + 1);
    expect(await provider.check(patient())).toEqual({ status: 'degraded', reason: REVOKED });
    expect(JSON.stringify(provider.logged)).not.toMatch(/refresh-|access-|secret-looking/);
  });

  it("is taken by somebody else's OAuth2 server, which adds an ID token", async () => {
    const other = new OAuth2Server();
    await other.issuer.keys.generate('RS256');
    await other.start(0, '127.0.0.1');
    trial.after(() => other.stop());
    trial.crm.answer = undefined;
    const provider = instance(1, {
      tokenUrl: `http://127.0.0.1:${other.address().port}/token`,
      clientAuth: 'basic',
    });
    expect(await outcomeOf(provider)).toBe('gold');
    expect(await stateOf(1).keys()).toHaveLength(1);
  });
}
