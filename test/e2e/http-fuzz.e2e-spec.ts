import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ask, KEY } from '../support/ask.js';
import { eventually } from '../support/eventually.js';
import { anyCall, anySending, anyTrouble, inPackets, jsonish } from '../support/http-fuzz.js';
import type { Sending } from '../support/http-fuzz.js';
import { IS_LONG } from '../support/length.js';
import { freePort } from '../support/ports.js';
import { Program } from '../support/process.js';
import { RawClient, readAnswers } from '../support/raw-http.js';
import type { RawAnswer } from '../support/raw-http.js';

/** How much is tried, and from which seed: `HTTP_FUZZ_TIMES=100`, `HTTP_FUZZ_SEED=…` as a failure prints it. */
const TIMES = Number(process.env['HTTP_FUZZ_TIMES'] ?? (IS_LONG ? 8 : 1));
const SEED = process.env['HTTP_FUZZ_SEED'];
const AT_A_TIME = 6;
const COUNT = fileURLToPath(new URL('../support/count-on-signal.mjs', import.meta.url));
const STATUSES = [200, 204, 206, 304, 400, 401, 404, 405, 408, 412, 413, 414, 415, 416, 417, 429, 431];
/** What would tell a stranger how the service is made. */
const INSIDE =
  /node_modules|\bat \S+:\d+|\.[cm]?[jt]s\b|node:|HPE_|llhttp|express|nest|\w+Error\b|\/tmp\/|dist\//i;
const NOWHERE = 'GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n';
/** A busy machine makes the service shed calls, and say so. */
const SHED = /^overloaded: calls beyond capacity/;

let folder: string;
let port: number;
let program: Program;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smartrouting-fuzz-'));
  port = await freePort();
  await writeFile(join(folder, 'vips.csv'), 'number,tier,name\n+358501231234,gold,Aino\n+3589*,silver,\n');
  await writeFile(
    join(folder, 'smartrouting.yaml'),
    `
credentials: [{ id: core, apiKey: ${KEY} }, { id: basic, username: core, password: a-password }]
providers:
  list: { kind: static-file, file: ./vips.csv }
  own: { kind: database }
targets:
  OWN:
    providers: [own, list]
    deadline: 4500ms
    routes:
      - { when: { DYN_x: [a, b] }, instructions: { Tts: "{{ name }} {{ call.extradata.DYN_y }}" } }
      - { instructions: { ExtraPriority: 6 } }
  default: { providers: [list], deadline: 4500ms, routes: [{ instructions: { ExtraPriority: 5 } }] }
logging: { level: error }
`,
  );
  program = new Program('dist/main.js', [], {
    SMARTROUTING_CONFIG: join(folder, 'smartrouting.yaml'),
    DATABASE_URL: `sqlite:${join(folder, 'own.sqlite')}`,
    PORT: String(port),
    NODE_OPTIONS: `--import=${COUNT} --disable-warning=ExperimentalWarning`,
  });
  await eventually(async () => expect((await ask(`http://127.0.0.1:${port}/health/ready`)).status).toBe(200));
});
afterAll(async () => {
  program?.signal('SIGKILL');
  await program?.finished;
  await rm(folder, { recursive: true, force: true });
});

/** @param runs in the short form */
function hold<T>(property: fc.IAsyncProperty<T>, runs: number): Promise<void> {
  return fc.assert(property, { numRuns: runs * TIMES, ...(SEED !== undefined && { seed: Number(SEED) }) });
}

