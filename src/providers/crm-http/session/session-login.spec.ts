import { describe, expect, it } from '@jest/globals';
import { crmOptionProblems } from '../../../../test/support/crm-provider.js';
import { AINO, describeWithCrm, outcomeOf } from '../../../../test/support/describe-with-crm.js';
import type { CrmTrial } from '../../../../test/support/describe-with-crm.js';
import type { CrmAnswer, CrmRequestRecord } from '../../../../test/support/crm-server.js';

const PASSWORD = 'p4ss "word"';

/** A CRM with sessions: a login opens one, and contacts are shown to those that are open. */
class Sessions {
  logins = 0;
  readonly open = new Set<string>();
  /** What the login answers. */
  answer: (session: string) => CrmAnswer = (session) => ({ body: { data: { token: session } } });
  isRight = ({ body }: CrmRequestRecord): boolean =>
    (JSON.parse(body) as { password?: string }).password === PASSWORD;
  sessionOf = ({ headers }: CrmRequestRecord): string | undefined =>
    /^Session (.*)$/.exec(headers.authorization ?? '')?.[1];

  constructor({ crm }: CrmTrial) {
    crm.answer = (request) => {
      if (request.url !== '/login') {
        const isOpen = this.open.has(this.sessionOf(request) ?? '');
        return isOpen
          ? { body: { contacts: [{ number: AINO, tier: 'gold' }] } }
          : { status: 401, body: { error: 'no session' } };
      }
      this.logins++;
      if (!this.isRight(request)) return { status: 401, body: { error: `wrong: ${request.body}` } };
      const session = `s3ssion-${this.logins}`;
      this.open.add(session);
      return this.answer(session);
    };
  }
}

describeWithCrm('sign-in by session', (trial) => {
  const authOf = (login: object = {}, header: object = { value: 'Session {{ token }}' }) => ({
    type: 'session',
    login: {
      method: 'POST',
      url: `${trial.crm.url}/login`,
      body: { user: 'svc', password: PASSWORD },
      token: 'data.token',
      ...login,
    },
    header,
  });

  it('signs in once before calls come, and again when the CRM has ended the session', async () => {
    const sessions = new Sessions(trial);
    const provider = trial.provide({ auth: authOf() });
    await provider.open();
    expect(sessions.logins).toBe(1);
    expect(await outcomeOf(provider)).toBe('gold');
    sessions.open.clear();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => outcomeOf(provider)));
    expect(new Set(outcomes)).toEqual(new Set(['gold']));
    expect(sessions.logins).toBe(2);
    expect(JSON.stringify(provider.logged)).not.toMatch(/s3ssion|p4ss/);
  });

  it('may make the header of several values, in a header of the CRM’s own', async () => {
    const sessions = new Sessions(trial);
    sessions.answer = (session) => ({ body: { id: 1, result: [7, session] } });
    sessions.sessionOf = ({ headers }) =>
      Buffer.from(String(headers['x-session']), 'base64').toString().replace('svc:7:', '');
    const login = { token: '$base64encode("svc:" & result[0] & ":" & result[1])' };
    const provider = trial.provide({ auth: authOf(login, { name: 'X-Session', value: '{{ token }}' }) });
    expect(await outcomeOf(provider)).toBe('gold');
  });

  it('may sign in by a form, with Basic auth, and take the token from XML', async () => {
    const sessions = new Sessions(trial);
    sessions.answer = (session) => ({
      headers: { 'content-type': 'text/xml' },
      body: `<login><session>${session}</session></login>`,
    });
    sessions.isRight = ({ body, headers }) =>
      new URLSearchParams(body).get('password') === PASSWORD && headers.authorization === 'Basic c3Zj';
    const login = {
      bodyType: 'form',
      headers: { Authorization: 'Basic c3Zj' },
      token: 'login.session.`#text`',
    };
    expect(await outcomeOf(trial.provide({ auth: authOf(login) }))).toBe('gold');
  });

  it('is not tried again for a while when it is refused, so that the user is not locked out', async () => {
    const sessions = new Sessions(trial);
    const provider = trial.provide({ auth: authOf({ body: { user: 'svc', password: 'wr0ng' } }) });
    await provider.open();
    const message = 'no access token: login: HTTP 401; check url, body and headers of auth.login';
    for (let n = 0; n < 5; n++) expect(await outcomeOf(provider)).toBe(message);
    expect(sessions.logins).toBe(1);
    expect(await provider.check(new AbortController().signal)).toEqual({
      status: 'degraded',
      reason: message,
    });
    trial.jumpAhead(15 * 60_000 * 2);
    expect(await outcomeOf(provider)).toBe(message);
    expect(sessions.logins).toBe(2);
    expect(JSON.stringify(provider.logged)).not.toMatch(/wr0ng|s3ssion/);
  });

  it('does not sign in over and over when the CRM refuses new sessions, too', async () => {
    const sessions = new Sessions(trial);
    sessions.sessionOf = () => undefined;
    const provider = trial.provide({ auth: authOf() });
    for (let n = 0; n < 5; n++) expect(await outcomeOf(provider)).toBe('HTTP 401');
    expect(sessions.logins).toBe(2);
  });

  const CURE = '; check url and token of auth.login';
  it.each<[CrmAnswer, string]>([
    [
      { body: { error: 'wrong password' } },
      'login: the answer has no token; check the user and the password in auth.login.body, and auth.login.token',
    ],
    [
      { body: { data: { token: 'a\nb' } } },
      'login: the answer has a token that no header can carry; check auth.login.token',
    ],
    [{ body: '<html>Sign in</html>' }, `login: answer is not JSON${CURE}`],
    [
      { status: 302, headers: { location: '/' } },
      'login: HTTP 302; check url, body and headers of auth.login',
    ],
    [{ status: 503 }, 'login: HTTP 503'],
  ])('fails with %j', async (answer, message) => {
    new Sessions(trial).answer = () => answer;
    expect(await outcomeOf(trial.provide({ auth: authOf() }))).toBe(`no access token: ${message}`);
  });
});

