import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { startCrmServer } from '../support/crm-server.js';
import type { CrmServer } from '../support/crm-server.js';
import { eventually } from '../support/eventually.js';
import { fakeOnly } from '../support/fake-time.js';
import { PausedServer } from '../support/paused-server.js';
import { KEY, RunningService } from '../support/service.js';

const AINO = '+358501231234';
const TTL_MS = 50;
const DEADLINE_MS = 300;
const NAMES = ['narrow', 'stale', 'refreshed', 'late', 'broken'];
const FOUND = { contacts: [{ number: AINO, tier: 'gold' }] };
const ROUTES = 'routes: [{ instructions: { ExtraPriority: 5 } }]';

let crm: CrmServer;
/** Of `narrow` and `late`: answers when told to. */
let paused: PausedServer;
let service: RunningService;

beforeAll(async () => {
  // Time passes for the service when a test says so.
  fakeOnly('setTimeout', 'clearTimeout', 'performance');
  paused = await PausedServer.start();
  crm = await startCrmServer({ contacts: { [AINO]: { tier: 'gold' } } });
  const at = (url: string): string =>
    `kind: crm-http, url: "${url}/contacts?phone={{ number }}", record: contacts, timeout: 3s`;
  const provider = at(crm.url);
  service = await RunningService.start({
    'smartrouting.yaml': `
country: FI
credentials: [{ id: core, apiKey: ${KEY} }]
providers:
  narrow: { ${at(paused.url)}, maxConcurrent: 2, maxQueued: 1 }
  stale: { ${provider}, cache: { ttl: ${TTL_MS}ms, staleIfError: 1h } }
  refreshed: { ${provider}, cache: { ttl: ${TTL_MS}ms, staleWhileRevalidate: 1h } }
  late: { ${at(paused.url)}, cache: { ttl: 1h } }
  broken: { ${provider} }
targets:
${NAMES.map((name) => `  ${name}: { providers: [${name}], deadline: ${DEADLINE_MS}ms, ${ROUTES} }`).join('\n')}
logging: { level: silent }
`,
  });
});
afterAll(async () => {
  await service?.stop();
  await crm?.stop();
  await paused?.stop();
  jest.useRealTimers();
});
beforeEach(() => {
  crm.mode = 'ok';
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
  // It asks all of them.
  const health = await paused.answerUntil(service.get('/health'), { contacts: [] });
  return (health.json as { details: Record<string, unknown> }).details[provider];
}

/** Calls, and has the deadline come once the server was asked. */
async function askInVain(targetid: string, asked: readonly unknown[]): Promise<string> {
  const { length } = asked;
  const answer = ask(targetid);
  await eventually(() => expect(asked.length).toBeGreaterThan(length));
  jest.advanceTimersByTime(DEADLINE_MS);
  return answer;
}

describe('what guards a provider', () => {
  it('has connections ready before the first call, without a question to the CRM', async () => {
    const open = async (): Promise<number> => crm.openConnections + (await paused.openConnections());
    await eventually(async () => expect(await open()).toBe(NAMES.length));
    expect([...crm.requests, ...paused.held]).toEqual([]);
  });

  it('turns away at once what is too much for it, and says so in metrics and health', async () => {
    const callers = Array.from({ length: 10 }, (_, i) => `+35840123450${i}`);
    const answers: string[] = [];
    const calls = callers.map(async (caller) => answers.push(await ask('narrow', caller)));
    await eventually(() => expect(answers).toHaveLength(7));
    expect(new Set(answers)).toEqual(new Set(['204 lookup-failed']));
    await paused.answerUntil(Promise.all(calls), { contacts: [] });
    expect(answers.slice(7)).toEqual(['204 no-match', '204 no-match', '204 no-match']);
    expect(await counted('narrow', 'rejected')).toBe(7);
    expect(await healthOf('narrow')).toMatchObject({ status: 'degraded', breaker: 'closed' });
    expect(await paused.answerUntil(ask('narrow'), FOUND)).toBe('200 matched');
  });

  it('lets an old record stand in while the CRM fails, and never an old "not a VIP"', async () => {
    expect(await ask('stale')).toBe('200 matched');
    expect(await ask('stale', '+358509999999')).toBe('204 no-match');
    jest.advanceTimersByTime(2 * TTL_MS);
    crm.mode = '500';
    expect(await ask('stale')).toBe('200 matched');
    expect(await ask('stale', '+358509999999')).toBe('204 lookup-failed');
    expect(await counted('stale', 'stale')).toBe(1);
  });

  it('lets an old record stand in when the deadline comes first', async () => {
    expect(await ask('stale')).toBe('200 matched');
    jest.advanceTimersByTime(2 * TTL_MS);
    crm.mode = 'hang';
    expect(await askInVain('stale', crm.requests)).toBe('200 matched');
  });

  it('answers from memory while it asks again in the background', async () => {
    expect(await ask('refreshed')).toBe('200 matched');
    jest.advanceTimersByTime(2 * TTL_MS);
    crm.mode = 'hang';
    const asked = crm.requests.length;
    for (let i = 0; i < 3; i++) expect(await ask('refreshed')).toBe('200 matched');
    await eventually(() => expect(crm.requests.length).toBe(asked + 1));
    expect(await counted('refreshed', 'cached')).toBe(3);
  });

  it('remembers an answer that came too late, and counts it as late', async () => {
    expect(await askInVain('late', paused.held)).toBe('204 timeout');
    paused.answer(FOUND);
    await eventually(async () => expect(await counted('late', 'late')).toBe(1));
    expect(await ask('late')).toBe('200 matched');
    expect(await counted('late', 'found')).toBe(0);
  });

  it('leaves a CRM that keeps failing alone, and is back within 5 s of its recovery', async () => {
    crm.mode = '500';
    for (let i = 0; i < 5; i++) expect(await ask('broken', `+35840123451${i}`)).toBe('204 lookup-failed');
    expect(await healthOf('broken')).toMatchObject({ status: 'degraded', breaker: 'open' });
    const asked = crm.requests.length;
    expect(await ask('broken')).toBe('204 lookup-failed');
    expect(crm.requests.length).toBe(asked);
    crm.mode = 'ok';
    let answer = '';
    for (let ms = 0; answer !== '200 matched' && ms < 5_000; ms += 250) {
      jest.advanceTimersByTime(250);
      answer = await ask('broken');
    }
    expect(answer).toBe('200 matched');
  });
});
