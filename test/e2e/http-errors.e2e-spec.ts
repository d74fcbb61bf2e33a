import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { CrmServer } from '../support/crm-server.js';
import { startCrmServer } from '../support/crm-server.js';
import { fakeOnly } from '../support/fake-time.js';
import { RawClient, readAnswers } from '../support/raw-http.js';
import type { RawAnswer } from '../support/raw-http.js';
import { KEY, RunningService } from '../support/service.js';

const VIP = '+358501231234';
const INSTRUCTIONS = '{"ExtraPriority":5}';
const NOT_HTTP = 'this is not valid HTTP/1.1';
const TOO_MANY = 'the request has more than 100 headers';
const TOO_LARGE = `the request line and headers are longer than 16384 bytes, or ${TOO_MANY}`;

let crm: CrmServer;
let service: RunningService;
let port: number;

beforeAll(async () => {
  crm = await startCrmServer({ contacts: { [VIP]: { tier: 'gold' } } });
  crm.mode = 'slow';
  crm.slowMs = 20;
  // No deadline comes.
  fakeOnly('setTimeout', 'clearTimeout');
  service = await RunningService.start({
    'vips.csv': `number,tier\n${VIP},gold\n`,
    'smartrouting.yaml': `
credentials: [{ id: core, apiKey: ${KEY} }]
providers:
  list: { kind: static-file, file: ./vips.csv }
  crm: { kind: crm-http, url: "${crm.url}/contacts?phone={{ number }}", record: contacts }
targets:
  default: { providers: [list], routes: [{ instructions: { ExtraPriority: 5 } }] }
  SLOW: { providers: [crm], routes: [{ instructions: { ExtraPriority: 5 } }] }
logging: { level: silent }
`,
  });
  port = Number(new URL(service.url).port);
});
afterAll(async () => {
  await service?.stop();
  await crm?.stop();
  jest.useRealTimers();
});

function call(headers: readonly string[] = [], body = bodyFor('any')): string {
  const all = ['Host: x', `X-Benemen-APIKey: ${KEY}`, 'Content-Type: application/json', ...headers];
  if (!headers.some((header) => /^Transfer-Encoding/.test(header)))
    all.push(`Content-Length: ${body.length}`);
  return `POST /smartrouting HTTP/1.1\r\n${all.join('\r\n')}\r\n\r\n${body}`;
}
const bodyFor = (targetid: string): string => JSON.stringify({ anum: VIP, bnum: '1', targetid });
const get = (target: string, headers: readonly string[] = ['Host: x']): string =>
  `GET ${target} HTTP/1.1\r\n${headers.map((header) => `${header}\r\n`).join('')}\r\n`;

/** Sends it in one packet, and says all that comes until the server closes the connection. */
async function conversation(bytes: string, halfClose = true): Promise<RawAnswer[]> {
  const client = new RawClient(port).send(bytes);
  if (halfClose) client.end();
  expect(await client.closed).toBeUndefined();
  const answers = readAnswers(client.received);
  expect(answers.map(({ headers, body }) => headers['content-length'] ?? String(body.length))).toEqual(
    answers.map(({ body }) => String(body.length)),
  );
  return answers;
}

function expectProblem(answer: RawAnswer | undefined, status: number, detail?: unknown): void {
  expect(answer?.status).toBe(status);
  expect(JSON.parse(answer!.body)).toEqual({
    type: 'about:blank',
    title: expect.any(String),
    status,
    ...(detail !== undefined && { detail }),
  });
  expect(answer!.headers).toMatchObject({
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    date: expect.any(String),
  });
  for (const header of ['etag', 'last-modified', 'server', 'x-powered-by'])
    expect(answer!.headers).not.toHaveProperty(header);
}

