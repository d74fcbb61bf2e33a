import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { hashApiKey, hashPassword } from '../../src/common/secret-hash.js';
import { Credentials } from '../../src/auth/credentials.js';
import { LoadMeter } from '../../src/observability/load-meter.js';
import { RoutingService } from '../../src/routing/routing.service.js';
import { startHeldServer } from '../../src/plugin-api/testing/fault-proxy.js';
import type { HeldServer } from '../../src/plugin-api/testing/fault-proxy.js';
import { eventually } from '../support/eventually.js';
import { fakeOnly } from '../support/fake-time.js';
import { RawClient } from '../support/raw-http.js';
import { ask, basic, KEY, RunningService } from '../support/service.js';
import type { Answer } from '../support/service.js';

const fixture = (name: string): string =>
  readFileSync(new URL(`../fixtures/calls/${name}.json`, import.meta.url), 'utf8');
const GOOD = { anum: '+358501231234', bnum: '+358942415000', targetid: 'SALES_QUEUE' };
const AS_JSON = 'send the body as Content-Type: application/json';
const HOW_TO_LOG_IN =
  'Send the header X-Benemen-APIKey: <key>, or Authorization: Basic with user name and password in UTF-8.';
const CHALLENGE = 'Basic realm="SmartRouting", charset="UTF-8"';

const LIST = `number,tier,name,targets,validFrom,validUntil,instructions
+358501231234,gold,Aino Virtanen,,,,
+3589123*,silver,Helsinki office,,,,
+358912399,bronze,Reception,,,,
4711,gold,Board room,,,,
sip:ceo@example.com,gold,CEO,,,,
+358401111111,gold,Expired,,,2020-01-01,
+358402222222,gold,Other queue,SUPPORT_QUEUE,,,
+358403333333,gold,Own wishes,,,,"{""InitialTarget"": ""MR_{{ name | split: ' ' | last | upcase }}"", ""ExtraPriority"": null}"
`;

let service: RunningService;
/** Has no default target, and another path. */
let strict: RunningService;
/** Takes connections and never answers. */
let hanging: HeldServer;

beforeAll(async () => {
  hanging = await startHeldServer();
  service = await RunningService.start({
    'vips.csv': LIST,
    'smartrouting.yaml': `
country: FI
credentials:
  - { id: core, apiKey: ${KEY} }
  - { id: hashed, apiKey: "${hashApiKey('hashed-key')}" }
  - { id: basic, username: core, password: "${await hashPassword('pass:wörd:ключ')}" }
  - { id: sales-only, apiKey: sales-key, targets: [SALES_QUEUE] }
providers:
  list: { kind: static-file, file: ./vips.csv }
  dead: { kind: crm-http, url: "http://127.0.0.1:9/{{ number }}", record: "$" }
targets:
  SALES_QUEUE:
    providers: [list]
    routes:
      - { tier: gold, when: { DYN_PAR_Culture: fi-FI }, instructions: { InitialTarget: VIP_SALES_FI, ExtraPriority: 50 } }
      - { tier: [gold, silver], instructions: { InitialTarget: VIP_SALES, ExtraPriority: 20 } }
  DEAD_QUEUE:
    providers: [dead]
    deadline: 4500ms
    routes: [{ instructions: { ExtraPriority: 1 } }]
  default:
    providers: [list]
    routes: [{ instructions: { ExtraPriority: 5 } }]
logging: { level: silent }
`,
  });
  strict = await RunningService.start({
    'vips.csv': LIST,
    'smartrouting.yaml': `
credentials: [{ id: core, apiKey: ${KEY} }, { id: basic, username: core, password: a-password }]
providers:
  list: { kind: static-file, file: ./vips.csv }
  hanging: { kind: crm-http, url: "http://127.0.0.1:${hanging.port}/{{ number }}", record: "$" }
targets:
  SALES_QUEUE: { providers: [list], routes: [{ instructions: { ExtraPriority: 5 } }] }
  HANGING_QUEUE: { providers: [hanging], routes: [{ instructions: { ExtraPriority: 1 } }] }
server: { path: /vip/route }
logging: { level: silent }
`,
  });
});
afterAll(async () => {
  await service.stop();
  await strict.stop();
  await hanging.stop();
});

function expect204(answer: Answer, reason: string): void {
  expect(answer).toMatchObject({ status: 204, body: '' });
  expect(answer.headers).toMatchObject({ 'x-smartrouting-reason': reason, 'cache-control': 'no-store' });
  expect(answer.headers).not.toHaveProperty('content-type');
  expect(answer.headers).not.toHaveProperty('etag');
  expect(answer.headers).not.toHaveProperty('x-powered-by');
}

