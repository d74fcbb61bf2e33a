import { describe, expect, it } from '@jest/globals';
import { hashApiKey, hashPassword, verifyPassword } from '../common/secret-hash.js';
import { CHEAP } from '../../test/support/guarded-app.js';
import type { CredentialConfig } from './credentials.config.js';
import { CredentialStore } from './credential-store.js';
import { apiKeyLogin } from './remembered-logins.js';

const key = (id: string, apiKey: string): CredentialConfig => ({ id, apiKey, targets: undefined });
const login = (id: string, username: string, password: string): CredentialConfig => ({
  id,
  username,
  password,
  targets: undefined,
});
const asker = (client: string, isWaiting = () => true) => ({ client, isWaiting });
const bytes = (text: string) => Buffer.from(text, 'utf8');

/** A store that counts key derivations and the most of them at one time. */
function counting(credentials: readonly CredentialConfig[]) {
  const count = { derivations: 0, running: 0, most: 0 };
  const store = new CredentialStore(credentials, async (password, stored) => {
    count.derivations++;
    count.most = Math.max(count.most, ++count.running);
    try {
      return await verifyPassword(password, stored);
    } finally {
      count.running--;
    }
  });
  return { store, count };
}

describe('byApiKey', () => {
  const store = new CredentialStore([
    key('old', 'key-1'),
    key('new', hashApiKey('key-2')),
    key('utf8', 'avain-ä🔑'),
    key('upper', hashApiKey('key-3').toUpperCase().replace('SHA256', 'sha256')),
  ]);

  it.each([
    ['key-1', 'old'],
    ['key-2', 'new'],
    ['avain-ä🔑', 'utf8'],
    ['key-3', 'upper'],
  ])('knows %s', (presented, id) => {
    expect(store.byApiKey(bytes(presented))).toEqual({ id, targets: undefined });
  });

  it.each(['', 'key', 'key-11', 'KEY-1', ' key-1', hashApiKey('key-2'), 'x'.repeat(1025)])(
    'does not know %j',
    (presented) => {
      expect(store.byApiKey(bytes(presented))).toBeUndefined();
    },
  );

  it('answers without the secret, with the limits', () => {
    const limited = new CredentialStore([{ id: 'core', apiKey: 'k', targets: ['SALES_QUEUE'] }]);
    expect(limited.byApiKey(bytes('k'))).toEqual({ id: 'core', targets: ['SALES_QUEUE'] });
  });
});

describe('byPassword with plain passwords', () => {
  const { store, count } = counting([
    login('one', 'core', 'first'),
    login('two', 'core', 'second'),
    login('other', 'jäsen', 'a:b::🔑'),
    key('key', 'first'),
  ]);

  it('knows each of several passwords of a user', async () => {
    expect((await store.byPassword('core', 'first'))?.id).toBe('one');
    expect((await store.byPassword('core', 'second'))?.id).toBe('two');
    expect((await store.byPassword('jäsen', 'a:b::🔑'))?.id).toBe('other');
  });

  it('takes composed and decomposed letters for the same', async () => {
    expect((await store.byPassword('ja\u0308sen', 'a:b::🔑'))?.id).toBe('other');
  });

  it.each([
    ['core', ''],
    ['', 'first'],
    ['core', 'First'],
    ['core', 'a:b::🔑'],
    ['nobody', 'first'],
    ['core', 'x'.repeat(1025)],
    ['x'.repeat(1025), 'first'],
  ])('does not know %j with %j', async (user, password) => {
    expect(await store.byPassword(user, password)).toBeUndefined();
  });

  it('derives no key when no password is hashed', () => {
    expect(count.derivations).toBe(0);
  });
});

