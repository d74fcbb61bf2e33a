import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readiness } from '../../src/health/readiness.js';
import { eventually } from '../support/eventually.js';
import { KEY, RunningService } from '../support/service.js';

let service: RunningService;
const GOOD = { anum: '+358501231234', bnum: '+358942415000', targetid: 'SALES_QUEUE' };
const HASH = expect.stringMatching(/^[0-9a-f]{12}$/);
const ISO = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/);

beforeAll(async () => {
  service = await RunningService.start({
    'vips.csv': 'number,tier\n+358501231234,gold\n+358501231235,silver\n',
    'smartrouting.yaml': `
credentials: [{ id: core, apiKey: ${KEY} }]
providers:
  list: { kind: static-file, file: ./vips.csv }
  crm: { kind: crm-http, url: "http://127.0.0.1:9/{{ number }}", record: "$", timeout: 4500ms }
targets:
  SALES_QUEUE: { providers: [list], deadline: 4500ms, routes: [{ instructions: { ExtraPriority: 5 } }] }
  CRM_QUEUE: { providers: [crm], deadline: 4500ms, routes: [{ instructions: { ExtraPriority: 5 } }] }
logging: { level: silent }
`,
  });
});
afterAll(() => service.stop());

describe('health', () => {
  it('live says only that the process answers', async () => {
    const answer = await service.get('/health/live');
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ status: 'ok', info: {}, error: {}, details: {} });
  });

  it('ready is 503 before and after the time in which calls are taken, and does not care about a dead CRM', async () => {
    expect((await service.get('/health/ready')).json).toMatchObject({
      status: 'ok',
      details: { server: { status: 'up' } },
    });
    const readiness = service.app.get(Readiness);
    readiness.state = 'stopping';
    try {
      const answer = await service.get('/health/ready');
      expect(answer.status).toBe(503);
      expect(answer.json).toMatchObject({
        status: 'error',
        details: { server: { status: 'down', reason: 'the server is stopping' } },
      });
      expect((await service.call(GOOD)).status).toBe(200);
    } finally {
      readiness.state = 'ready';
    }
  });

  it('has one key per provider, and one each for the build, the configuration and the load; a dead provider degrades it and stays 200', async () => {
    const configuration = { status: 'up', hash: HASH, loadedAt: ISO, providers: 2, targets: 2, warnings: 0 };
    const build = { status: 'up', version: expect.stringMatching(/^\d+\.\d+\.\d+/), commit: 'unknown' };
    const load = { status: 'up', inFlight: 0, eventLoopDelayMs: expect.any(Number), shed: 0 };
    const list = { status: 'up', entries: 2, loadedAt: ISO, breaker: 'closed' };
    const crm = {
      status: 'degraded',
      reason: 'connection refused (ECONNREFUSED)',
      since: ISO,
      breaker: 'closed',
    };
    // The load is what it is on a machine that is busy with something else.
    await eventually(async () => {
      const { status, headers, json } = await service.get('/health');
      expect({ status, cacheControl: headers['cache-control'], json }).toEqual({
        status: 200,
        cacheControl: 'no-store',
        json: {
          status: 'degraded',
          info: { build, configuration, load, list, crm },
          error: {},
          details: { build, configuration, load, list, crm },
        },
      });
    });
  });

  it('says that a list was refused, while the old one goes on answering', async () => {
    const unusable = 'number,tier,validUntil\n+358501231234,gold,\n+358501231235,gold,never\n';
    await writeFile(join(service.folder, 'vips.csv'), unusable);
    await eventually(async () => {
      const { details } = (await service.get('/health')).json as { details: { list: object } };
      expect(details.list).toMatchObject({
        status: 'degraded',
        entries: 2,
        since: ISO,
        reason: expect.stringContaining('line 3'),
      });
    });
    expect((await service.call(GOOD)).status).toBe(200);
  });
});

describe('metrics', () => {
  it('count decisions, lookups and refused logins, by configured names only', async () => {
    await service.call(GOOD);
    await service.call({ ...GOOD, targetid: 'made-up-by-a-caller' });
    await service.call({ ...GOOD, targetid: 'CRM_QUEUE' });
    await service.call({ anum: 1 });
    await service.call(GOOD, { 'X-Benemen-APIKey': 'wrong' });
    const answer = await service.get('/metrics');
    expect(answer.headers['content-type']).toContain('text/plain');
    for (const line of [
      /^smartrouting_decisions_total\{target="SALES_QUEUE",reason="matched"\} \d+$/m,
      /^smartrouting_decisions_total\{target="unknown",reason="unknown-target"\} 1$/m,
      /^smartrouting_decisions_total\{target="CRM_QUEUE",reason="lookup-failed"\} 1$/m,
      /^smartrouting_decisions_total\{target="unknown",reason="invalid-request"\} 1$/m,
      /^smartrouting_decision_duration_seconds_count \d+$/m,
      /^smartrouting_provider_lookups_total\{provider="list",outcome="found"\} \d+$/m,
      /^smartrouting_provider_lookups_total\{provider="crm",outcome="failed"\} 1$/m,
      /^smartrouting_provider_duration_seconds_count\{provider="crm"\} 1$/m,
      /^smartrouting_provider_breaker_state\{provider="crm"\} 0$/m,
      /^smartrouting_auth_failures_total\{kind="api-key"\} 1$/m,
      /^smartrouting_config_last_reload_success 1$/m,
      /^process_cpu_seconds_total /m,
    ]) {
      expect(answer.body).toMatch(line);
    }
    expect(answer.body).not.toContain('made-up-by-a-caller');
    expect(answer.body).not.toContain('358501231234');
  });
});

describe('the OpenAPI page', () => {
  it('describes the endpoint with the example calls', async () => {
    const page = await service.get('/docs');
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toContain('text/html');
    const { paths } = (await service.get('/docs-json')).json as {
      paths: Record<string, { post: Record<string, unknown> }>;
    };
    const post = paths['/smartrouting']!.post as {
      requestBody: { content: Record<string, { examples: Record<string, { value: object }> }> };
      responses: Record<string, unknown>;
    };
    expect(Object.keys(post.responses).sort()).toEqual([
      '200',
      '204',
      '400',
      '401',
      '403',
      '413',
      '415',
      '429',
    ]);
    const examples = post.requestBody.content['application/json']!.examples;
    for (const { value } of Object.values(examples)) {
      expect((await service.call(value)).status).toBeLessThan(300);
    }
  });
});
