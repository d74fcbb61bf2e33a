import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashPassword } from '../../src/common/secret-hash.js';
import { Program } from '../support/process.js';
import { basic } from '../support/service.js';
import { compare } from '../support/timing.js';

/** 32 characters, as keys are made. */
const KEY = 'vq3Zc81mWnT6yRk0bXj5sLd9aHf2uGe7';
const PASSWORD = 'a long enough password, 4 everybody';
/** Each kind of login is sent once a round, in random order. */
const FAST = { rounds: 400, limitMs: 3_000 };
/** Each costs a key derivation of some tens of milliseconds. */
const DERIVED = { rounds: 16, limitMs: 4_000 };

const random = (length: number): string => randomBytes(length).toString('base64url').slice(0, length);
const nearly = (secret: string): string => secret.slice(0, -4) + random(4);
const key = (text: string): Record<string, string> => ({ 'X-Benemen-APIKey': text });
const login = (user: string, password: string): Record<string, string> => ({
  Authorization: basic(user, password),
});

/** However slow the machine is. */
const FEWEST_ROUNDS = 8;

interface Samples {
  /** Kind of login -> times, milliseconds. */
  readonly ms: Map<string, number[]>;
  readonly statuses: Map<string, Set<number>>;
}

type Kinds = Readonly<Record<string, () => Record<string, string>>>;

/** The first of each is what the others are compared with; the second is the same again, and shows what is noise. */
const KEYS: Kinds = {
  'wrong key': () => key(random(KEY.length)),
  'wrong key, once more': () => key(random(KEY.length)),
  'all but the last four characters right': () => key(nearly(KEY)),
  'half as long': () => key(random(KEY.length / 2)),
  'twice as long': () => key(random(KEY.length * 2)),
  'right key, remembered': () => key(KEY),
};
const PASSWORDS: Kinds = {
  'unknown user': () => login('nobody', random(PASSWORD.length)),
  'unknown user, once more': () => login('nobody', random(PASSWORD.length)),
  'user with a plain password, wrong': () => login('plain', random(PASSWORD.length)),
  'user with a plain password, nearly right': () => login('plain', nearly(PASSWORD)),
};
const HASHED: Kinds = {
  ...PASSWORDS,
  'user with an scrypt password, wrong': () => login('hashed', random(PASSWORD.length)),
  'user with an scrypt password, nearly right': () => login('hashed', nearly(PASSWORD)),
};

let folder: string;
const programs: Program[] = [];
let plain: LoginClock;
let hashed: LoginClock;

/** Times logins, one at a time over one connection; each seems to come from another address, so none is throttled. */
class LoginClock {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #address = 0;

  constructor(private readonly url: string) {}

  async time(headers: Record<string, string>): Promise<{ ms: number; status: number }> {
    const address = ++this.#address;
    const startedMs = performance.now();
    const sent = request(this.url, {
      method: 'POST',
      agent: this.#agent,
      headers: {
        ...headers,
        'X-Forwarded-For': `10.${address >> 16}.${(address >> 8) & 255}.${address & 255}`,
      },
    });
    sent.end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const ms = performance.now() - startedMs;
    await once(answer.resume(), 'end');
    return { ms, status: answer.statusCode! };
  }

  close(): void {
    this.#agent.destroy();
  }
}