describe('what is no request for the application', () => {
  it.each([
    ['a byte that is not an HTTP', '\x16\x03\x01\x02', 400, NOT_HTTP],
    ['an unknown method', 'BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n', 400, NOT_HTTP],
    ['a header without a colon', get('/health', ['Host: x', 'nonsense']), 400, NOT_HTTP],
    ['a header that is cut off', 'GET / HTTP/1.1\r\nHo', 400, NOT_HTTP],
    ['a target that is no path', get('nowhere'), 400, NOT_HTTP],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, NOT_HTTP],
    ['HTTP/3', 'GET / HTTP/3.0\r\nHost: x\r\n\r\n', 400, NOT_HTTP],
    ['HTTP/2.0 by name', 'GET / HTTP/2.0\r\nHost: x\r\n\r\n', 400, 'speak HTTP/1.1 or HTTP/1.0'],
    ['HTTP/0.9', 'GET /health/live\r\n\r\n', 400, 'speak HTTP/1.1 or HTTP/1.0'],
    ['no Host', get('/health', []), 400, 'send one Host header'],
    ['two Hosts', get('/health', ['Host: x', 'HOST: y']), 400, 'send one Host header'],
    ['two Hosts in HTTP/1.0', 'GET / HTTP/1.0\r\nhost: x\r\nHost: x\r\n\r\n', 400, 'send one Host header'],
    [
      'Transfer-Encoding with Content-Length',
      call(['Transfer-Encoding: chunked', 'Content-Length: 3']),
      400,
      NOT_HTTP,
    ],
    ['two Content-Lengths', call(['Content-Length: 3']), 400, NOT_HTTP],
    ['a Content-Length that is none', get('/', ['Host: x', 'Content-Length: -1']), 400, NOT_HTTP],
    ['headers over 16 KiB', get('/', ['Host: x', `X: ${'x'.repeat(16_384)}`]), 431, TOO_LARGE],
    ['a target over 16 KiB', get(`/${'x'.repeat(16_384)}`), 431, TOO_LARGE],
    [
      'a target over 8,000 characters',
      get(`/${'x'.repeat(8_000)}`),
      414,
      'the request target is longer than 8000 characters',
    ],
    ['101 headers', get('/health', ['Host: x', ...new Array<string>(100).fill('X: y')]), 431, TOO_MANY],
    [
      '3,000 headers',
      get('/health', ['Host: x', ...new Array<string>(3_000).fill('X:y')]),
      431,
      expect.stringContaining(TOO_MANY) as unknown,
    ],
    ['CONNECT', 'CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\nmore', 405, 'this is not a proxy'],
  ])('%s is a problem, and the end of the connection', async (_, bytes, status, detail) => {
    for (const halfClose of [true, false]) {
      // Without the end of what is sent there could be more to come.
      if (!halfClose && bytes.endsWith('Ho')) continue;
      const answers = await conversation(bytes, halfClose);
      expect(answers).toHaveLength(1);
      expectProblem(answers[0], status, detail);
      expect(answers[0]!.headers['connection']).toBe('close');
      expect(answers[0]!.headers).not.toHaveProperty('x-smartrouting-reason');
      expect(answers[0]!.headers['allow']).toBe(status === 405 ? 'GET, HEAD, POST' : undefined);
    }
  });

  it('100 headers and a target of 8,000 characters are taken', async () => {
    const headers = ['Host: x', ...new Array<string>(99).fill('X: y')];
    const [full] = await conversation(get('/health/live', headers));
    expect(full!.status).toBe(200);
    expectProblem((await conversation(get(`/${'x'.repeat(7_999)}`)))[0], 404);
  });

  it('HTTP/1.0 needs no Host', async () => {
    const [answer] = await conversation('GET /health/live HTTP/1.0\r\n\r\n', false);
    expect(answer!.status).toBe(200);
  });
});

describe('a request that cannot be served', () => {
  it.each([
    ['an unknown path', get('/nowhere'), 404, undefined],
    ['bad percent encoding', get('/%E0%A4%A'), 404, undefined],
    ['bad percent encoding below the page', get('/docs/%E0%A4%A'), 404, undefined],
    ['a file that the page does not use', get('/docs/package.json'), 404, undefined],
    ['a folder below the page', get('/docs//x/%2e%2e'), 404, undefined],
    ['a way out of the page', get('/docs/../../package.json'), 404, undefined],
    ['a target with a broken host', get('http://[x/'), 404, undefined],
    ['the star', 'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n', 404, undefined],
    [
      'an expectation other than 100-continue',
      call(['Expect: tea']),
      417,
      'the only expectation that can be met is 100-continue',
    ],
    [
      'an unknown content coding',
      call(['Content-Encoding: br']),
      415,
      'send the body without Content-Encoding',
    ],
    [
      'a range that is not there',
      get('/docs/swagger-ui.css', ['Host: x', 'Range: bytes=99999999-']),
      416,
      undefined,
    ],
    [
      'a version of a page that is not there',
      get('/docs/swagger-ui.css', ['Host: x', 'If-Match: "x"']),
      412,
      undefined,
    ],
  ])('%s is a problem, and the connection goes on', async (_, bytes, status, detail) => {
    const [answer, next] = await conversation(bytes + call());
    expectProblem(answer, status, detail);
    expect(next).toMatchObject({ status: 200, body: INSTRUCTIONS });
  });

  it.each([
    '/health',
    '/health/live',
    '/health/ready',
    '/metrics',
    '/docs',
    '/docs/swagger-ui.css',
    '/docs-json',
  ])('%s takes GET and HEAD only', async (path) => {
    const methods = ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];
    const bytes = methods.map((method) => `${method} ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join('');
    const answers = await conversation(bytes);
    expect(answers).toHaveLength(methods.length);
    for (const answer of answers) {
      expectProblem(answer, 405, 'ask with GET');
      expect(answer.headers['allow']).toBe('GET, HEAD');
    }
    const client = new RawClient(port).send(`HEAD ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).end();
    await client.closed;
    expect(readAnswers(client.received, true)).toMatchObject([{ status: 200, body: '' }]);
  });

  it('a body that is broken on the way is the fault of an authenticated request', async () => {
    const [answer, ...more] = await conversation(call(['Transfer-Encoding: chunked'], 'zz\r\nabc'), false);
    expectProblem(answer, 400, NOT_HTTP);
    expect(answer!.headers).toMatchObject({
      connection: 'close',
      'x-smartrouting-reason': 'invalid-request',
    });
    expect(more).toEqual([]);
    for (const coding of [
      'gzip, chunked',
      'identity, chunked',
      'chunked, chunked',
      'Chunked;q=1',
      'x, chunked',
    ]) {
      const [refused] = await conversation(call([`Transfer-Encoding: ${coding}`], '0\r\n\r\n'), false);
      expect([coding, refused!.status]).toEqual([coding, 400]);
    }
    const [unknown] = await conversation(call(['Transfer-Encoding: tea']), false);
    expectProblem(unknown, 400, 'the only Transfer-Encoding that can be read is chunked');
    const [cutOff] = await conversation(call().slice(0, -3));
    expectProblem(cutOff, 400, NOT_HTTP);
    expect(cutOff!.headers['x-smartrouting-reason']).toBe('invalid-request');
  });

  it('a broken body that nobody reads does not change the answer', async () => {
    const bytes = call(['Transfer-Encoding: chunked'], 'zz\r\nabc').replace(KEY, 'wrong');
    expect(await conversation(bytes, false)).toMatchObject([
      { status: 401, headers: { connection: 'close' } },
    ]);
  });

  it('a body far over the limit is refused before it has come, and the answer arrives', async () => {
    const length = 5_000_000;
    const client = new RawClient(port).send(call(['Transfer-Encoding: chunked'], ''));
    const chunk = `${(60_000).toString(16)}\r\n${' '.repeat(60_000)}\r\n`;
    for (let sent = 0; sent < length; sent += 60_000) client.send(chunk);
    client.end();
    expect(await client.closed).toBeUndefined();
    const [answer] = readAnswers(client.received);
    expectProblem(answer, 413, 'the body is larger than 65536 bytes');
    expect(answer!.headers['connection']).toBe('close');
  });
});

