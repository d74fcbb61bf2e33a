import { describe, expect, it } from '@jest/globals';
import { checkConfig } from '../app/app.config.js';
import { parseConfig } from '../config/read-config-file.js';

class NoOptions {}
const kinds = new Map([['none', { options: NoOptions }]]);

function check(keys: string) {
  const text = `providers: { x: { kind: none, ${keys} } }
credentials: [{ id: core, apiKey: k }]
targets: { T: { providers: [x], routes: [{ instructions: { Priority: 1 } }] } }`;
  const { providers } = checkConfig(parseConfig(text, 'test.yaml', {}), kinds, {
    databaseUrl: 'sqlite::memory:',
  });
  return providers.get('x')!;
}

function problemsOf(keys: string): string[] {
  try {
    check(keys);
    return [];
  } catch (error) {
    expect((error as Error).name).toBe('ConfigError');
    return (error as Error).message.split('\n- line 1, providers.x').slice(1);
  }
}

describe('what every kind has', () => {
  const cache = (keys: string) => check(`timeout: 1s, cache: { ${keys} }`).cache;

  it('has defaults that protect a plain configuration', () => {
    expect(check('timeout: 1s')).toMatchObject({
      timeoutMs: 1000,
      maxConcurrent: 50,
      maxQueued: 100,
      cache: undefined,
    });
    expect(check('timeout: 1s, maxConcurrent: 1, maxQueued: 0')).toMatchObject({
      maxConcurrent: 1,
      maxQueued: 0,
    });
  });

  it('has times of the cache that add to its ttl', () => {
    expect(cache('ttl: 1m')).toEqual({
      ttlMs: 60_000,
      negativeTtlMs: 60_000,
      staleWhileRevalidateMs: 0,
      staleIfErrorMs: 0,
      maxEntries: 10_000,
    });
    expect(cache('ttl: 1m, negativeTtl: 0ms, staleWhileRevalidate: 5m, staleIfError: 1h')).toMatchObject({
      negativeTtlMs: 0,
      staleWhileRevalidateMs: 300_000,
      staleIfErrorMs: 3_600_000,
    });
    expect(cache('ttl: 1m, staleWhileRevalidate: 5m, staleIfError: 0ms')).toMatchObject({
      staleIfErrorMs: 0,
    });
  });

  it.each<[string, string]>([
    ['maxConcurrent: 0', '.maxConcurrent: "0" is not a whole number from 1 to 10000. Default: 50.'],
    ['maxQueued: 1.5', '.maxQueued: "1.5" is not a whole number from 0 to 100000. Default: 100.'],
    [
      'cache: { ttl: 1m, staleWhileRevalidate: 2 }',
      '.cache.staleWhileRevalidate: "2" is not a duration. Write a number with ms, s, m, h or d, at most 24d, for example 1200ms. Default: 0ms.',
    ],
    [
      'cache: { ttl: 1m, staleWhileRevalidate: 10m, staleIfError: 10m }',
      '.cache.staleIfError: "10m" does nothing beside staleWhileRevalidate: 10m, which is as long or longer. Write a longer time, or remove the key.',
    ],
  ])('%s', (options, problem) => {
    expect(problemsOf(`timeout: 1s, ${options}`)).toEqual([problem]);
  });
});