async function start(name: string, credentials = ''): Promise<LoginClock> {
  const config = join(folder, `${name}.yaml`);
  const database = join(folder, `${name}.sqlite`);
  await writeFile(
    config,
    `
server: { port: 0, trustedProxies: [127.0.0.1] }
credentials:
  - { id: core, apiKey: ${KEY} }
  - { id: plain, username: plain, password: '${PASSWORD}' }
${credentials}
providers: { list: { kind: static-file, file: ./vips.csv } }
targets: { default: { providers: [list], routes: [{ instructions: { ExtraPriority: 5 } }] } }
`,
  );
  const program = new Program('dist/main.js', [], {
    SMARTROUTING_CONFIG: config,
    DATABASE_URL: `sqlite:${database}`,
  });
  programs.push(program);
  const [, url] = await program.until(/"url":"(http:[^"]+)"/);
  return new LoginClock(url!);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smartrouting-timing-'));
  await writeFile(join(folder, 'vips.csv'), 'number,tier\n+358501231234,gold\n');
  const stored = await hashPassword(PASSWORD);
  [plain, hashed] = await Promise.all([
    start('plain'),
    start('hashed', `  - { id: hashed, username: hashed, password: '${stored}' }`),
  ]);
});
afterAll(async () => {
  plain?.close();
  hashed?.close();
  programs.forEach((program) => program.signal('SIGKILL'));
  await Promise.all(programs.map(({ finished }) => finished));
  await rm(folder, { recursive: true, force: true });
});

/** Sends each kind of login once a round; the first round, in which nothing is warm, does not count. */
async function sample(clock: LoginClock, kinds: Kinds, { rounds, limitMs }: typeof FAST): Promise<Samples> {
  const names = Object.keys(kinds);
  const samples: Samples = { ms: new Map(names.map((name) => [name, []])), statuses: new Map() };
  const endMs = performance.now() + limitMs;
  for (let round = 0; round <= rounds && (round < FEWEST_ROUNDS || performance.now() < endMs); round++) {
    const order = names.map((name) => ({ name, at: Math.random() })).sort((a, b) => a.at - b.at);
    for (const { name } of order) {
      const { ms, status } = await clock.time(kinds[name]!());
      samples.statuses.set(name, (samples.statuses.get(name) ?? new Set()).add(status));
      if (round > 0) samples.ms.get(name)!.push(ms);
    }
  }
  return samples;
}

/** What docs/security.md quotes: each kind beside the first. */
function report(title: string, { ms }: Samples): void {
  const [[, base], ...others] = [...ms] as [[string, number[]], ...[string, number[]][]];
  const rows = others.map(([name, times]) => {
    const { samples, medianUs, t, longer } = compare(base, times);
    const figures = [samples, medianUs.toFixed(1), t.toFixed(1), longer.toFixed(3)].map((text) =>
      `${text}`.padStart(12),
    );
    return `  ${name.padEnd(44)}${figures.join('')}`;
  });
  const head =
    `${title}`.padEnd(46) +
    ['n', 'median µs', "Welch's t", 'P(longer)'].map((text) => text.padStart(12)).join('');
  process.stdout.write(`${[head, ...rows].join('\n')}\n`);
}

/** Only reported: what is noise on a busy machine, no bound can tell. That samples were taken is asserted, and of what. */
describe('the time that the answer to a login takes is measured', () => {
  it.each([
    ['API keys', () => plain, KEYS, FAST],
    ['passwords, all plain', () => plain, PASSWORDS, FAST],
    ['passwords, some hashed', () => hashed, HASHED, DERIVED],
  ])('for %s', async (title, clock, kinds, much) => {
    const samples = await sample(clock(), kinds, much);
    report(title, samples);
    for (const [name, statuses] of samples.statuses) {
      expect({ name, statuses: [...statuses] }).toEqual({
        name,
        statuses: [name.startsWith('right') ? 400 : 401],
      });
    }
    for (const times of samples.ms.values()) expect(times.length).toBeGreaterThanOrEqual(FEWEST_ROUNDS - 1);
  });

  it('by a comparison that sees a difference where there is one, and none where there is none', () => {
    const times = (shiftMs: number): number[] =>
      Array.from({ length: 400 }, (_, i) => 0.4 + shiftMs + ((i * 7_919) % 400) / 4_000);
    expect(compare(times(0), times(0))).toEqual({ samples: 400, medianUs: 0, t: 0, longer: 0.5 });
    const seen = compare(times(0), times(0.02));
    expect(seen.medianUs).toBeCloseTo(20);
    expect(seen.t).toBeGreaterThan(4.5);
    expect(seen.longer).toBeGreaterThan(0.6);
  });
});
