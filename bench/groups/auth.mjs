import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { numbers, PATH } from '../harness/call.mjs';
import { difference } from '../harness/difference.mjs';
import { tell } from '../harness/rounds.mjs';
import { DIST, startService, writeList } from '../harness/start.mjs';

/** 32 characters, as keys are made. */
const KEY = 'vq3Zc81mWnT6yRk0bXj5sLd9aHf2uGe7';
const PASSWORD = 'a long enough password, 4 everybody';
const WRONG = 401;
/** Valid except for the missing body. */
const RIGHT = 400;

const random = (length) => randomBytes(length).toString('base64url').slice(0, length);
const nearly = (secret) => secret.slice(0, -4) + random(4);
const key = (text) => ({ 'X-Benemen-APIKey': text });
const login = (user, password) => ({
  Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});

/** The others are compared with the first of each; the second is of the same kind and shows the noise. */
const KEYS = {
  'a wrong key': () => key(random(KEY.length)),
  'another wrong key (noise)': () => key(random(KEY.length)),
  'all but the last four characters right': () => key(nearly(KEY)),
  'half as long': () => key(random(KEY.length / 2)),
  'twice as long': () => key(random(KEY.length * 2)),
  'right, remembered': () => key(KEY),
};
const PLAIN = {
  'an unknown user': () => login('nobody', random(PASSWORD.length)),
  'another unknown user (noise)': () => login('nobody', random(PASSWORD.length)),
  'user with a plain password, wrong': () => login('plain', random(PASSWORD.length)),
  'user with a plain password, right but for four characters': () => login('plain', nearly(PASSWORD)),
};
const HASHED = {
  ...PLAIN,
  'user with a hashed password, wrong': () => login('hashed', random(PASSWORD.length)),
  'user with a hashed password, right but for four characters': () => login('hashed', nearly(PASSWORD)),
};

/** What the time of a login reveals about it: docs/security.md, "Timing of logins". */
export async function auth(quick) {
  const { hashPassword } = await import(pathToFileURL(join(DIST, 'common/secret-hash.js')));
  const credentials = [
    { id: 'core', apiKey: KEY },
    { id: 'plain', username: 'plain', password: PASSWORD },
  ];
  const hashed = { id: 'hashed', username: 'hashed', password: await hashPassword(PASSWORD) };
  const plainOnly = await startService('plain', list(), { credentials, server: TRUSTING });
  const someHashed = await startService('some hashed', list(), {
    credentials: [...credentials, hashed],
    server: TRUSTING,
  });
  const tables = [];
  for (const [title, subject, kinds, rounds] of [
    ['keys', plainOnly, KEYS, quick ? 300 : 1_500],
    ['all passwords plain', plainOnly, PLAIN, quick ? 300 : 1_500],
    ['some passwords hashed', someHashed, HASHED, quick ? 12 : 35],
  ]) {
    tell(`${title}: ${rounds} rounds`);
    tables.push(tableOf(title, await timesOf(subject, kinds, rounds)));
  }
  tell('');
  for (const subject of [plainOnly, someHashed]) await subject.stop();
  return { rows: [], figures: [], tables };
}

/** Each login seems to come from another address, so none is throttled. */
const TRUSTING = { trustedProxies: ['127.0.0.1'] };
const list = () => ({ kind: 'static-file', file: writeList(numbers(1_000)) });

/**
 * Sends each kind of login once a round, in random order, one at a time over one connection. The first round, in which
 * nothing is warm, does not count.
 * @returns kind -> times, milliseconds
 */
async function timesOf(subject, kinds, rounds) {
  const names = Object.keys(kinds);
  const times = new Map(names.map((name) => [name, []]));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let round = 0; round <= rounds; round++) {
    const order = names.map((name) => ({ name, at: Math.random() })).sort((a, b) => a.at - b.at);
    for (const [at, { name }] of order.entries()) {
      const { ms, status } = await timeOf(subject, agent, kinds[name](), round * names.length + at);
      if (status !== (name.startsWith('right,') ? RIGHT : WRONG)) {
        throw new Error(`${subject.name} answers ${status} to a login: ${name}`);
      }
      if (round > 0) times.get(name).push(ms);
    }
  }
  agent.destroy();
  return times;
}

async function timeOf({ url }, agent, credentials, address) {
  const from = `10.${address >> 16}.${(address >> 8) & 255}.${address & 255}`;
  const startedMs = performance.now();
  const sent = request(`${url}${PATH}`, {
    method: 'POST',
    agent,
    headers: { ...credentials, 'X-Forwarded-For': from },
  });
  sent.end();
  const [answer] = await once(sent, 'response');
  const ms = performance.now() - startedMs;
  await once(answer.resume(), 'end');
  return { ms, status: answer.statusCode };
}

function tableOf(title, times) {
  const [[baseName, base], ...others] = times;
  return {
    header: [
      `${title}: compared with ${baseName}, n = ${base.length}`,
      'median us',
      "Welch's t",
      'P(longer)',
    ],
    rows: others.map(([name, ms]) => {
      const { medianUs, t, longer } = difference(base, ms);
      return [name, medianUs.toFixed(0), t.toFixed(1), longer.toFixed(3)];
    }),
  };
}