describe('byPassword with scrypt passwords', () => {
  async function rotation() {
    const [one, two] = await Promise.all([hashPassword('first', CHEAP), hashPassword('sec:ond', CHEAP)]);
    return counting([login('one', 'core', one), login('two', 'core', two), login('plain', 'test', 'plain')]);
  }

  it('knows each of several passwords of a user', async () => {
    const { store, count } = await rotation();
    expect((await store.byPassword('core', 'first'))?.id).toBe('one');
    expect((await store.byPassword('core', 'sec:ond'))?.id).toBe('two');
    expect(count.derivations).toBe(3);
  });

  it('pays once for repeating a wrong password', async () => {
    const { store, count } = await rotation();
    for (let call = 0; call < 5; call++) expect(await store.byPassword('core', 'wrong')).toBeUndefined();
    expect(count.derivations).toBe(2);
  });

  it('pays as much for an unknown user, and for a wrong password of a user with a plain one', async () => {
    const { store, count } = await rotation();
    expect(await store.byPassword('nobody', 'wrong')).toBeUndefined();
    expect(count.derivations).toBe(2);
    expect(await store.byPassword('test', 'wrong')).toBeUndefined();
    expect(count.derivations).toBe(4);
  });

  it('pays the same for every wrong password where hashes of different costs are in use', async () => {
    const [old, next] = await Promise.all([hashPassword('first', CHEAP), hashPassword('first', CHEAP + 1)]);
    const asked: number[] = [];
    const store = new CredentialStore(
      [login('old', 'old', old), login('older', 'old', old), login('new', 'new', next)],
      (password, hash) => {
        asked.push(hash.ln);
        return verifyPassword(password, hash);
      },
    );
    for (const user of ['old', 'new', 'nobody']) {
      expect(await store.byPassword(user, 'wrong')).toBeUndefined();
      expect(asked.splice(0).sort()).toEqual([CHEAP, CHEAP, CHEAP + 1]);
    }
  });

  it('pays nothing for a right plain password', async () => {
    const { store, count } = await rotation();
    expect((await store.byPassword('test', 'plain'))?.id).toBe('plain');
    expect(count.derivations).toBe(0);
  });

  it('pays once for calls that come at the same time', async () => {
    const { store, count } = await rotation();
    const calls = await Promise.all(Array.from({ length: 20 }, () => store.byPassword('core', 'first')));
    expect(calls.map((client) => client?.id)).toEqual(new Array(20).fill('one'));
    expect(count.derivations).toBe(1);
  });

  it.each([
    [15, 1],
    [14, 2],
  ])('derives keys that cost 2^%d at most %d at a time', async (ln, most) => {
    const begun: (() => void)[] = [];
    const hash = (await hashPassword('first', CHEAP)).replace(`ln=${CHEAP}`, `ln=${ln}`);
    const store = new CredentialStore(
      [login('one', 'core', hash)],
      () => new Promise((resolve) => begun.push(() => resolve(false))),
    );
    const wrong = [1, 2, 3].map((guess) => store.byPassword('core', `guess ${guess}`));
    for (let done = 0; done < wrong.length; done++) {
      expect(begun).toHaveLength(Math.min(done + most, wrong.length));
      begun[done]!();
      await new Promise(setImmediate);
    }
    expect(await Promise.all(wrong)).toEqual([undefined, undefined, undefined]);
  });

  it('answers all guesses', async () => {
    const { store } = await rotation();
    const wrong = Array.from({ length: 5 }, (_, guess) =>
      store.byPassword('core', `guess ${guess}`, asker('203.0.113.9')),
    );
    expect(await Promise.all(wrong)).toEqual(new Array(5).fill(undefined));
  });

  it('lets a right password that is new overtake the guesses that wait', async () => {
    const begun: string[] = [];
    const store = new CredentialStore(
      [login('one', 'core', await hashPassword('first', CHEAP))],
      (password, hash) => {
        begun.push(password);
        return verifyPassword(password, hash);
      },
    );
    const guesses = Array.from({ length: 8 }, (_, nth) =>
      store.byPassword('core', `guess ${nth}`, asker('203.0.113.9')),
    );
    expect((await store.byPassword('core', 'first', asker('80.88.186.1')))?.id).toBe('one');
    await Promise.all(guesses);
    expect(begun).toHaveLength(9);
    expect(begun.indexOf('first')).toBeLessThan(8);
  });

  it('derives no key for those who hang up while they wait, and one as long as anyone waits for it', async () => {
    const begun: string[] = [];
    const store = new CredentialStore(
      [login('one', 'core', (await hashPassword('first', CHEAP)).replace(`ln=${CHEAP}`, 'ln=15'))],
      async (password) => {
        begun.push(password);
        return password === 'first';
      },
    );
    const isWaiting = { gone: true, half: true };
    const ask = (password: string, waits: () => boolean) =>
      store.byPassword('core', password, asker('80.88.186.1', waits));
    const first = ask('guess', () => true);
    const gone = [ask('gone', () => isWaiting.gone), ask('gone', () => isWaiting.gone)];
    const half = [ask('first', () => isWaiting.half), ask('first', () => true)];
    isWaiting.gone = isWaiting.half = false;
    expect((await Promise.all(half)).map((client) => client?.id)).toEqual(['one', 'one']);
    expect(await first).toBeUndefined();
    for (const one of gone) await expect(one).rejects.toMatchObject({ name: 'QueueFullError' });
    expect(begun).toEqual(['guess', 'first']);
    isWaiting.gone = true;
    expect(await ask('gone', () => isWaiting.gone)).toBeUndefined();
    expect(begun).toEqual(['guess', 'first', 'gone']);
  });

  it('verifies again after a verification that broke', async () => {
    const stored = await hashPassword('first', CHEAP);
    let calls = 0;
    const store = new CredentialStore([login('one', 'core', stored)], (password, hash) =>
      ++calls === 1 ? Promise.reject(new Error('out of memory')) : verifyPassword(password, hash),
    );
    await expect(store.byPassword('core', 'first')).rejects.toMatchObject({ message: 'out of memory' });
    expect((await store.byPassword('core', 'first'))?.id).toBe('one');
  });

  it('keeps user name and password apart', async () => {
    const { store } = counting([login('one', 'ab', await hashPassword('c', CHEAP))]);
    expect((await store.byPassword('ab', 'c'))?.id).toBe('one');
    expect(await store.byPassword('a', 'bc')).toBeUndefined();
  });
});

describe('a store that takes the place of another', () => {
  const [a, b] = ['a-key-0123456789abcdef', 'b-key-0123456789abcdef'];
  const logins = [a, b].map(apiKeyLogin);

  function storeWithLogins(): CredentialStore {
    const store = new CredentialStore([key('one', a), key('two', b)]);
    for (const secret of [a, b]) store.logins.keep(apiKeyLogin(secret), store.byApiKey(Buffer.from(secret))!);
    return store;
  }
  const known = (store: CredentialStore) => logins.map((login) => store.logins.find(login));

  it('goes on remembering logins with what has not changed, and says what is so now', () => {
    const before = storeWithLogins();
    const targets = ['SALES_QUEUE'];
    const after = new CredentialStore(
      [{ ...key('one', a), targets }, key('two', 'another')],
      undefined,
      before,
    );
    expect(known(after)).toEqual([{ id: 'one', targets }, undefined]);
    expect(known(before)).toEqual([{ id: 'one' }, { id: 'two' }]);
  });

  it('forgets who is gone, and takes nobody for another by the name', () => {
    const after = new CredentialStore([key('two', a)], undefined, storeWithLogins());
    expect(known(after)).toEqual([undefined, undefined]);
  });
});
