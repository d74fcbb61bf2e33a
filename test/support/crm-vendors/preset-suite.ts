import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { loadConfig } from '../../../src/app/load-config.js';
import { readEnvironment } from '../../../src/app/environment.js';
import { presetNames } from '../../../src/providers/crm-http/crm-http.preset.js';
import { eventually } from '../eventually.js';
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

/** What is played of one vendor. */
interface Played {
  readonly cloud: VendorCloud;
  readonly desk?: TokenDesk;
}

interface World extends Played {
  readonly service: RunningService;
  /** Of all providers, asked for once unless it is to be asked again. */
  readonly health: (isAgain: boolean) => Promise<Health>;
}

type Health = Readonly<Record<string, { readonly status: string }>>;

async function healthOf(service: RunningService): Promise<Health> {
  return ((await service.get('/health')).json as { details: Health }).details;
}

/** What holds of every preset, tried with a service that has providers of all of them. */
export function describePresets(vendors: readonly VendorCase[]): void {
  const played = new Map<string, Played>();
  let service: RunningService;
  let asked: Promise<Health> | undefined;
  const health = (isAgain: boolean) => (asked = isAgain || !asked ? healthOf(service) : asked);

  beforeAll(async () => {
    for (const vendor of vendors) played.set(vendor.preset, await vendor.start(peopleOf(vendor)));
    const configuration = configurationOf(vendors, ({ preset }) => played.get(preset)!.cloud.url);
    service = await RunningService.start({ 'smartrouting.yaml': configuration });
  });
  afterAll(async () => {
    await service?.stop();
    for (const { cloud } of played.values()) await cloud.stop();
  });

  it('the presets that come with the product are all tried', () => {
    expect(vendors.map(({ preset }) => preset).sort()).toEqual(presetNames());
  });

  it('the vendors that give access tokens are those whose presets ask for them', () => {
    const giving = vendors.filter(({ preset }) => played.get(preset)!.desk !== undefined);
    expect(giving).toEqual(vendors.filter(({ preset }) => takesTokens(preset)));
  });

  for (const vendor of vendors) {
    const world = () => ({ ...played.get(vendor.preset)!, service, health });
    describe(`preset ${vendor.preset}`, () => describeVendor(vendor, world));
  }
}

function takesTokens(preset: string): boolean {
  const file = new URL(`../../../presets/crm/${preset}.yaml`, import.meta.url);
  const { options } = parse(readFileSync(file, 'utf8')) as { options: { auth: { type: string } } };
  return options.auth.type.startsWith('oauth2-');
}

function peopleOf({ found, lost, hasMobile, gold }: VendorCase): Person[] {
  return [
    ...[...found, ...lost].map((pattern, index) => ({
      name: `Aino ${index}`,
      [hasMobile && index % 2 === 1 ? 'mobile' : 'phone']: spell(pattern, digits(index)),
      tier: gold,
    })),
    { name: 'Olli Oma', phone: '+358501237777' },
    { name: 'Salla Sama', phone: '501238888', tier: gold },
  ];
}

