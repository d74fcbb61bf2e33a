import { describe, expect, it } from '@jest/globals';
import {
  unauthorized,
  apiKey,
  basic,
  CHEAP,
  MISSING,
  PLAIN_KEY,
  start,
  WRONG,
} from '../../test/support/guarded-app.js';
import { hashApiKey, hashPassword, verifyPassword } from '../common/secret-hash.js';
import { CredentialStore } from './credential-store.js';
import { RememberedLogins } from './remembered-logins.js';

describe('a right credential', () => {
  it('passes in every form, and leaves itself without the secret in the request', async () => {
    const { ask, kinds } = await start({
      credentials: [
        { id: 'key-plain', apiKey: 'key-1', targets: ['SALES_QUEUE'] },
        { id: 'key-hashed', apiKey: hashApiKey('key-2'), targets: undefined },
        { id: 'key-utf8', apiKey: 'avain-ä🔑', targets: undefined },
        { id: 'basic-old', username: 'core', password: 'a:b::c', targets: undefined },
        {
          id: 'basic-new',
          username: 'core',
          password: await hashPassword(':pässi🔑:', CHEAP),
          targets: undefined,
        },
        { id: 'basic-utf8', username: 'jäsen', password: 'salasana', targets: undefined },
      ],
    });
    expect((await ask(apiKey('key-1'))).body).toEqual({ id: 'key-plain', targets: ['SALES_QUEUE'] });
    expect((await ask(apiKey('key-2'))).body).toEqual({ id: 'key-hashed' });
    expect((await ask(apiKey('avain-ä🔑'))).body).toEqual({ id: 'key-utf8' });
    expect((await ask(basic('core', 'a:b::c'))).body).toEqual({ id: 'basic-old' });
    expect((await ask(basic('core', ':pässi🔑:'))).body).toEqual({ id: 'basic-new' });
    expect((await ask(basic('jäsen', 'salasana', 'bASIC'))).body).toEqual({ id: 'basic-utf8' });
    expect(kinds).toEqual([]);
  });

  it('passes beside a wrong one of the other kind', async () => {
    const { ask, kinds } = await start({
      credentials: [PLAIN_KEY, { id: 'basic', username: 'core', password: 'pw', targets: undefined }],
    });
    expect((await ask({ ...apiKey('wrong'), ...basic('core', 'pw') })).body).toEqual({ id: 'basic' });
    expect((await ask({ ...apiKey('key-1'), ...basic('core', 'wrong') })).body).toEqual({ id: 'core' });
    expect(kinds).toEqual([]);
  });
});

describe('a login that was found right', () => {
  const REMEMBERED = 5;

  async function counted(release = Promise.resolve()) {
    let derivations = 0;
    const stored = await hashPassword('first', CHEAP);
    const store = new CredentialStore(
      [
        { id: 'basic', username: 'core', password: stored, targets: undefined },
        { id: 'key', apiKey: 'key-1', targets: undefined },
        { id: 'other', username: 'other', password: 'pw', targets: undefined },
        { id: 'accents', username: 'other', password: 'ääääääääääää', targets: undefined },
      ],
      async (password, hash) => {
        derivations++;
        if (password !== 'first') await release;
        return verifyPassword(password, hash);
      },
    );
    Object.assign(store, { logins: new RememberedLogins(REMEMBERED) });
    return { ...(await start({ store })), derivations: () => derivations };
  }

  it('is remembered, so that later calls pay no key derivation', async () => {
    const { ask, derivations } = await counted();
    for (let call = 0; call < 5; call++) {
      expect((await ask(basic('core', 'first'))).body).toEqual({ id: 'basic' });
      expect((await ask({ ...apiKey('no'), ...basic('core', 'first') })).body).toEqual({ id: 'basic' });
    }
    expect(derivations()).toBe(1);
  });

  it.each<[string, (nth: number) => Record<string, string>]>([
    ['a right key beside varying junk', (nth) => ({ ...apiKey('key-1'), ...basic('core', `junk ${nth}`) })],
    ['a right key beside another scheme', (nth) => ({ ...apiKey('key-1'), Authorization: `Bearer ${nth}` })],
    [
      'a right password beside varying keys',
      (nth) => ({ ...apiKey(`junk ${nth}`), ...basic('other', 'pw') }),
    ],
    ['a right password with blanks', (nth) => basic('other', 'pw', `Basic${' '.repeat(nth)}`)],
    [
      'a right password in varying letters',
      (nth) =>
        basic(
          'other',
          [...'ääääääääääää'].map((a, bit) => ((nth >> bit) & 1 ? a.normalize('NFD') : a)).join(''),
        ),
    ],
  ])('is not forgotten for %s', async (_title, headers) => {
    const { ask, derivations } = await counted();
    await ask(basic('core', 'first'));
    for (let nth = 0; nth < 2 * REMEMBERED; nth++) expect((await ask(headers(nth))).status).toBe(200);
    expect((await ask(basic('core', 'first'))).body).toEqual({ id: 'basic' });
    expect(derivations()).toBe(1);
  });

  it('passes while guesses wait for their verification', async () => {
    let release!: () => void;
    const { ask } = await counted(new Promise((resolve) => (release = resolve)));
    await ask(basic('core', 'first'));
    let wrongDone = 0;
    const wrong = Array.from({ length: 8 }, (_, guess) =>
      ask(basic('core', `guess ${guess}`)).finally(() => wrongDone++),
    );
    expect((await ask(basic('core', 'first'))).body).toEqual({ id: 'basic' });
    expect(wrongDone).toBe(0);
    release();
    expect((await Promise.all(wrong)).map(({ status }) => status)).toEqual(new Array(8).fill(401));
  });

  it('lends nothing to other headers', async () => {
    const { ask } = await counted();
    await ask(apiKey('key-1'));
    await ask(basic('core', 'first'));
    expect(await ask(apiKey('key-10'))).toEqual(WRONG);
    expect(await ask({ Authorization: 'key-1' })).toEqual(MISSING);
    expect(await ask({ 'X-Benemen-APIKey': basic('core', 'first').Authorization })).toEqual(WRONG);
  });
});

