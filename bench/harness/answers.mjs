// A subject is timed only after it has given the right answers.
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { ask } from './ask.mjs';
import { CALL, INSTRUCTIONS, KEY, PATH, settings, VIP } from './call.mjs';

const { username, password } = settings.credentials[1];
const basic = (text) => ({ Authorization: `Basic ${Buffer.from(text).toString('base64')}` });
const key = { 'X-Benemen-APIKey': KEY };
const NO_VIP = '+358501231234';
const vip = { ...CALL, anum: VIP };

const CASES = [
  ['a VIP', key, vip, 200, 'matched'],
  ['a VIP, asked for with a password', basic(`${username}:${password}`), vip, 200, 'matched'],
  ['a VIP, written with spaces', key, { ...vip, anum: `${VIP.slice(0, 4)} ${VIP.slice(4)}` }, 200, 'matched'],
  ['no VIP', key, { ...vip, anum: NO_VIP }, 204, 'no-match'],
  ['a withheld number', key, { ...vip, anum: null }, 204, 'no-number'],
  ['an unknown target', key, { ...vip, targetid: 'NOBODYS_QUEUE' }, 204, 'unknown-target'],
  ['a wrong key', { 'X-Benemen-APIKey': `${KEY}x` }, vip, 401],
  ['a wrong password', basic(`${username}:${password}x`), vip, 401],
  ['no credentials', {}, vip, 401],
  ['a bad body', key, { anum: 1, targetid: [], extradata: [] }, 400, 'invalid-request'],
  ['a body that lacks both numbers', key, {}, 400, 'invalid-request'],
  ['a body that is a list', key, [], 400, 'invalid-request'],
  ['a body that is not JSON', key, '{"anum": ', 400, 'invalid-request'],
];

/**
 * @param subjects they do the whole work; the first is the service, whose answers the others must give
 * @throws Error naming the subject and the case
 */
export async function checkAnswers(subjects) {
  for (const [title, credentials, call, status, reason] of CASES) {
    const body = typeof call === 'string' ? call : JSON.stringify(call);
    let expected;
    for (const subject of subjects) {
      const answer = await post(subject, credentials, body);
      const said = essence(answer);
      const right =
        said.status === status &&
        said.reason === reason &&
        (status === 200
          ? isDeepStrictEqual(said.body, INSTRUCTIONS)
          : (status === 204) === (answer.body === ''));
      expected ??= said;
      if (!right || !isDeepStrictEqual(said, expected)) {
        throw new Error(
          `${subject.name} answers wrong to ${title}: ${JSON.stringify(said)}, not ${JSON.stringify(right ? expected : { status, reason })}`,
        );
      }
    }
  }
  for (const subject of subjects) checkLog(subject);
}

/** @param subjects they send the body back */
export async function checkEchoes(subjects) {
  for (const subject of subjects) {
    const answer = await post(subject, key, JSON.stringify(vip));
    if (answer.status !== 200 || answer.body !== JSON.stringify(vip))
      throw new Error(`${subject.name} is not an echo`);
  }
}

/** @param subject it knows VIPs, and nothing else of the work */
export async function checkVip(subject) {
  const found = await post(subject, {}, JSON.stringify(vip));
  const none = await post(subject, {}, JSON.stringify({ ...vip, anum: NO_VIP }));
  if (found.status !== 200 || found.body !== JSON.stringify(INSTRUCTIONS) || none.status !== 204) {
    throw new Error(
      `${subject.name} does not know who is a VIP: ${found.status} ${found.body}, ${none.status}`,
    );
  }
}

/** Waits until a VIP is known for one. */
export async function untilVip(subject, withinMs) {
  const deadline = Date.now() + withinMs;
  while ((await post(subject, key, JSON.stringify(vip))).status !== 200) {
    if (Date.now() > deadline) {
      throw new Error(`${subject.name}: no VIP known after ${withinMs} ms:\n${subject.log.slice(0, 4_000)}`);
    }
    await sleep(200);
  }
}

function post(subject, credentials, body) {
  return ask(subject.url + PATH, {
    method: 'POST',
    headers: {
      ...credentials,
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
    },
    body,
  });
}

/** Of the headers those that the product promises; and none that it promises not to send. */
function essence({ status, headers, body }) {
  return {
    status,
    body: body === '' ? '' : JSON.parse(body),
    type: headers['content-type']?.split(';', 1)[0],
    reason: headers['x-smartrouting-reason'],
    caching: headers['cache-control'],
    challenge: headers['www-authenticate'],
    etag: headers.etag,
    poweredBy: headers['x-powered-by'],
  };
}

/** One line for the first call, with who asked and what came out, the number masked, no secret. */
function checkLog(subject) {
  const { log } = subject;
  const line = log
    .split('\n')
    .filter((text) => text.startsWith('{'))
    .map((text) => JSON.parse(text))
    .find(({ reason }) => reason === 'matched');
  const right =
    line?.callId === CALL.extradata.CallId &&
    line.target === CALL.targetid &&
    line.credential === 'bench' &&
    line.outcome === 200 &&
    line.provider === 'list' &&
    line.caller.startsWith(VIP.slice(0, 6)) &&
    typeof line.ms === 'number';
  if (!right || log.includes(VIP) || log.includes(KEY) || log.includes(password)) {
    throw new Error(`${subject.name} logs a decision wrong: ${JSON.stringify(line)}`);
  }
  subject.logsDecisions = true;
  subject.clearLog();
}
