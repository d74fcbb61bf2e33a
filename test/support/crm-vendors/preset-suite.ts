import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../../src/app.load.js';
import { readEnvironment } from '../../../src/config/environment.js';
import { KEY, RunningService } from '../service.js';
import type { TokenDesk } from './token-desk.js';
import type { Person, VendorAnswer, VendorCloud } from './vendor-cloud.js';

/** One vendor with a preset, and what is expected of the two together. */
export interface VendorCase {
  readonly preset: string;
  /** Ways in which a number may be stored so that the vendor's search finds it; X is a digit of the significant number. */
  readonly found: readonly string[];
  /** Ways in which the vendor's search does not find it, and the preset can do nothing about it. */
  readonly lost: readonly string[];
  /** Whether the vendor's search answers with strangers, who are refused here. */
  readonly findsStrangers: boolean;
  /** How the tier `gold` is stored. */
  readonly gold: string;
  /** Where the person's second number is stored, if the vendor has one. */
  readonly hasMobile: boolean;
  /** How the vendor says "too many". */
  readonly limit: VendorAnswer;
  /** A field for the tier that the vendor refuses, because it does not have it. */
  readonly misspelt?: string;
  start(people: readonly Person[]): Promise<{ cloud: VendorCloud; desk?: TokenDesk }>;
  /** Keys of the provider, below `kind` and `preset`. */
  yaml(url: string, secret?: string): Record<string, unknown>;
}

/** National digits of the person whose number is the vendor's `index`th spelling. */
const digits = (index: number): string => `5012312${String(index).padStart(2, '0')}`;
const spell = (pattern: string, significant: string): string =>
  [...significant].reduce((text, digit) => text.replace('X', digit), pattern);

/** What holds of every preset, tried with the whole service. */
export function describePreset(vendor: VendorCase): void {
  describe(`preset ${vendor.preset}`, () => describeVendor(vendor));
}

