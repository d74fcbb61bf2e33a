import { expect, it } from '@jest/globals';
import { describeWithCrm, outcomeOf } from '../../../../test/support/describe-with-crm.js';
import { crmOptionProblems } from '../../../../test/support/crm-provider.js';

describeWithCrm('the OAuth2 password grant', (trial) => {
  const login = { type: 'oauth2-password', username: 'svc:routing', password: 'p4ss word' };

  it.each(['form', 'json'])('gets tokens with user name and password, sent as %s', async (bodyType) => {
    const server = await trial.tokenServer();
    server.wantsJson = bodyType === 'json';
    const { tokenUrl, clientId, clientSecret } = server;
    const provider = trial.provide({
      auth: { ...login, tokenUrl, clientId, clientSecret, scope: 'read', bodyType },
    });
    await provider.open();
    expect(await outcomeOf(provider)).toBe('gold');
    expect(server.requests).toMatchObject([
      {
        parameters: { grant_type: 'password', username: 'svc:routing', password: 'p4ss word', scope: 'read' },
      },
    ]);
    server.expireAll();
    expect(await outcomeOf(provider)).toBe('gold');
    expect(server.issued).toBe(2);
  });

  it('asks no more for a while after a refusal, and says what to check, without a secret', async () => {
    const server = await trial.tokenServer();
    const { tokenUrl, clientId, clientSecret } = server;
    const provider = trial.provide({
      auth: { ...login, password: 'wr0ng', tokenUrl, clientId, clientSecret },
    });
    await provider.open();
    const message =
      'no access token: token endpoint: invalid_grant (HTTP 400); check username and password under auth';
    expect(await outcomeOf(provider)).toBe(message);
    expect(await outcomeOf(provider)).toBe(message);
    expect(server.requests).toHaveLength(1);
    expect(JSON.stringify(provider.logged)).not.toMatch(/wr0ng|svc:routing/);
  });

  it('is checked as options', () => {
    const problemsOf = (auth: object) =>
      crmOptionProblems({ url: 'https://crm.example/', record: 'contacts', auth });
    const tokenUrl = 'https://login.example/token';
    expect(problemsOf({ ...login, tokenUrl })).toEqual([]);
    expect(problemsOf({ ...login, tokenUrl, bodyType: 'xml' })).toEqual([
      'auth.bodyType: is not known. Write form or json. Default: form.',
    ]);
    expect(problemsOf({ type: 'oauth2-password', username: 'a' })).toEqual([
      'auth.password: is missing. Auth type oauth2-password needs tokenUrl, username and password.',
      'auth.tokenUrl: is missing. Auth type oauth2-password needs tokenUrl, username and password.',
    ]);
    expect(problemsOf({ ...login, tokenUrl, parameters: { password: 'x' } })).toEqual([
      'auth.parameters: has password, which has a key of its own. Remove it.',
    ]);
  });
});