function describeVendor(vendor: VendorCase, world: () => World): void {
  const nobody = '+358501239900';
  let service: RunningService;
  let cloud: VendorCloud;
  let desk: TokenDesk | undefined;
  beforeAll(() => {
    ({ service, cloud, desk } = world());
  });
  const providerOf = (kind: string) => `${vendor.preset}-${kind}`;

  /** The reason, and the instructions if there are any. */
  async function call(anum: string, kind = 'crm'): Promise<unknown[]> {
    const answer = await service.call({ anum, bnum: '+358911111', targetid: providerOf(kind) });
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
      // A starved machine may have had no time for it; another call is another try.
      const reasons: unknown[] = [];
      await eventually(async () => {
        const [reason] = await call(`+358${digits(vendor.found.length + place)}`);
        reasons.push(reason);
        expect(reason).toBe('no-match');
      });
      expect(reasons).not.toContain('matched');
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
    expect(await call(nobody, 'wrong-secret')).toEqual(['lookup-failed']);
  });

  it('fails with a wrong path, and does not say "nobody"', async () => {
    expect(await call(nobody, 'wrong-path')).toEqual(['lookup-failed']);
  });

  it('fails with an answer of something else, and does not say "nobody"', async () => {
    cloud.limit = { body: { status: 'ok' } };
    expect(await call('+358501239903')).toEqual(['lookup-failed']);
    cloud.limit = undefined;
  });

  if (vendor.misspelt !== undefined) {
    it('fails with a field for the tier that does not exist, and does not say "nobody"', async () => {
      expect(await call(nobody, 'misspelt')).toEqual(['lookup-failed']);
    });
  }

  it('tells in health who is well', async () => {
    // A check has two seconds, in which a slow machine may get no answer; the next one is asked then.
    let isAgain = false;
    await eventually(async () => {
      const health = await world().health(isAgain);
      isAgain = true;
      const status = (kind: string) => health[providerOf(kind)]?.status;
      expect([status('crm'), status('wrong-secret'), status('wrong-path'), status('misspelt')]).toEqual([
        'up',
        'degraded',
        'degraded',
        vendor.misspelt && 'degraded',
      ]);
    });
  });

  it('stops asking when the vendor says that it is too much, and a caller does not wait for it', async () => {
    const before = cloud.exchanges.length;
    await whilePausesLast(async () => {
      cloud.limit = vendor.limit;
      expect(await call('+358501239901')).toEqual(['lookup-failed']);
      cloud.limit = undefined;
      expect(await call('+358501239902')).toEqual(['lookup-failed']);
    });
    expect(cloud.exchanges).toHaveLength(before + 1);
  });

  if (takesTokens(vendor.preset)) {
    it('gets another token when the vendor has taken one back, and the caller notices nothing', async () => {
      const { issued } = desk!;
      desk!.revokeAll();
      expect(await call(nobody, 'again')).toEqual(['no-match']);
      expect(desk!.issued - issued).toBe(1);
    });
  }

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

/** Each vendor's providers, and for each of them a target of the same name. */
function configurationOf(vendors: readonly VendorCase[], urlOf: (vendor: VendorCase) => string): string {
  const all = vendors.flatMap((vendor) =>
    Object.entries(providersOf(vendor, urlOf(vendor))).map(([kind, provider]): [string, object] => [
      `${vendor.preset}-${kind}`,
      provider,
    ]),
  );
  const routes = [{ instructions: { Tier: '{{ tier }}', Name: '{{ name }}' } }];
  const targets = all.map(([name]) => [name, { providers: [name], routes, deadline: '4500ms' }]);
  return JSON.stringify({
    country: 'FI',
    credentials: [{ id: 'core', apiKey: KEY }],
    logging: { level: 'silent' },
    providers: Object.fromEntries(all),
    targets: Object.fromEntries(targets) as object,
  });
}

function providersOf(vendor: VendorCase, url: string): Record<string, object> {
  const { preset, misspelt } = vendor;
  const good = { kind: 'crm-http', preset, ...vendor.yaml(url), rateLimit: '1000/s', timeout: '4500ms' };
  const parameters = { ...(good as { parameters?: object }).parameters };
  return {
    crm: good,
    again: good,
    'wrong-secret': { ...good, ...vendor.yaml(url, 'wrong') },
    'wrong-path': { ...good, url: `${url}/nowhere?{{ caller.digits }}` },
    ...(misspelt !== undefined && {
      misspelt: { ...good, parameters: { ...parameters, tierField: misspelt } },
    }),
  };
}

/** The clock of pauses stands still meanwhile. */
async function whilePausesLast(work: () => Promise<void>): Promise<void> {
  const clock = jest.spyOn(performance, 'now').mockReturnValue(performance.now());
  try {
    await work();
  } finally {
    clock.mockRestore();
  }
}
