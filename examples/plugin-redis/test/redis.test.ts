import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { validateSync } from 'class-validator';
import { Caller } from 'smartrouting-vip/plugin-api';
import type { VipRecord } from 'smartrouting-vip/plugin-api';
import {
  describeVipLookupProvider,
  providerContext,
  startFaultProxy,
  throughFaultProxy,
} from 'smartrouting-vip/plugin-api/testing';
import { RedisOptions, RedisProvider } from '../src/index.js';
import { RedisServer } from './redis-server.js';

const AINO = '+358501231234';
const STRANGER = '+358509999999';

let redis: RedisServer;
before(async () => {
  redis = await RedisServer.start();
  await fill(redis);
});
after(() => redis.remove());

async function fill(server: RedisServer): Promise<void> {
  await server.command(['HSET', `vip:${AINO}`, 'tier', 'gold', 'name', 'Aino']);
}

function providerFor(options: Partial<RedisOptions>): RedisProvider {
  return new RedisProvider(providerContext(Object.assign(new RedisOptions(), options)));
}

async function opened(options: Partial<RedisOptions>): Promise<RedisProvider> {
  const provider = providerFor(options);
  await provider.open();
  return provider;
}

const lookUp = (provider: RedisProvider, number: string, signal = AbortSignal.timeout(10_000)) =>
  provider.lookup(Caller.read(number, 'FI'), signal);

/** Asks until there is an answer. */
async function foundAgain(provider: RedisProvider): Promise<VipRecord | null> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      return await lookUp(provider, AINO, AbortSignal.timeout(500));
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(50);
    }
  }
}

const failsWith = (pattern: RegExp) => (error: Error) =>
  error.name === 'VipLookupError' && pattern.test(error.message);

describeVipLookupProvider(
  'redis',
  {
    ...throughFaultProxy({
      backend: async () => ({ port: redis.port, stop: async () => undefined }),
      provider: (port) => providerFor({ url: `redis://127.0.0.1:${port}` }),
      known: { number: AINO, record: { number: AINO, tier: 'gold', name: 'Aino' } },
      unknown: STRANGER,
    }),
    async startBroken() {
      await redis.command(['ACL', 'SETUSER', 'barred', 'on', '>secret', '+ping']);
      const provider = providerFor({ url: `redis://barred:secret@127.0.0.1:${redis.port}` });
      return { provider, stop: async () => undefined };
    },
  },
  { describe, it },
);

