import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { fixedPorts } from '../support/fixed-ports.js';
import { startHaproxy } from '../support/haproxy.js';
import { IS_LONG } from '../support/length.js';
import { Program } from '../support/process.js';
import type { RunningProxy } from '../support/proxy-program.js';
import { HTTP2_PREFACE, RawClient } from '../support/raw-http.js';
import { ask, KEY } from '../support/service.js';
import { SteadyLoad, tally } from '../support/steady-load.js';

const CONFIGURATION = new URL('../../deploy/haproxy/haproxy.cfg', import.meta.url);
const VIPS = Array.from({ length: 20 }, (_, index) => `+3585012${String(index).padStart(5, '0')}`);
const STRANGER = '+358409999999';
const PER_SECOND = IS_LONG ? 60 : 30;

/** The configuration that operations get, with the addresses of this test, and time for a slow machine. */
async function balancerConfiguration(front: number, instances: readonly number[]): Promise<string> {
  const written = await readFile(CONFIGURATION, 'utf8');
  let servers = 0;
  const adapted = written
    .replace(/^( *timeout (?:connect|server|queue|check)) \S+$/gm, '$1 60s')
    // As many connections as an ordinary user may have.
    .replace(/^ *maxconn \d+$/m, '    maxconn 500')
    .replace(/^ *bind :443 .*$/m, `    bind 127.0.0.1:${front}`)
    .replace(/^( *server [a-z]+(\d)) \S+/gm, (_, name: string, number: string) => {
      servers++;
      return `${name} 127.0.0.1:${instances[Number(number) - 1]}`;
    });
  const isPlain = !adapted.includes('ssl');
  expect({ servers, isPlain }).toEqual({ servers: 2 * instances.length, isPlain: true });
  return adapted;
}

describe('several instances behind HAProxy', () => {
  let folder: string;
  let ports: number[];
  let front: number;
  let balancer: RunningProxy;
  const started: Program[] = [];
  let load: SteadyLoad | undefined;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'smartrouting-instances-'));
    await writeFile(
      join(folder, 'vips.csv'),
      `number,tier,name\n${VIPS.map((number, index) => `${number},gold,VIP ${index}\n`).join('')}`,
    );
    await writeFile(
      join(folder, 'smartrouting.yaml'),
      `
server: { trustedProxies: [127.0.0.1] }
credentials: [{ id: core, apiKey: ${KEY} }]
providers: { vips: { kind: static-file, file: ./vips.csv } }
targets: { SALES_QUEUE: { providers: [vips], routes: [{ instructions: { Greeting: "{{ name }}" } }] } }
`,
    );
    [front, ...ports] = (await fixedPorts(4)) as [number, ...number[]];
    balancer = await startHaproxy(await balancerConfiguration(front, ports), [front]);
  });
  afterEach(() => load?.stop());
  afterAll(async () => {
    for (const program of started) program.signal('SIGKILL');
    await Promise.all(started.map(({ finished }) => finished));
    await balancer?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  async function start(index: number): Promise<Program> {
    const program = new Program('dist/main.js', [], {
      SMARTROUTING_CONFIG: join(folder, 'smartrouting.yaml'),
      DATABASE_URL: `sqlite:${join(folder, 'own.sqlite')}`,
      HOST: '127.0.0.1',
      PORT: String(ports[index]),
    });
    started.push(program);
    await program.until(/"msg":"ready for calls"/);
    return program;
  }

  const decisionsOf = ({ logLines }: Program): Record<string, unknown>[] =>
    logLines.filter(({ msg }) => msg === 'decision');

  /** Waits until the balancer gives them calls. */
  async function untilUsed(...programs: Program[]): Promise<void> {
    const callsOf = ({ stdout }: Program): number => stdout.split('"msg":"decision"').length;
    const before = programs.map(callsOf);
    await eventually(() => programs.every((program, index) => callsOf(program) > before[index]! + 5));
  }

  it('give the same answers, whichever is asked, and need nothing of each other', async () => {
    await Promise.all([start(0), start(1)]);
    const answers = await Promise.all(
      [0, 1].map(async (index) => {
        const told: unknown[] = [];
        for (const anum of [...VIPS, STRANGER, 'anonymous']) {
          const { status, body, headers } = await ask(`http://127.0.0.1:${ports[index]}/smartrouting`, {
            method: 'POST',
            headers: { 'X-Benemen-APIKey': KEY, 'Content-Type': 'application/json' },
            body: { anum, bnum: '+358942415000', targetid: 'SALES_QUEUE' },
          });
          told.push([anum, status, headers['x-smartrouting-reason'], body]);
        }
        return told;
      }),
    );
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]).toContainEqual([VIPS[7], 200, 'matched', '{"Greeting":"VIP 7"}']);
    expect(answers[0]).toContainEqual([STRANGER, 204, 'no-match', '']);
  });

  it('answer every call, each for its caller, while one is killed, one joins and one is restarted', async () => {
    const [killed, restarted] = started as [Program, Program];
    const calls = (load = new SteadyLoad(
      `http://127.0.0.1:${front}/smartrouting`,
      [...VIPS, STRANGER],
      PER_SECOND,
    ).start());
    await untilUsed(killed, restarted);
    killed.signal('SIGKILL');
    await killed.finished;
    await calls.more(15);

    const added = await start(2);
    await untilUsed(added);

    restarted.signal('SIGTERM');
    expect(await restarted.finished).toMatchObject({ code: 0 });
    await calls.more(15);
    // Joining was seen above already.
    if (IS_LONG) await untilUsed(added, await start(1));

    const sent = await calls.stop();
    expect(calls.outcomes).toHaveLength(sent);
    const wrong = calls.outcomes.filter(({ anum, reason, body }) => {
      const index = VIPS.indexOf(anum);
      return index < 0
        ? reason !== 'no-match'
        : reason !== 'matched' || body !== `{"Greeting":"VIP ${index}"}`;
    });
    expect(tally(wrong)).toEqual({});
    // A call whose connection broke is asked again, and decided in the same way.
    const reasons = new Map<unknown, Set<unknown>>();
    for (const { callId, reason } of started.flatMap(decisionsOf)) {
      if (callId !== undefined) reasons.set(callId, (reasons.get(callId) ?? new Set()).add(reason));
    }
    expect([...reasons.values()].filter(({ size }) => size > 1)).toEqual([]);
    expect(reasons.size).toBeGreaterThan(sent / 2);
  });

  it('keep what is not for the public behind the balancer', async () => {
    for (const path of ['/health', '/metrics', '/docs', '/smartrouting/', '/smartrouting/../metrics']) {
      expect((await ask(`http://127.0.0.1:${front}${path}`)).status).toBe(404);
    }
  });

  it('speak no HTTP/2 without TLS', async () => {
    const client = new RawClient(front).send(HTTP2_PREFACE);
    await client.closed;
    expect(client.received).toMatch(/^HTTP\/1\.\d 400 /);
  });
});