/** @param sent all that was asked on the connection */
function expectSound(answer: RawAnswer, sent: string): void {
  const { status, headers, body } = answer;
  expect(STATUSES).toContain(status);
  for (const header of ['server', 'x-powered-by']) expect(headers).not.toHaveProperty(header);
  if (!sent.includes(KEY)) expect(headers).not.toHaveProperty('x-smartrouting-reason');
  if (status < 400) return;
  expect(headers).toMatchObject({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' });
  for (const header of ['etag', 'last-modified']) expect(headers).not.toHaveProperty(header);
  expect(JSON.stringify(headers)).not.toMatch(INSIDE);
  if (body === '') return;
  const problem = JSON.parse(Buffer.from(body, 'latin1').toString()) as Record<string, unknown>;
  expect(problem).toMatchObject({ type: 'about:blank', title: expect.any(String), status });
  expect(
    Object.keys(problem).filter((key) => !['type', 'title', 'status', 'detail', 'errors'].includes(key)),
  ).toEqual([]);
  // What the request itself has said is no secret.
  if (problem['errors'] === undefined) expect(body).not.toMatch(INSIDE);
}

function send(client: RawClient, packets: readonly string[]): void {
  for (const packet of packets) client.send(packet);
}

async function expectAnswersOrTheEnd({ packets, ending }: Sending): Promise<void> {
  const client = new RawClient(port);
  const sent = packets.join('');
  send(client, packets);
  if (ending === 'aborted') return client.destroy();
  client.end();
  await client.closed;
  // An answer to HEAD has no body; errors have one otherwise.
  for (const answer of readAnswers(client.received, /HEAD/i.test(sent))) expectSound(answer, sent);
}

const calls = [
  ['+358501231234', 'any', 200, '{"ExtraPriority":5}', 'matched'],
  ['+358501231234', 'OWN', 200, '{"ExtraPriority":6}', 'matched'],
  ['+358509999999', 'OWN', 204, '', 'no-match'],
  [null, 'any', 204, '', 'no-number'],
] as const;
type Known = (typeof calls)[number];

function bytesOf([anum, targetid]: Known): string {
  const json = JSON.stringify({ anum, bnum: '1', targetid });
  return `POST /smartrouting HTTP/1.1\r\nHost: x\r\nX-Benemen-APIKey: ${KEY}\r\nContent-Type: application/json\r\nContent-Length: ${json.length}\r\n\r\n${json}`;
}

function expectRight(answers: readonly RawAnswer[], known: readonly Known[]): void {
  expect(answers.length).toBeGreaterThanOrEqual(known.length);
  known.forEach(([, , status, body, reason], i) => {
    const answer = answers[i]!;
    // A machine that stands still for a while makes the service shed calls, as it should.
    if (answer.headers['x-smartrouting-reason'] === 'overloaded') return;
    expect(answer).toMatchObject({ status, body, headers: { 'x-smartrouting-reason': reason } });
  });
}

async function expectGoodCall(): Promise<void> {
  const client = new RawClient(port).send(bytesOf(calls[0])).end();
  await client.closed;
  expectRight(readAnswers(client.received), [calls[0]]);
}

/** How many objects the service holds once all that can be collected is. */
async function objectsAlive(): Promise<number> {
  const counts = () => program.logLines.filter((line) => 'objects' in line);
  const before = counts().length;
  program.signal('SIGUSR2');
  await eventually(() => expect(counts().length).toBeGreaterThan(before));
  return Number(counts()[before]!['objects']);
}

/** Connections, files and all else that has a descriptor. */
async function openFiles(): Promise<number> {
  const { body } = await ask(`http://127.0.0.1:${port}/metrics`);
  return Number(/^process_open_fds (\S+)$/m.exec(body)![1]);
}

/**
 * Connections with calls, requests for nothing and trouble at the end.
 * @returns how many requests
 */
async function flood(): Promise<number> {
  const requests = [...calls.map(bytesOf), NOWHERE, NOWHERE.replace('nowhere', 'docs')];
  const bytes = `${requests.join('').repeat(3)}\x00`;
  const [rounds, connections] = [8 * TIMES, 5];
  for (let round = 0; round < rounds; round++) {
    const clients = Array.from({ length: connections }, () => new RawClient(port).send(bytes).end());
    await Promise.all(clients.map(({ closed }) => closed));
  }
  return rounds * connections * requests.length * 3;
}

const anything = fc.asyncProperty(
  fc.array(anySending(KEY), { minLength: 1, maxLength: AT_A_TIME }),
  async (sendings) => {
    await Promise.all(sendings.map(expectAnswersOrTheEnd));
    await expectGoodCall();
  },
);

describe('whatever comes over the wire', () => {
  it('is answered with what it deserves, or ended; and the next call has its answer', async () => {
    await hold(anything, 50);
  });

  it('takes no answer from the calls before it on the same connection', async () => {
    const pipeline = fc.record({
      known: fc.array(fc.constantFrom(...calls), { minLength: 1, maxLength: 5 }),
      trouble: anyTrouble(KEY),
      cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
      halfClosed: fc.boolean(),
    });
    const property = fc.asyncProperty(pipeline, async ({ known, trouble, cuts, halfClosed }) => {
      const client = new RawClient(port);
      const all = known.map(bytesOf).join('') + trouble;
      send(client, inPackets(all, cuts));
      if (halfClosed) {
        client.end();
        await client.closed;
      }
      const answers = halfClosed
        ? readAnswers(client.received, /HEAD/i.test(trouble))
        : await client.answers(known.length);
      client.destroy();
      expectRight(answers, known);
      for (const answer of answers.slice(known.length)) expectSound(answer, all);
    });
    await hold(property, 100);
  });

  it('is a request with a reason when its credentials are right, whatever its body is', async () => {
    const content = fc.oneof(
      anyCall.map((body) => JSON.stringify(body)),
      jsonish,
      fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
    );
    const type = fc.constantFrom('application/json', 'application/json; charset=utf-8', 'text/plain', '*/*');
    const login = fc.constantFrom<Record<string, string>>(
      { 'X-Benemen-APIKey': KEY },
      { Authorization: `Basic ${Buffer.from('core:a-password').toString('base64')}` },
    );
    const property = fc.asyncProperty(content, type, login, async (body, contentType, headers) => {
      const answer = await ask(`http://127.0.0.1:${port}/smartrouting`, {
        method: 'POST',
        headers: { 'Content-Type': contentType, ...headers },
        body,
      });
      expect([200, 204, 400, 413, 415]).toContain(answer.status);
      expect(answer.headers['x-smartrouting-reason']).toBeDefined();
      expectSound(answer as unknown as RawAnswer, KEY);
      expect(answer.body === '').toBe(answer.status === 204);
      if (answer.status !== 204) expect(answer.json).toBeInstanceOf(Object);
    });
    await hold(property, 150);
  });

  it('leaves nothing behind: no connection, no open file, no object for each request, and no error in the log', async () => {
    await flood();
    const [filesBefore, objectsBefore] = [await openFiles(), await objectsAlive()];
    const requests = await flood();
    await eventually(async () => expect(await openFiles()).toBeLessThanOrEqual(filesBefore));
    // Some come and go by themselves; one left by each request would be ten times as many.
    expect((await objectsAlive()) - objectsBefore).toBeLessThan(requests / 10);
    const errors = program.logLines.filter((line) => !('objects' in line) && !SHED.test(String(line['msg'])));
    expect(errors).toEqual([]);
    expect(program.stderr).toBe('');
  });
});
