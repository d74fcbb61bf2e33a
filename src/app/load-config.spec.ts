import { describe, expect, it } from '@jest/globals';
import { loadConfig } from './load-config.js';
import { readEnvironment } from './environment.js';

describe('DATABASE_URL', () => {
  it.each([
    ['mysql://u:s3cret@db/vip?ssl=maybe', 'has an ssl that is not known. Write ?ssl=true'],
    ['mysql://u:s3cret@db/vip?charset=utf8', 'has a parameter that is not known after the ?. Known: ssl.'],
    ['mysql://u:s3cret@10.0.0.1/vip?ssl=true', 'has ssl=true and an address for a host'],
    ['mysql://u:s3cret@a,b/vip?ssl', 'has an ssl that is not known'],
    ['mysql://u:s3cret@a,A/vip', 'names the same host and port twice'],
  ])('%s is a wrong configuration, told without its password', async (url, problem) => {
    const environment = readEnvironment({ DATABASE_URL: url });
    const refusal = (await loadConfig(environment).catch((error: unknown) => error)) as Error;
    expect(refusal.name).toBe('ConfigError');
    expect(refusal.message).toContain(
      'Configuration is not usable (1 problem), environment:\n- DATABASE_URL: ',
    );
    expect(refusal.message).toContain(problem);
    expect(refusal.message).not.toContain('s3cret');
  });
});