describe('no or wrong credentials', () => {
  it.each<[string, Record<string, string>]>([
    ['nothing', {}],
    ['an empty API key', { 'X-Benemen-APIKey': '' }],
    ['another scheme', { Authorization: 'Bearer key-1' }],
    ['a scheme that only contains "basic"', basic('core', 'pw:x', 'NotBasic')],
    ['the API key in another header', { 'X-Api-Key': 'key-1' }],
  ])('answers 401 to %s', async (_title, headers) => {
    const { ask, kinds } = await start({
      credentials: [PLAIN_KEY, { id: 'basic', username: 'core', password: 'pw:x', targets: undefined }],
    });
    expect(await ask(headers)).toEqual(MISSING);
    expect(kinds).toEqual(['missing']);
  });

  it.each<[string, Record<string, string>]>([
    ['a wrong API key', apiKey('key-2')],
    ['an API key with a prefix', apiKey('Apikey key-1')],
    ['the first half of the API key', apiKey('key')],
    ['the API key and more', apiKey('key-1key-1')],
    ['the right API key twice', apiKey('key-1, key-1')],
    ['an API key in other bytes than UTF-8', { 'X-Benemen-APIKey': 'avain-ä' }],
    ['an API key of 2 KiB', apiKey('k'.repeat(2048))],
  ])('answers 401 to %s', async (_title, headers) => {
    const { ask, kinds } = await start({
      credentials: [PLAIN_KEY, { id: 'utf8', apiKey: 'avain-ä', targets: undefined }],
    });
    expect(await ask(headers)).toEqual(WRONG);
    expect(kinds).toEqual(['api-key']);
  });

  it.each<[string, Record<string, string>]>([
    ['a wrong password', basic('core', 'wrong')],
    ['a wrong user', basic('nobody', 'pw:x')],
    ['the beginning of a password up to its colon', basic('core', 'pw')],
    ['an empty password', basic('core', '')],
    ['an empty user', basic('', 'pw:x')],
    ['Basic without anything', { Authorization: 'Basic' }],
    ['Basic that is not base64', { Authorization: 'Basic !!!' }],
    ['Basic without a colon', { Authorization: `Basic ${Buffer.from('core').toString('base64')}` }],
    ['Basic of 2 KiB', basic('core', 'x'.repeat(2048))],
    ['Basic with two credentials', basic('core', 'pw:x', 'Basic Y29yZTpwdzp4')],
  ])('answers 401 to %s', async (_title, headers) => {
    const { ask, kinds } = await start({
      credentials: [{ id: 'basic', username: 'core', password: 'pw:x', targets: undefined }],
    });
    expect(await ask(headers)).toEqual(WRONG);
    expect(kinds).toEqual(['password']);
  });

  it.each([
    ['wrong', 'core', 'something else'],
    ['right but for its last character', 'core', 'pw:y'],
    ['right, with another user', 'nobody', 'pw:x'],
    ['right, with a user whose own is plain', 'plain', 'pw:x'],
  ])('answers 401 to a password where some are hashed: %s', async (_title, user, password) => {
    const { ask, kinds } = await start({
      credentials: [
        { id: 'basic', username: 'core', password: await hashPassword('pw:x', CHEAP), targets: undefined },
        { id: 'plain', username: 'plain', password: 'pw:z', targets: undefined },
      ],
    });
    expect(await ask(basic(user, password))).toEqual(WRONG);
    expect(kinds).toEqual(['password']);
  });

  it('answers 401 when a verification breaks, and logs the error without the secret', async () => {
    const stored = await hashPassword('pw', CHEAP);
    const store = new CredentialStore(
      [{ id: 'basic', username: 'core', password: stored, targets: undefined }],
      () => Promise.reject(new Error('out of memory')),
    );
    const { ask, kinds, log } = await start({ store });
    expect(await ask(basic('core', 'pw-of-core'))).toEqual(
      unauthorized('The credentials could not be verified.'),
    );
    expect(kinds).toEqual(['password']);
    expect(log).toHaveLength(1);
    expect(JSON.parse(log[0]!)).toMatchObject({
      level: 'error',
      kind: 'password',
      error: { message: 'out of memory' },
      msg: 'credentials could not be verified',
    });
    expect(log[0]).not.toContain('pw-of-core');
    expect(log[0]).not.toContain(stored);
  });

  it('never writes a secret to the log', async () => {
    const { ask, log } = await start();
    await ask(apiKey('a-secret-guess'));
    await ask(basic('a-user', 'a-secret-guess'));
    expect(log.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({
        level: 'warn',
        kind: 'api-key',
        address: '127.0.0.1',
        msg: 'wrong credentials',
      }),
      expect.objectContaining({
        level: 'warn',
        kind: 'password',
        address: '127.0.0.1',
        msg: 'wrong credentials',
      }),
    ]);
    expect(log.join('')).not.toMatch(/a-secret-guess|a-user/);
  });
});