function expect200(answer: Answer, instructions: object): void {
  expect({ status: answer.status, json: answer.body === '' ? '' : answer.json }).toEqual({
    status: 200,
    json: instructions,
  });
  expect(answer.headers).toMatchObject({
    'content-type': 'application/json',
    'x-smartrouting-reason': 'matched',
    'cache-control': 'no-store',
  });
  expect(answer.headers).not.toHaveProperty('etag');
  expect(answer.headers).not.toHaveProperty('x-powered-by');
}

function expectProblem(answer: Answer, status: number, problem: object, reason?: string): void {
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect({ status: answer.status, json: answer.json }).toEqual({
    status,
    json: { type: 'about:blank', status, ...problem },
  });
  expect(answer.headers['x-smartrouting-reason']).toBe(reason);
  expect(answer.headers).not.toHaveProperty('x-powered-by');
}

describe('the documented calls', () => {
  it.each([
    ['minimal', { ExtraPriority: 5 }],
    ['with-targetid', { InitialTarget: 'VIP_SALES', ExtraPriority: 20 }],
    ['with-extradata', { InitialTarget: 'VIP_SALES_FI', ExtraPriority: 50 }],
    ['nulls', { ExtraPriority: 5 }],
    ['internal-extension', { InitialTarget: 'VIP_SALES', ExtraPriority: 20 }],
  ])('%s is answered 200 with the instructions, for an API key and for Basic', async (name, instructions) => {
    expect200(await service.call(fixture(name)), instructions);
    expect200(await service.call(fixture(name), { 'X-Benemen-APIKey': 'hashed-key' }), instructions);
    expect200(
      await service.call(fixture(name), { Authorization: basic('core', 'pass:wörd:ключ') }),
      instructions,
    );
  });

  it('withheld is answered 204', async () => {
    expect204(await service.call(fixture('withheld')), 'no-number');
  });
});

describe('204, proceed normally', () => {
  it.each([
    ['nobody found', { ...GOOD, anum: '+358509999999' }, 'no-match'],
    ['no route for this tier', { ...GOOD, anum: '+358912399' }, 'no-route'],
    ['an expired entry', { ...GOOD, anum: '+358401111111' }, 'no-match'],
    ['an entry for another target', { ...GOOD, anum: '+358402222222' }, 'no-match'],
    ['null as caller', { ...GOOD, anum: null }, 'no-number'],
    ['anonymous as caller', { ...GOOD, anum: 'Anonymous' }, 'no-number'],
    ['anonymous SIP as caller', { ...GOOD, anum: 'sip:anonymous@anonymous.invalid' }, 'no-number'],
    ['an unknown extension', { ...GOOD, anum: '4712' }, 'no-match'],
    ['10,000 characters as caller', { ...GOOD, anum: '1'.repeat(10_000) }, 'no-match'],
    ['a provider that is down', { ...GOOD, targetid: 'DEAD_QUEUE' }, 'lookup-failed'],
  ])('for %s', async (_, body, reason) => {
    expect204(await service.call(body), reason);
  });

  it('for an unknown targetid without a default target', async () => {
    expect204(await strict.call({ ...GOOD, targetid: 'sales_queue' }), 'unknown-target');
    expect204(await strict.call({ ...GOOD, targetid: undefined }), 'unknown-target');
    expect204(await strict.call({ ...GOOD, targetid: 'default' }), 'unknown-target');
    expect200(await strict.call(GOOD), { ExtraPriority: 5 });
    expectProblem(await ask(`${strict.url}/smartrouting`, { method: 'POST' }), 404, { title: 'Not Found' });
  });
});

describe('a caller', () => {
  it.each(['+358 50 123 1234', '00358501231234', '050-123 1234', 'tel:+358501231234', '+358501231234'])(
    'written %s is the same caller',
    async (anum) => {
      expect200(await service.call({ ...GOOD, anum }), { InitialTarget: 'VIP_SALES', ExtraPriority: 20 });
    },
  );

  it('is found by range, and by SIP address exactly as text', async () => {
    expect200(await service.call({ ...GOOD, anum: '+3589123000' }), {
      InitialTarget: 'VIP_SALES',
      ExtraPriority: 20,
    });
    expect200(await service.call({ ...GOOD, anum: 'sip:ceo@example.com' }), {
      InitialTarget: 'VIP_SALES',
      ExtraPriority: 20,
    });
    expect204(await service.call({ ...GOOD, anum: 'sip:CEO@example.com' }), 'no-match');
  });

  it('gets own instructions laid over those of the route', async () => {
    expect200(await service.call({ ...GOOD, anum: '+358403333333' }), { InitialTarget: 'MR_WISHES' });
  });

  it('of an unknown or absent targetid is decided by the default target', async () => {
    for (const targetid of ['NOWHERE', '', null, undefined, 'default']) {
      expect200(await service.call({ ...GOOD, targetid }), { ExtraPriority: 5 });
    }
  });
});

