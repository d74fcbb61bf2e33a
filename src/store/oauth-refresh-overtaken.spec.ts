import { expect, it } from '@jest/globals';
import { closedPort } from '../../test/support/database-provider.js';
import { withTemporaryFolder } from '../../test/support/temporary-folder.js';
import { describeWithCrm, outcomeOf } from '../../test/support/describe-with-crm.js';
import type { ExclusiveRight, ProviderState } from '../plugin-api/index.js';
import { MemoryState } from '../plugin-api/testing/index.js';
import { Database } from '../database/database.js';
import { DatabaseStates } from './database-states.js';
import { closeDataSource } from '../database/data-source.js';
import { openDatabase } from '../providers/database/vip-caller.repository.js';
import type { CrmHttpAuthOptions } from '../providers/crm-http/crm-http.auth.options.js';
import { TokenEndpoint } from '../providers/crm-http/oauth/oauth-token-endpoint.js';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

const folder = withTemporaryFolder();

/** A state with something else in place of some of its methods. */
function changed(state: ProviderState, change: Partial<ProviderState>): ProviderState {
  return {
    read: (...given) => state.read(...given),
    write: (...given) => state.write(...given),
    keys: () => state.keys(),
    remove: (...given) => state.remove(...given),
    exclusively: (...given) => state.exclusively(...given),
    ...change,
  };
}

describeWithCrm('a refresh token in a process that stood still', (trial) => {
  it('is not used once another instance took over, which would revoke all', async () => {
    const url = `sqlite:${folder.path('overtaken.sqlite')}`;
    const server = await trial.tokenServer();
    const auth = server.refreshAuth();
    const database = await openDatabase(url);
    trial.after(() => closeDataSource(database));
    const stateOfOneMore = (): ProviderState => {
      const states = new DatabaseStates(new Database(url), SILENT);
      trial.after(() => states.close());
      return states.of('crm');
    };
    const own = stateOfOneMore();
    let reads = 0;
    const late = changed(own, {
      read: async (key) => {
        const found = await own.read(key);
        // It has the right, and knows which token is the newest; then half a minute goes by, and another instance is there.
        if (++reads === 2) {
          await database.query('UPDATE provider_lease SET expires_ms = 1');
          expect(await outcomeOf(trial.provide({ auth }, { state: stateOfOneMore() }))).toBe('gold');
        }
        return found;
      },
    });
    const provider = trial.provide({ auth }, { state: late });
    expect(await outcomeOf(provider)).toBe('gold');
    expect(reads).toBeGreaterThan(2);
    expect(server.requests).toHaveLength(1);
    server.expireAll();
    expect(await outcomeOf(provider)).toBe('gold');
    expect(server.requests.map(({ status }) => status)).toEqual([200, 200]);
  });

  it('is not sent when the right may have passed on since it was confirmed', async () => {
    const server = await trial.tokenServer();
    const memory = new MemoryState();
    let looks = 0;
    const right: ExclusiveRight = {
      isTakenOver: false,
      get isHeld() {
        return ++looks > 2;
      },
      confirm: async () => true,
    };
    const state = changed(memory, {
      exclusively: (name, work) => memory.exclusively(name, (signal) => work(signal, right)),
    });
    const provider = trial.provide({ auth: server.refreshAuth() }, { state });
    expect(await outcomeOf(provider)).toBe('gold');
    expect(looks).toBe(3);
    expect(server.requests).toHaveLength(1);
  });

  it('is told of a database that goes away before it is sent, and sent when that is back', async () => {
    const server = await trial.tokenServer();
    const memory = new MemoryState();
    let confirmations = 0;
    const right: ExclusiveRight = {
      isTakenOver: false,
      isHeld: true,
      confirm: async () => ++confirmations > 1 || Promise.reject(new Error('gone')),
    };
    const state = changed(memory, {
      exclusively: (name, work) => memory.exclusively(name, (signal) => work(signal, right)),
    });
    const provider = trial.provide({ auth: server.refreshAuth() }, { state, tempo: { tokenMs: 0 } });
    expect(await outcomeOf(provider)).toBe(
      'no access token: the database that keeps the refresh token cannot be used: Error',
    );
    expect(await outcomeOf(provider)).toBe('gold');
    expect(server.requests).toHaveLength(1);
  });
});

describeWithCrm('a request to a token endpoint', (trial) => {
  it('asks whether it may be sent when there is a connection, and sends nothing when not', async () => {
    const server = await trial.tokenServer();
    const auth = server.refreshAuth() as unknown as CrmHttpAuthOptions;
    const { refreshToken } = auth;
    let asked = 0;
    const ask = async (tokenUrl: string, maySend: boolean) => {
      const endpoint = new TokenEndpoint({ ...auth, tokenUrl });
      trial.after(() => endpoint.close());
      const given = { maySend: () => ++asked > 0 && maySend };
      return endpoint.request('refresh_token', { refresh_token: refreshToken! }, given);
    };
    await expect(ask(`http://127.0.0.1:${await closedPort()}/token`, true)).rejects.toThrow('ECONNREFUSED');
    expect(asked).toBe(0);
    await expect(ask(server.tokenUrl, false)).rejects.toThrow('the request was not sent');
    expect(server.requests).toEqual([]);
    expect(await ask(server.tokenUrl, true)).toMatchObject({ access: { lifetimeMs: 3_600_000 } });
    expect(asked).toBe(2);
  });
});
