import { afterEach, describe, expect, it } from '@jest/globals';
import { basic, KEY, RunningService } from '../support/service.js';

const GOOD = { anum: '+358501231234', bnum: '+358942415000', targetid: 'SALES_QUEUE' };
const config = (server: string): string => `
credentials:
  - { id: core, apiKey: ${KEY} }
  - { id: core-next, apiKey: next-key }
  - { id: core-basic, username: core, password: right }
providers: { list: { kind: static-file, file: ./vips.csv } }
targets: { SALES_QUEUE: { providers: [list], routes: [{ instructions: { ExtraPriority: 5 } }] } }
logging: { level: silent }
${server}
`;

let service: RunningService;
const start = async (server = ''): Promise<void> => {
  service = await RunningService.start({
    'smartrouting.yaml': config(server),
    'vips.csv': 'number,tier\n+358501231234,gold\n',
  });
};
afterEach(() => service.stop());

describe('guessing', () => {
  it.each<[string, (guess: number) => Record<string, string>]>([
    ['keys', (guess) => ({ 'X-Benemen-APIKey': `guess-${guess}` })],
    ['passwords', (guess) => ({ Authorization: basic('core', `guess-${guess}`) })],
  ])(
    '%s is stopped with 429 after 20 failed logins, while right credentials pass from the same address',
    async (_, headers) => {
      await start();
      for (let guess = 1; guess <= 20; guess++)
        expect((await service.call(GOOD, headers(guess))).status).toBe(401);
      const refused = await service.call(GOOD, headers(21));
      expect(refused.status).toBe(429);
      expect(refused.headers['content-type']).toBe('application/problem+json');
      expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(1);
      expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60);
      expect(refused.json).toMatchObject({ title: 'Too Many Requests', status: 429 });
      const rightOnes: Record<string, string>[] = [
        { 'X-Benemen-APIKey': KEY },
        { 'X-Benemen-APIKey': 'next-key' },
        { Authorization: basic('core', 'right') },
      ];
      for (const right of rightOnes) {
        expect((await service.call(GOOD, right)).status).toBe(200);
      }
      expect((await service.call(GOOD, headers(22))).status).toBe(429);
      expect((await service.get('/metrics')).body).toMatch(
        /^smartrouting_auth_failures_total\{kind="throttled"\} 2$/m,
      );
    },
  );
});

describe('allowedNetworks', () => {
  const from = (address: string): Record<string, string> => ({
    'X-Benemen-APIKey': KEY,
    'X-Forwarded-For': address,
  });

  it('refuse an address outside with 403, even with a right credential', async () => {
    await start('server: { allowedNetworks: [80.88.186.0/24, 80.88.187.0/24] }');
    const answer = await service.call(GOOD);
    expect(answer.status).toBe(403);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.json).toEqual({
      type: 'about:blank',
      title: 'Forbidden',
      status: 403,
      detail: 'Calls from this address are not accepted.',
    });
    expect((await service.call(GOOD, { Authorization: basic('core', 'right') })).status).toBe(403);
    expect((await service.call(GOOD, from('80.88.186.7'))).status).toBe(403); // nobody made this header trustworthy
    expect((await service.get('/health/ready')).status).toBe(200);
  });

  it('believe X-Forwarded-For of trusted proxies only, and its last untrusted entry', async () => {
    await start(
      'server: { allowedNetworks: [80.88.186.0/24, "2001:db8::/32"], trustedProxies: [127.0.0.1, 10.0.0.0/8] }',
    );
    for (const inside of [
      '80.88.186.7',
      '::ffff:80.88.186.7',
      '2001:db8::7',
      '1.2.3.4, 80.88.186.7',
      '80.88.186.7, 10.1.2.3',
    ]) {
      expect([inside, (await service.call(GOOD, from(inside))).status]).toEqual([inside, 200]);
    }
    for (const outside of ['80.88.188.7', '80.88.186.7, 1.2.3.4', 'unknown', '', '2001:db9::7']) {
      expect([outside, (await service.call(GOOD, from(outside))).status]).toEqual([outside, 403]);
    }
  });
});