describe('a hash in Redis', () => {
  let provider: RedisProvider;
  before(async () => (provider = await opened({ url: redis.url })));
  after(() => provider.close());

  it('has all fields of a record', async () => {
    const fields = {
      tier: 'silver',
      targets: 'SALES;SUPPORT',
      validUntil: '2030-01-01',
      attributes: '{"company":"Rauta"}',
    };
    await redis.command(['HSET', 'vip:+358400000001', ...Object.entries(fields).flat()]);
    assert.deepEqual(await lookUp(provider, '0400 000001'), {
      number: '+358400000001',
      tier: 'silver',
      targets: ['SALES', 'SUPPORT'],
      validUntilMs: Date.UTC(2030, 0, 2),
      attributes: { company: 'Rauta' },
    });
  });

  it('may be of an extension or a SIP address, and no text reaches into other keys', async () => {
    await redis.command(
      ['HSET', 'vip:4711', 'tier', 'gold'],
      ['HSET', 'vip:sip%3Aboard%40example.com', 'tier', 'gold'],
      ['HSET', 'vip:secret:key', 'tier', 'gold'],
    );
    assert.equal((await lookUp(provider, '4711'))?.number, '4711');
    assert.equal((await lookUp(provider, 'sip:board@example.com'))?.tier, 'gold');
    assert.equal(await lookUp(provider, 'secret:key'), null);
  });

  it('that cannot be read is a failure, told without its values', async () => {
    await redis.command(
      ['HSET', 'vip:+358400000002', 'tier', 'gold', 'phone', '+358400000002'],
      ['SET', 'vip:+358400000003', 'gold'],
    );
    await assert.rejects(
      lookUp(provider, '+358400000002'),
      failsWith(/^the caller's hash is not usable, phone: is not a field/),
    );
    await assert.rejects(lookUp(provider, '+358400000003'), failsWith(/^Redis answered WRONGTYPE$/));
  });

  it('is looked for under the prefix that is configured', async () => {
    await redis.command(['HSET', `customers/${AINO}`, 'tier', 'bronze']);
    const other = await opened({ url: redis.url, prefix: 'customers/' });
    assert.equal((await lookUp(other, AINO))?.tier, 'bronze');
    await other.close();
  });
});

describe('the connection', () => {
  it('comes back by itself; meanwhile lookups fail at once, and none is kept for later', async () => {
    const server = await RedisServer.start();
    await fill(server);
    const provider = await opened({ url: server.url });
    try {
      assert.equal((await lookUp(provider, AINO))?.tier, 'gold');
      await server.stop();
      await assert.rejects(lookUp(provider, AINO)); // notices
      const asked = Array.from({ length: 2_000 }, () => lookUp(provider, AINO));
      for (const { status } of await Promise.allSettled(asked)) assert.equal(status, 'rejected');
      await assert.rejects(
        provider.check(AbortSignal.timeout(10_000)),
        failsWith(/^no answer from Redis \((ECONN|Socket)/),
      );
      await server.start();
      await fill(server);
      assert.equal((await foundAgain(provider))?.tier, 'gold');
      assert.deepEqual(await provider.check(AbortSignal.timeout(10_000)), { status: 'up' });
    } finally {
      await provider.close();
      await server.remove();
    }
  });

  it('is made while Redis was away at the start', async () => {
    const server = await RedisServer.start();
    await server.stop();
    const provider = providerFor({ url: server.url });
    try {
      await assert.rejects(provider.open(), failsWith(/ECONNREFUSED/));
      await server.start();
      await fill(server);
      assert.equal((await foundAgain(provider))?.tier, 'gold');
    } finally {
      await provider.close();
      await server.remove();
    }
  });

  it('is given up when nothing is heard on it any more, and made anew', async () => {
    const proxy = await startFaultProxy(redis);
    const provider = await opened({ url: `redis://127.0.0.1:${proxy.port}` });
    const outcome = async (): Promise<string> =>
      lookUp(provider, AINO, AbortSignal.timeout(100)).then(
        () => 'answered',
        ({ name, message }: Error) => (name === 'VipLookupError' ? message : name),
      );
    try {
      await proxy.set('hang');
      const patient = lookUp(provider, AINO).catch((error: Error) => error.name);
      assert.equal(
        await Promise.race([patient, outcome()]),
        'TimeoutError',
        'a lookup stops at its own signal',
      );
      const deadline = Date.now() + 20_000;
      // Asked all the time: what is sent must not count as a sign of life.
      while ((await outcome()) === 'TimeoutError')
        assert.ok(Date.now() < deadline, 'the connection is given up');
      assert.match(await outcome(), /^Redis was silent|^no answer from Redis/);
      await proxy.set('none');
      assert.equal((await foundAgain(provider))?.tier, 'gold');
    } finally {
      await provider.close();
      await proxy.stop();
    }
  });

  it('is encrypted with rediss:, and trusts the certificates given as ca only', async () => {
    const server = await RedisServer.start({ tls: true });
    const trusting = providerFor({ url: server.url, ca: server.ca });
    const careful = providerFor({ url: server.url });
    const mistaken = providerFor({ url: server.url, ca: '/does/not/exist.pem' });
    try {
      await trusting.open();
      assert.equal(await lookUp(trusting, AINO), null);
      await assert.rejects(careful.open(), failsWith(/CERT/));
      await assert.rejects(mistaken.open(), failsWith(/^the file named under ca cannot be read \(ENOENT\)/));
      assert.throws(() => providerFor({ url: redis.url, ca: server.ca }), failsWith(/rediss:/));
    } finally {
      await Promise.all([trusting, careful, mistaken].map((provider) => provider.close()));
      await server.remove();
    }
  });

  it('tells of a wrong password without showing it', async () => {
    await redis.command(['ACL', 'SETUSER', 'core', 'on', '>right', '~vip:*', '+hgetall', '+ping']);
    const wrong = providerFor({ url: `redis://core:wr%40ng@127.0.0.1:${redis.port}` });
    const right = providerFor({ url: `redis://core:right@127.0.0.1:${redis.port}` });
    try {
      await assert.rejects(wrong.open(), failsWith(/^Redis answered WRONGPASS$/));
      await right.open();
      assert.equal((await lookUp(right, AINO))?.tier, 'gold');
    } finally {
      await wrong.close();
      await right.close();
    }
  });
});

describe('the options', () => {
  const problems = (options: object) =>
    validateSync(Object.assign(new RedisOptions(), options)).map(({ property }) => property);

  it('take the usual ways to name a Redis', () => {
    for (const url of [
      'redis://localhost',
      'redis://10.0.0.1:6379/3',
      'rediss://:p%40ss@redis.example.com:6380',
      'redis://user:p:w@[::1]:6379/0',
    ]) {
      assert.deepEqual(problems({ url, ca: './ca.pem' }), [], url);
    }
  });

  it('refuse others', () => {
    for (const url of [
      'localhost:6379',
      'http://localhost',
      'redis://',
      'redis://u:p#@h',
      'redis://u:50%@h',
      'redis://h/x',
      '',
    ]) {
      assert.deepEqual(problems({ url }), ['url'], url);
    }
    assert.deepEqual(problems({ url: 'redis://h', prefix: 7, ca: 7 }), ['ca', 'prefix']);
  });
});