describe('the OpenAPI page', () => {
  it('may load from here only, and be shown in no frame; operations are not guessed at by browsers', async () => {
    const { headers } = await service.get('/docs');
    expect(headers['content-security-policy']).toContain("default-src 'none';script-src 'self';");
    expect(headers).toMatchObject({ 'x-frame-options': 'DENY', 'x-content-type-options': 'nosniff' });
    expect(headers).not.toHaveProperty('strict-transport-security');
    for (const path of ['/health', '/health/live', '/metrics'])
      expect((await service.get(path)).headers['x-content-type-options']).toBe('nosniff');
    expect((await service.get('/docs/swagger-ui-init.js')).body).toContain('"validatorUrl": null');
  });
});

describe('calls that came before the trouble', () => {
  const slow = call([], bodyFor('SLOW'));
  const right = { status: 200, body: INSTRUCTIONS, headers: { 'x-smartrouting-reason': 'matched' } };

  it.each([
    ['bytes that are no HTTP', '\x01\x02 nonsense\r\n\r\n', 400],
    ['a request without a Host', get('/', []), 400],
    ['headers over 16 KiB', get('/', ['Host: x', `X: ${'x'.repeat(20_000)}`]), 431],
    ['a broken body', call(['Transfer-Encoding: chunked'], 'zz\r\n'), 400],
    ['CONNECT', 'CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n', 405],
    ['a request that is cut off', 'GET /hea', 400],
  ])('are answered first, in their order, then %s', async (_, trouble, status) => {
    for (const good of [[call()], [slow], [slow, call()], [call(), slow, slow]]) {
      const answers = await conversation(good.join('') + trouble);
      expect(answers.slice(0, -1)).toMatchObject(good.map(() => right));
      expectProblem(answers.at(-1), status, (JSON.parse(answers.at(-1)!.body) as { detail: string }).detail);
      expect(answers.at(-1)!.headers['connection']).toBe('close');
    }
  });

  it('are answered when more bytes follow the last request of a connection', async () => {
    for (const good of [call(['Connection: close']), slow.replace('Host', 'Connection: close\r\nHost')])
      expect(await conversation(`${good}\r\nmore`, false)).toMatchObject([right]);
  });

  it('are answered when the client has nothing more to say', async () => {
    expect(await conversation(slow + slow)).toMatchObject([right, right]);
  });

  it('are answered when they wish for another protocol, or for 100 Continue', async () => {
    const upgrade = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'];
    const [answer] = await conversation(call(upgrade), false);
    expect(answer).toMatchObject({ ...right, headers: { connection: 'close' } });
    const client = new RawClient(port).send(call(['Expect: 100-continue'])).end();
    await client.closed;
    expect(client.received).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
  });
});
