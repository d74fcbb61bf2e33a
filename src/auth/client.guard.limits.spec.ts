import { describe, expect, it } from '@jest/globals';
import {
  HOW_TO_LOG_IN,
  apiKey,
  basic,
  CHEAP,
  MISSING,
  OUTSIDE,
  PLAIN_KEY,
  start,
  WRONG,
} from '../../test/support/guarded-app.js';
import { hashPassword } from '../common/secret-hash.js';

describe('too many failed logins', () => {
  async function guess(
    ask: (headers: Record<string, string>) => Promise<{ status: number }>,
    times: number,
    from = '',
  ) {
    const answers: number[] = [];
    for (let nth = 0; nth < times; nth++) {
      const forwarded: Record<string, string> = from === '' ? {} : { 'X-Forwarded-For': from };
      answers.push((await ask({ ...apiKey(`guess ${nth}`), ...forwarded })).status);
    }
    return answers;
  }

  it('are answered with 429 and the time to wait, while a right credential passes', async () => {
    const stored = await hashPassword('pw', CHEAP);
    const { ask, kinds, clock } = await start({
      credentials: [PLAIN_KEY, { id: 'basic', username: 'core', password: stored, targets: undefined }],
    });
    expect(await guess(ask, 20)).toEqual(new Array(20).fill(401));
    clock.ms += 10_400;
    expect(await ask(apiKey('guess'))).toEqual({
      status: 429,
      type: 'application/problem+json',
      challenge: null,
      retryAfter: '50',
      body: {
        type: 'about:blank',
        title: 'Too Many Requests',
        status: 429,
        detail: `Too many failed logins. Correct credentials always pass. ${HOW_TO_LOG_IN}`,
      },
    });
    expect((await ask(basic('core', 'wrong'))).status).toBe(429);
    expect((await ask(apiKey('key-1'))).body).toEqual({ id: 'core' });
    expect((await ask(basic('core', 'pw'))).body).toEqual({ id: 'basic' });
    expect((await ask(apiKey('guess'))).status).toBe(429);
    expect(kinds).toEqual([...new Array<string>(20).fill('api-key'), 'throttled', 'throttled', 'throttled']);
    clock.ms += 60_000;
    expect(await ask(apiKey('guess'))).toEqual(WRONG);
  });

  it('do not include requests without credentials', async () => {
    const { ask } = await start();
    for (let nth = 0; nth < 25; nth++) expect(await ask()).toEqual(MISSING);
    expect(await ask(apiKey('guess'))).toEqual(WRONG);
    await guess(ask, 25);
    expect(await ask()).toEqual(MISSING);
  });

  it('are counted for each address behind a trusted proxy', async () => {
    const { ask } = await start({ trustedProxies: ['127.0.0.1'] });
    expect((await guess(ask, 21, '203.0.113.9')).at(-1)).toBe(429);
    expect(await guess(ask, 1, '203.0.113.10')).toEqual([401]);
    expect((await guess(ask, 21, '2001:db8::1')).at(-1)).toBe(429);
    expect(await guess(ask, 1, '2001:db8::2')).toEqual([429]);
    expect(await guess(ask, 1, '2001:db8:0:1::2')).toEqual([401]);
  });

  it('are not spread over addresses that the client made up', async () => {
    const { ask } = await start();
    const answers: number[] = [];
    for (let nth = 0; nth < 21; nth++) answers.push(...(await guess(ask, 1, `203.0.113.${nth}`)));
    expect(answers).toEqual([...new Array<number>(20).fill(401), 429]);
  });
});

describe('allowedNetworks', () => {
  it('lets pass what is inside, and refuses the rest whatever its credential', async () => {
    const { ask, kinds } = await start({
      allowedNetworks: ['80.88.186.0/24', '2001:db8::/32'],
      trustedProxies: ['127.0.0.1'],
    });
    const from = (address: string) => ask({ ...apiKey('key-1'), 'X-Forwarded-For': address });
    for (const address of ['80.88.186.1', '::ffff:80.88.186.1', '2001:db8::1', '1.2.3.4, 80.88.186.1']) {
      expect((await from(address)).body).toEqual({ id: 'core' });
    }
    for (const address of ['80.88.187.1', '80.88.186.1, 1.2.3.4', '2001:db9::1', 'unknown']) {
      expect(await from(address)).toEqual(OUTSIDE);
    }
    expect(await ask(apiKey('key-1'))).toEqual(OUTSIDE);
    expect(await ask()).toEqual(OUTSIDE);
    expect(kinds).toEqual(new Array(6).fill('network'));
  });

  it('does not believe X-Forwarded-For of a peer that is not a trusted proxy', async () => {
    const { ask } = await start({ allowedNetworks: ['80.88.186.0/24'] });
    expect(await ask({ ...apiKey('key-1'), 'X-Forwarded-For': '80.88.186.1' })).toEqual(OUTSIDE);
  });

  it('tells the log which address was refused, at most twenty times a minute', async () => {
    const { ask, log } = await start({ allowedNetworks: ['80.88.186.0/24'] });
    for (let nth = 0; nth < 25; nth++) expect(await ask(apiKey('key-1'))).toEqual(OUTSIDE);
    expect(log).toHaveLength(20);
    expect(JSON.parse(log[0]!)).toMatchObject({ kind: 'network', address: '127.0.0.1' });
  });
});

describe('two applications in one process', () => {
  it('each know their own credentials only', async () => {
    const first = await start({
      credentials: [
        { id: 'first-key', apiKey: 'key-1', targets: undefined },
        { id: 'first-basic', username: 'core', password: 'one', targets: undefined },
      ],
    });
    const second = await start({
      credentials: [
        { id: 'second-key', apiKey: 'key-2', targets: undefined },
        { id: 'second-basic', username: 'core', password: 'two', targets: undefined },
      ],
    });
    expect((await first.ask(apiKey('key-1'))).body).toEqual({ id: 'first-key' });
    expect((await first.ask(basic('core', 'one'))).body).toEqual({ id: 'first-basic' });
    expect((await second.ask(apiKey('key-2'))).body).toEqual({ id: 'second-key' });
    expect((await second.ask(basic('core', 'two'))).body).toEqual({ id: 'second-basic' });
    expect((await first.ask(apiKey('key-2'))).status).toBe(401);
    expect((await first.ask(basic('core', 'two'))).status).toBe(401);
    expect((await second.ask(apiKey('key-1'))).status).toBe(401);
    expect((await second.ask(basic('core', 'one'))).status).toBe(401);
  });
});
