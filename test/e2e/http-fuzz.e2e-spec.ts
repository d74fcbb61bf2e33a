import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { closedPort } from '../support/database-provider.js';
import { anySending, anyTrouble, inPackets, jsonish } from '../support/http-fuzz.js';
import type { Sending } from '../support/http-fuzz.js';
import { Program } from '../support/process.js';
import { RawClient, readAnswers } from '../support/raw-http.js';
import type { RawAnswer } from '../support/raw-http.js';
import { ask, KEY } from '../support/service.js';

/** For how long, and from which seed: `HTTP_FUZZ_SECONDS=300`, `HTTP_FUZZ_SEED=…` as a failure prints it. */
const SECONDS = Number(process.env['HTTP_FUZZ_SECONDS'] ?? 10);
const SEED = process.env['HTTP_FUZZ_SEED'];
/** The service gives a slow request 10 s; nothing it does takes as long as this. */
const HANGS_MS = 40_000;
const AT_A_TIME = 6;
const COLLECT = fileURLToPath(new URL('../support/gc-on-signal.mjs', import.meta.url));
const STATUSES = [200, 204, 206, 304, 400, 401, 404, 405, 408, 412, 413, 414, 415, 416, 417, 429, 431];
/** What would tell a stranger how the service is made. */
const INSIDE =
  /node_modules|\bat \S+:\d+|\.[cm]?[jt]s\b|node:|HPE_|llhttp|express|nest|\w+Error\b|\/tmp\/|dist\//i;
const NOWHERE = 'GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n';
/** A busy machine makes the service shed calls, and say so. */
const SHED = /^more calls come than can be decided/;

let folder: string;
let port: number;
let program: Program;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smartrouting-fuzz-'));
  port = await closedPort();
  await writeFile(join(folder, 'vips.csv'), 'number,tier\n+358501231234,gold\n');
  await writeFile(
    join(folder, 'smartrouting.yaml'),
    `
credentials: [{ id: core, apiKey: ${KEY} }, { id: basic, username: core, password: a-password }]
providers:
  list: { kind: static-file, file: ./vips.csv }
  own: { kind: database }
targets:
  OWN: { providers: [own, list], routes: [{ instructions: { ExtraPriority: 6 } }] }
  default: { providers: [list], routes: [{ instructions: { ExtraPriority: 5 } }] }
logging: { level: error }
`,
  );
  program = new Program('dist/main.js', [], {
    SMARTROUTING_CONFIG: join(folder, 'smartrouting.yaml'),
    DATABASE_URL: `sqlite:${join(folder, 'own.sqlite')}`,
    PORT: String(port),
    NODE_OPTIONS: `--import=${COLLECT}`,
  });
  const isReady = (): Promise<boolean> =>
    ask(`http://127.0.0.1:${port}/health/ready`).then(
      ({ status }) => status === 200,
      () => false,
    );
  for (let tries = 0; !(await isReady()) && tries < 300; tries++) await sleep(50);
});
afterAll(async () => {
  program?.signal('SIGKILL');
  await program?.finished;
  await rm(folder, { recursive: true, force: true });
});

/** @param share of the time that there is */
function hold<T>(property: fc.IAsyncProperty<T>, share: number): Promise<void> {
  return fc.assert(property, {
    numRuns: 1e9,
    interruptAfterTimeLimit: share * SECONDS * 1_000,
    markInterruptAsFailure: false,
    ...(SEED !== undefined && { seed: Number(SEED) }),
  });
}

async function expectClosed(client: RawClient): Promise<void> {
  const end = await Promise.race([
    client.closed.then(() => 'closed'),
    sleep(HANGS_MS, 'open', { ref: false }),
  ]);
  expect(end).toBe('closed');
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
  await expectClosed(client);
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
  await expectClosed(client);
  expectRight(readAnswers(client.received), [calls[0]]);
}

/** Heap in use and open files of the service, once all that can be collected is. */
async function weigh(): Promise<{ heap: number; files: number }> {
  await sleep(200);
  program.signal('SIGUSR2');
  await sleep(200);
  const { body } = await ask(`http://127.0.0.1:${port}/metrics`);
  const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(body)![1]);
  return { heap: value('nodejs_heap_size_used_bytes'), files: value('process_open_fds') };
}

/** Connections with calls, requests for nothing and trouble at the end. */
async function flood(): Promise<void> {
  const requests = [...calls.map(bytesOf), NOWHERE, NOWHERE.replace('nowhere', 'docs')].join('').repeat(3);
  for (let round = 0; round < 60; round++) {
    const clients = Array.from({ length: 5 }, () => new RawClient(port).send(`${requests}\x00`).end());
    await Promise.all(clients.map(expectClosed));
  }
}

const anything = fc.asyncProperty(
  fc.array(anySending(KEY), { minLength: 1, maxLength: AT_A_TIME }),
  async (sendings) => {
    await Promise.all(sendings.map(expectAnswersOrTheEnd));
    await expectGoodCall();
  },
);

describe('whatever comes over the wire', () => {
  let held: Promise<RawClient[]> = Promise.resolve([]);

  it(
    'is answered with what it deserves, or ended; and the next call has its answer',
    async () => {
      await hold(anything, 0.6);
      // Connections that nobody ends; looked at below.
      const open = fc.sample(anySending(KEY), {
        numRuns: 40,
        ...(SEED !== undefined && { seed: Number(SEED) }),
      });
      held = Promise.all(
        open.map(async ({ packets }) => {
          const client = new RawClient(port);
          send(client, packets);
          await Promise.race([
            client.answers(1).catch(() => undefined),
            sleep(HANGS_MS, undefined, { ref: false }),
          ]);
          return client;
        }),
      );
    },
    (SECONDS + 120) * 1_000,
  );

  it(
    'takes no answer from the calls before it on the same connection',
    async () => {
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
          await expectClosed(client);
        }
        const answers = halfClosed
          ? readAnswers(client.received, /HEAD/i.test(trouble))
          : await client.answers(known.length);
        client.destroy();
        expectRight(answers, known);
        for (const answer of answers.slice(known.length)) expectSound(answer, all);
      });
      await hold(property, 0.2);
    },
    (SECONDS + 60) * 1_000,
  );

  it(
    'is a request with a reason when its credentials are right, whatever its body is',
    async () => {
      const content = fc.oneof(
        jsonish,
        fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
      );
      const type = fc.constantFrom(
        'application/json',
        'application/json; charset=utf-8',
        'text/plain',
        '*/*',
      );
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
      });
      await hold(property, 0.2);
    },
    (SECONDS + 60) * 1_000,
  );

  it(
    'holds no connection that gives nothing',
    async () => {
      for (const client of await held) {
        // Answered, and perhaps kept for another request; or ended without an answer.
        if (client.received === '') await expectClosed(client);
        client.destroy();
      }
      await expectGoodCall();
    },
    HANGS_MS * 2,
  );

  it('leaves no memory behind, no open file, and no error in the log', async () => {
    await flood();
    const before = await weigh();
    await flood();
    const after = await weigh();
    process.stdout.write(`HTTP fuzzing: ${JSON.stringify({ before, after })}\n`);
    expect(after.heap / before.heap).toBeLessThan(1.15);
    expect(after.files).toBeLessThanOrEqual(before.files + 3);
    expect(program.logLines.filter(({ msg }) => !SHED.test(String(msg)))).toEqual([]);
    expect(program.stderr).toBe('');
  }, 60_000);
});