describe('a body', () => {
  it('with a byte order mark, unknown properties and any extradata is accepted', async () => {
    const body = {
      ...GOOD,
      other: [1],
      extradata: { DYN_x: { deep: [null, { a: 1 }] }, __proto__x: 1, '': 0 },
    };
    expect200(await service.call(Buffer.from(`\ufeff${JSON.stringify(body)}`)), {
      InitialTarget: 'VIP_SALES',
      ExtraPriority: 20,
    });
  });

  it.each([['application/json; charset=utf-8'], ['Application/JSON'], ['application/json;charset="utf-8"']])(
    'sent as %s is accepted',
    async (type) => {
      expect((await service.call(GOOD, { 'X-Benemen-APIKey': KEY, 'Content-Type': type })).status).toBe(200);
    },
  );

  it('without any media type is read as JSON', async () => {
    const answer = await ask(service.url + service.path, {
      method: 'POST',
      headers: { 'X-Benemen-APIKey': KEY },
      body: GOOD,
    });
    expect(answer.status).toBe(200);
  });

  it.each<[string, string | object, { path: string; message: string }[]]>([
    ['not JSON', '{"anum": ', [{ path: '', message: 'is not valid JSON' }]],
    ['empty', '', [{ path: '', message: 'is empty; send a JSON object' }]],
    ['a list', [], [{ path: '', message: 'must be a JSON object' }]],
    ['null', 'null', [{ path: '', message: 'must be a JSON object' }]],
    [
      'wrong in every property',
      { anum: 7, targetid: {}, extradata: [] },
      [
        { path: 'anum', message: 'must be a string or null' },
        { path: 'bnum', message: 'is missing; send a string, or null when the number is withheld' },
        { path: 'targetid', message: 'must be a string or null' },
        { path: 'extradata', message: 'must be an object or null' },
      ],
    ],
  ])('that is %s is refused with 400 and every problem', async (_, body, errors) => {
    const answer = await service.call(body);
    expectProblem(
      answer,
      400,
      { title: 'Bad Request', detail: 'the body is not usable', errors },
      'invalid-request',
    );
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it('over 64 KiB is refused with 413, one of exactly 64 KiB is not', async () => {
    const sized = (bytes: number): string => {
      const frame = JSON.stringify({ ...GOOD, extradata: { pad: '' } });
      return frame.replace('"pad":""', `"pad":"${'x'.repeat(bytes - Buffer.byteLength(frame))}"`);
    };
    expect(Buffer.byteLength(sized(65_536))).toBe(65_536);
    expect((await service.call(sized(65_536))).status).toBe(200);
    expectProblem(
      await service.call(sized(65_537)),
      413,
      { title: 'Payload Too Large', detail: 'the body is larger than 65536 bytes' },
      'invalid-request',
    );
  });

  it.each([
    ['text/plain', {}, AS_JSON],
    ['application/x-www-form-urlencoded', {}, AS_JSON],
    ['multipart/form-data; boundary=x', {}, AS_JSON],
    ['application/json; charset=latin1', {}, 'send the body in UTF-8'],
    ['application/json', { 'Content-Encoding': 'gzip' }, 'send the body without Content-Encoding'],
  ])('of another media type, charset or coding (%s %j) is refused with 415', async (type, more, detail) => {
    const answer = await service.call(GOOD, { 'X-Benemen-APIKey': KEY, 'Content-Type': type, ...more });
    expectProblem(answer, 415, { title: 'Unsupported Media Type', detail }, 'invalid-request');
  });
});

describe('credentials', () => {
  it.each<[string, Record<string, string>, string]>([
    ['none', {}, 'No credentials.'],
    ['a wrong key', { 'X-Benemen-APIKey': 'wrong' }, 'Wrong credentials.'],
    ['an empty key', { 'X-Benemen-APIKey': '' }, 'No credentials.'],
    ['a wrong password', { Authorization: basic('core', 'pass') }, 'Wrong credentials.'],
    ['a wrong user', { Authorization: basic('nobody', 'pass:wörd:ключ') }, 'Wrong credentials.'],
    ['malformed Basic', { Authorization: 'Basic !!!' }, 'Wrong credentials.'],
    ['another scheme', { Authorization: 'Bearer x' }, 'No credentials.'],
  ])('%s: 401 with the challenge, whatever the body is', async (_, headers, what) => {
    for (const body of [GOOD, '{nonsense']) {
      const answer = await service.call(body, headers);
      expectProblem(answer, 401, { title: 'Unauthorized', detail: `${what} ${HOW_TO_LOG_IN}` });
      expect(answer.headers['www-authenticate']).toBe(CHALLENGE);
    }
  });

  it('limited to other targets: 403', async () => {
    const limited = { 'X-Benemen-APIKey': 'sales-key' };
    expect((await service.call(GOOD, limited)).status).toBe(200);
    for (const targetid of ['DEAD_QUEUE', 'NOWHERE', undefined]) {
      const answer = await service.call({ ...GOOD, targetid }, limited);
      const detail =
        'This credential is limited to other targets. Send one of its targets as targetid, or another credential.';
      expectProblem(answer, 403, { title: 'Forbidden', detail }, 'invalid-request');
    }
  });
});

describe('a defect of ours', () => {
  it('lets the call proceed normally, and is counted', async () => {
    const routing = service.app.get(RoutingService);
    const decide = routing.decide.bind(routing);
    routing.decide = () => Promise.reject(new TypeError('a bug'));
    try {
      expect204(await service.call(GOOD), 'lookup-failed');
    } finally {
      routing.decide = decide;
    }
    expect((await service.get('/metrics')).body).toMatch(
      /^smartrouting_decisions_total\{target="unknown",reason="lookup-failed"\} 1$/m,
    );
    expect200(await service.call(GOOD), { InitialTarget: 'VIP_SALES', ExtraPriority: 20 });
  });
});

describe('more calls than can be decided', () => {
  it('are told to proceed normally, at the door, but only those with right credentials', async () => {
    const meter = service.app.get(LoadMeter);
    const decidedBefore = await durations();
    for (let call = 0; call < 2_000; call++) meter.enter();
    try {
      expect204(await service.call(GOOD), 'overloaded');
      expect204(await service.call('no JSON at all'), 'overloaded');
      expect((await service.call(GOOD, {})).status).toBe(401);
      expect((await service.get('/health')).json).toMatchObject({
        status: 'degraded',
        details: { load: { status: 'degraded', inFlight: 2_000, shed: 2 } },
      });
    } finally {
      for (let call = 0; call < 2_000; call++) meter.leave();
    }
    expect200(await service.call(GOOD), { InitialTarget: 'VIP_SALES', ExtraPriority: 20 });
    expect((await service.get('/metrics')).body).toMatch(
      /^smartrouting_decisions_total\{target="unknown",reason="overloaded"\} 2$/m,
    );
    expect(await durations()).toBe(decidedBefore + 3);
  });

  async function durations(): Promise<number> {
    const { body } = await service.get('/metrics');
    return Number(/^smartrouting_decision_duration_seconds_count (\d+)$/m.exec(body)?.[1]);
  }
});

describe('the clock of a call', () => {
  it('starts before its credentials are checked, because Core waits for that as well', async () => {
    const spentS = async (): Promise<number> => {
      const { body } = await strict.get('/metrics');
      return Number(/^smartrouting_decision_duration_seconds_sum (.+)$/m.exec(body)![1]);
    };
    const before = await spentS();
    fakeOnly('performance');
    const store = strict.app.get(Credentials).store;
    const byPassword = store.byPassword.bind(store);
    store.byPassword = (...login) => {
      jest.advanceTimersByTime(1_600); // longer than the target's deadline
      return byPassword(...login);
    };
    try {
      const headers = { Authorization: basic('core', 'a-password') };
      expect204(await strict.call({ ...GOOD, targetid: 'HANGING_QUEUE' }, headers), 'timeout');
      // No more than that: the deadline was over when the provider was asked.
      expect((await spentS()) - before).toBeCloseTo(1.6);
    } finally {
      store.byPassword = byPassword;
      jest.useRealTimers();
    }
  });
});

describe('other requests', () => {
  it.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    '%s on the path is 405 and names POST',
    async (method) => {
      const answer = await ask(service.url + service.path, { method, headers: { 'X-Benemen-APIKey': KEY } });
      expect(answer.status).toBe(405);
      expect(answer.headers).toMatchObject({ allow: 'POST', 'content-type': 'application/problem+json' });
      if (method !== 'HEAD')
        expectProblem(answer, 405, { title: 'Method Not Allowed', detail: 'ask with POST' });
    },
  );

  it('unknown paths and malformed URLs are problems, not pages', async () => {
    expectProblem(await service.get('/nowhere'), 404, { title: 'Not Found' });
    expectProblem(await service.get('/%zz'), 404, { title: 'Not Found' });
  });

  it('a client that stops in the middle of its body does no harm', async () => {
    const atTheDoor = jest.spyOn(service.app.get(LoadMeter), 'mustShed');
    const client = new RawClient(Number(new URL(service.url).port)).send(
      `POST ${service.path} HTTP/1.1\r\nHost: x\r\nX-Benemen-APIKey: ${KEY}\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"anum`,
    );
    await eventually(() => expect(atTheDoor).toHaveBeenCalled());
    client.destroy();
    expect((await service.call(GOOD)).status).toBe(200);
  });
});