describe('the options of a session', () => {
  const login = {
    method: 'POST',
    url: 'https://crm.example/login',
    body: { user: 'svc', password: 'p4ss' },
    token: 'token',
  };
  const header = { name: 'Authorization', value: 'Session {{ token }}' };
  const problemsOf = (auth: object) =>
    crmOptionProblems({
      url: 'https://crm.example/',
      record: 'contacts',
      auth: { type: 'session', ...auth },
    });

  it.each([
    { login, header },
    { login, header: { value: '{{ token }}' } },
    { login: { url: login.url, token: 'token' }, header: { name: 'Cookie', value: 'sid={{ token }}' } },
  ])('are good as %j', (auth) => {
    expect(problemsOf(auth)).toEqual([]);
  });

  it.each<[object, string[]]>([
    [{ login }, ['auth.header: is missing. Auth type session needs login and header.']],
    [{ header }, ['auth.login: is missing. Auth type session needs login and header.']],
    [
      { login: { method: 'POST', body: login.body }, header },
      [
        'auth.login.token: is missing. Write a JSONata expression that takes the token from the answer of the login, for example data.access_token.',
        'auth.login.url: is missing. Write the address that signs in, for example https://crm.example/login.',
      ],
    ],
    [
      { login, header: { value: 'Session' } },
      ['auth.header.value: must be a text with {{ token }} in it, for example Session {{ token }}.'],
    ],
    [
      { login: { ...login, body: { phone: '{{ number }}' } }, header },
      ['auth.login.body: at phone: names "number", which is not known. Known: none here.'],
    ],
    [{ login, header, token: 'x' }, ['auth.token: belongs to auth type bearer. Remove it, or change type.']],
  ])('are refused as %j', (auth, problems) => {
    expect(problemsOf(auth)).toEqual(problems);
  });
});