function describeVendor(vendor: VendorCase): void {
  const spellings = [...vendor.found, ...vendor.lost];
  const nobody = '+358501239900';
  let cloud: VendorCloud;
  let desk: TokenDesk | undefined;
  let service: RunningService;
  const started: { stop(): Promise<void> }[] = [];

  beforeAll(async () => {
    ({ cloud, desk } = await vendor.start([
      ...spellings.map((pattern, index) => ({
        name: `Aino ${index}`,
        [vendor.hasMobile && index % 2 === 1 ? 'mobile' : 'phone']: spell(pattern, digits(index)),
        tier: vendor.gold,
      })),
      { name: 'Olli Oma', phone: '+358501237777' },
      { name: 'Salla Sama', phone: '501238888', tier: vendor.gold },
    ]));
    started.push(cloud);
    service = await RunningService.start({ 'smartrouting.yaml': configuration(vendor, cloud.url) });
    started.push(service);
  });
  afterAll(async () => {
    while (started.length > 0) await started.pop()!.stop();
  });

  /** The reason, and the instructions if there are any. */
  async function call(anum: string, targetid = 'CRM'): Promise<unknown[]> {
    const answer = await service.call({ anum, bnum: '+358911111', targetid });
    return [answer.headers['x-smartrouting-reason'], ...(answer.status === 200 ? [answer.json] : [])];
  }
  const lastAnswer = () => JSON.stringify(cloud.exchanges.at(-1)!.answer.body ?? null);

  it.each(vendor.found.map((pattern, index) => [pattern, index] as const))(
    'finds a VIP stored as %s, by one request',
    async (_, index) => {
      const before = cloud.exchanges.length;
      expect(await call(`+358${digits(index)}`)).toEqual([
        'matched',
        { Tier: 'gold', Name: `Aino ${index}` },
      ]);
      expect(cloud.exchanges.length - before).toBe(1);
    },
  );

  for (const [place, pattern] of vendor.lost.entries()) {
    it(`does not find a VIP stored as ${pattern}, as the page says`, async () => {
      expect(await call(`+358${digits(vendor.found.length + place)}`)).toEqual(['no-match']);
      expect(lastAnswer()).not.toContain('Aino');
    });
  }

  it('says nothing of a contact whose tier is empty', async () => {
    expect(await call('+358501237777')).toEqual(['no-match']);
  });

  it('refuses a stranger with the same national digits', async () => {
    expect(await call('+46501238888')).toEqual(['no-match']);
    expect(lastAnswer().includes('Salla')).toBe(vendor.findsStrangers);
    expect(await call('+358501238888')).toEqual(['matched', { Tier: 'gold', Name: 'Salla Sama' }]);
  });

  it('says nothing of a number that nobody has, nor of one that is none', async () => {
    expect(await call(nobody)).toEqual(['no-match']);
    const before = cloud.exchanges.length;
    expect(await call('4711')).toEqual(['no-match']);
    expect(cloud.exchanges).toHaveLength(before);
  });

  it('fails with a wrong secret, and does not say "nobody"', async () => {
    expect(await call(nobody, 'WRONG_SECRET')).toEqual(['lookup-failed']);
  });

  it('fails with a wrong path, and does not say "nobody"', async () => {
    expect(await call(nobody, 'WRONG_PATH')).toEqual(['lookup-failed']);
  });

  it('fails with an answer of something else, and does not say "nobody"', async () => {
    cloud.limit = { body: { status: 'ok' } };
    expect(await call('+358501239903')).toEqual(['lookup-failed']);
    cloud.limit = undefined;
  });

  if (vendor.misspelt !== undefined) {
    it('fails with a field for the tier that does not exist, and does not say "nobody"', async () => {
      expect(await call(nobody, 'MISSPELT')).toEqual(['lookup-failed']);
    });
  }

  it('tells in health who is well', async () => {
    const health = (await service.get('/health')).json as { details: Record<string, { status: string }> };
    const status = (name: string) => health.details[name]?.status;
    expect([status('again'), status('wrong-secret'), status('wrong-path'), status('misspelt')]).toEqual([
      'up',
      'degraded',
      'degraded',
      vendor.misspelt && 'degraded',
    ]);
  });

  it('stops asking when the vendor says that it is too much, and a caller does not wait for it', async () => {
    cloud.limit = vendor.limit;
    expect(await call('+358501239901')).toEqual(['lookup-failed']);
    cloud.limit = undefined;
    const before = cloud.exchanges.length;
    expect(await call('+358501239902')).toEqual(['lookup-failed']);
    expect(cloud.exchanges).toHaveLength(before);
  });

  it('gets another token when the vendor has taken one back, and the caller notices nothing', async () => {
    if (desk === undefined) return expect(vendor.yaml('x')).not.toHaveProperty('auth.clientId');
    const { issued } = desk;
    desk.revokeAll();
    expect(await call(nobody, 'AGAIN')).toEqual(['no-match']);
    expect(desk.issued - issued).toBe(1);
  });

  it('has a page with about ten lines that are valid', async () => {
    const page = readFileSync(new URL(`../../../docs/crm/${vendor.preset}.md`, import.meta.url), 'utf8');
    const yaml = /```yaml\n(.*?)```/s.exec(page)![1]!;
    expect(yaml.split('\n').length).toBeLessThan(20);
    const folder = await mkdtemp(join(tmpdir(), 'smartrouting-e2e-'));
    try {
      const secrets = [...yaml.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => [name!, 'x'.repeat(20)] as const);
      const file = join(folder, 'smartrouting.yaml');
      const withoutFiles = yaml.replaceAll(/\$\{file:[^}]+\}/g, 'x');
      await writeFile(file, `${withoutFiles}credentials: [{ id: core, apiKey: ${KEY} }]\n`);
      const environment = { ...Object.fromEntries(secrets), SMARTROUTING_CONFIG: file };
      const { config } = await loadConfig(readEnvironment(environment));
      expect(config.providers.size).toBe(1);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}

function configuration(vendor: VendorCase, url: string): string {
  const { preset, misspelt } = vendor;
  const good = { kind: 'crm-http', preset, ...vendor.yaml(url), rateLimit: '1000/s' };
  const parameters = { ...(good as { parameters?: object }).parameters };
  const misspeltTier = { ...good, parameters: { ...parameters, tierField: misspelt } };
  const providers = {
    crm: good,
    again: good,
    'wrong-secret': { ...good, ...vendor.yaml(url, 'wrong') },
    'wrong-path': { ...good, url: `${url}/nowhere?{{ caller.digits }}` },
    ...(misspelt !== undefined && { misspelt: misspeltTier }),
  };
  const routes = [{ instructions: { Tier: '{{ tier }}', Name: '{{ name }}' } }];
  return JSON.stringify({
    country: 'FI',
    credentials: [{ id: 'core', apiKey: KEY }],
    logging: { level: 'silent' },
    providers,
    targets: Object.fromEntries(
      Object.keys(providers).map((name) => [
        name.toUpperCase().replace('-', '_'),
        { providers: [name], routes, deadline: '3s' },
      ]),
    ),
  });
}
