import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCrmServer } from '../support/crm-server.js';
import type { CrmServer } from '../support/crm-server.js';
import { KEY, RunningService } from '../support/service.js';

const AINO = '+358501231234';
const TTL_MS = 50;
const DEADLINE_MS = 300;
const NAMES = ['narrow', 'stale', 'refreshed', 'late', 'broken'];
const ROUTES = 'routes: [{ instructions: { ExtraPriority: 5 } }]';

let crm: CrmServer;
let service: RunningService;

beforeAll(async () => {
  crm = await startCrmServer({ contacts: { [AINO]: { tier: 'gold' } } });
  const provider = `kind: crm-http, url: "${crm.url}/contacts?phone={{ number }}", record: contacts, timeout: 3s`;
  service = await RunningService.start({
    'smartrouting.yaml': `
country: FI
credentials: [{ id: core, apiKey: ${KEY} }]
providers:
  narrow: { ${provider}, maxConcurrent: 2, maxQueued: 1 }
  stale: { ${provider}, cache: { ttl: ${TTL_MS}ms, staleIfError: 1h } }
  refreshed: { ${provider}, cache: { ttl: ${TTL_MS}ms, staleWhileRevalidate: 1h } }
  late: { ${provider}, cache: { ttl: 1h } }
  broken: { ${provider} }
targets:
${NAMES.map((name) => `  ${name}: { providers: [${name}], deadline: ${name === 'narrow' ? 4_000 : DEADLINE_MS}ms, ${ROUTES} }`).join('\n')}
logging: { level: silent }
`,
  });
});
afterAll(async () => {
  await service?.stop();
  await crm?.stop();
});
beforeEach(() => {
  crm.mode = 'ok';
  crm.slowMs = 100;
});

async function ask(targetid: string, anum = AINO): Promise<string> {
  const { status, headers } = await service.call({ anum, bnum: '+358942415000', targetid });
  return `${status} ${String(headers['x-smartrouting-reason'])}`;
}

async function counted(provider: string, outcome: string): Promise<number> {
  const { body } = await service.get('/metrics');
  const line = new RegExp(
    `^smartrouting_provider_lookups_total\\{provider="${provider}",outcome="${outcome}"\\} (\\d+)$`,
    'm',
  );
  return Number(line.exec(body)?.[1] ?? 0);
}

async function healthOf(provider: string): Promise<unknown> {
  return ((await service.get('/health')).json as { details: Record<string, unknown> }).details[provider];
}

describe('what guards a provider', () => {
  it('has connections ready before the first call, without a question to the CRM', async () => {
    for (let tries = 0; crm.openConnections < NAMES.length && tries < 100; tries++) await sleep(20);
    expect(crm.openConnections).toBe(NAMES.length);
    expect(crm.requests).toEqual([]);
  });

  it('turns away at once what is too much for it, and says so in metrics and health', async () => {
    crm.mode = 'slow';
    crm.slowMs = 1_000;
    const callers = Array.from({ length: 10 }, (_, i) => `+35840123450${i}`);
    const answers = await Promise.all(callers.map((caller) => ask('narrow', caller)));
    expect(answers.filter((answer) => answer === '204 no-match')).toHaveLength(3);
    expect(answers.filter((answer) => answer === '204 lookup-failed')).toHaveLength(7);
    expect(await counted('narrow', 'rejected')).toBe(7);
    crm.mode = 'ok';
    expect(await healthOf('narrow')).toMatchObject({ status: 'degraded', breaker: 'closed' });
    expect(await ask('narrow')).toBe('200 matched');
  });

  it('lets an old record stand in while the CRM fails, and never an old "not a VIP"', async () => {
    expect(await ask('stale')).toBe('200 matched');
    expect(await ask('stale', '+358509999999')).toBe('204 no-match');
    await sleep(2 * TTL_MS);
    crm.mode = '500';
    expect(await ask('stale')).toBe('200 matched');
    expect(await ask('stale', '+358509999999')).toBe('204 lookup-failed');
    expect(await counted('stale', 'stale')).toBe(1);
  });

  it('lets an old record stand in when the deadline comes first', async () => {
    crm.mode = 'ok';
    expect(await ask('stale')).toBe('200 matched');
    await sleep(2 * TTL_MS);
    crm.mode = 'hang';
    expect(await ask('stale')).toBe('200 matched');
  });

  it('answers from memory while it asks again in the background', async () => {
    expect(await ask('refreshed')).toBe('200 matched');
    await sleep(2 * TTL_MS);
    crm.mode = 'hang';
    const asked = crm.requests.length;
    for (let i = 0; i < 3; i++) expect(await ask('refreshed')).toBe('200 matched');
    expect(crm.requests.length).toBe(asked + 1);
    expect(await counted('refreshed', 'cached')).toBe(3);
  });

  it('remembers an answer that came too late, and counts it as late', async () => {
    crm.mode = 'slow';
    crm.slowMs = 2 * DEADLINE_MS;
    expect(await ask('late')).toBe('204 timeout');
    for (let tries = 0; (await counted('late', 'late')) === 0 && tries < 100; tries++) await sleep(20);
    expect(await counted('late', 'late')).toBe(1);
    expect(await ask('late')).toBe('200 matched');
    expect(await counted('late', 'found')).toBe(0);
  });

  it('leaves a CRM that keeps failing alone, and is back within 5 s of its recovery', async () => {
    crm.mode = '500';
    for (let i = 0; i < 5; i++) expect(await ask('broken', `+35840123451${i}`)).toBe('204 lookup-failed');
    expect(await healthOf('broken')).toMatchObject({ status: 'degraded', breaker: 'open' });
    const asked = crm.requests.length;
    await ask('broken');
    expect(crm.requests.length).toBe(asked);
    crm.mode = 'ok';
    const recoveredMs = performance.now();
    while ((await ask('broken')) !== '200 matched' && performance.now() - recoveredMs < 5_000)
      await sleep(20);
    expect(await ask('broken')).toBe('200 matched');
  });
});
