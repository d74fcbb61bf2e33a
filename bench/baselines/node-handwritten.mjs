// Hand-written node:http doing the whole work: no framework, no check done twice, answers serialised in advance.
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { pino } from 'pino';
import { collectDefaultMetrics, Counter, Histogram, register } from 'prom-client';
import {
  callOf,
  decide,
  logFields,
  MAX_BODY_BYTES,
  problem,
  SECONDS_BUCKETS,
  settings,
  TEXTS,
} from './work.mjs';

const logger = pino(
  {
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  },
  pino.destination({ sync: false }),
);
collectDefaultMetrics();
const decisions = new Counter({
  name: 'smartrouting_decisions_total',
  help: 'Decisions by target and reason.',
  labelNames: ['target', 'reason'],
});
const seconds = new Histogram({
  name: 'smartrouting_decision_duration_seconds',
  help: 'Time of a decision.',
  buckets: SECONDS_BUCKETS,
});

const digest = (secret) => createHash('sha256').update(secret).digest();
const credentials = settings.credentials.map(({ id, apiKey, username, password }) => ({
  id,
  scheme: apiKey === undefined ? 'basic' : 'key',
  digest: digest(apiKey ?? `${username}:${password}`),
}));
/** Instructions -> their JSON. */
const answers = new Map(
  Object.values(settings.targets)
    .flatMap(({ routes }) => routes)
    .map(({ instructions }) => [instructions, Buffer.from(JSON.stringify(instructions))]),
);

createServer((request, response) => {
  const startedMs = performance.now();
  if (request.url !== settings.path) {
    if (request.url === '/metrics') return void metrics(response);
    return refuse(response, problem(404));
  }
  if (request.method !== 'POST') return refuse(response, problem(405, 'ask with POST'), { Allow: 'POST' });
  const { credential, refusal } = authenticate(request.headers);
  if (credential === undefined) {
    return refuse(response, problem(401, refusal), { 'WWW-Authenticate': TEXTS.challenge });
  }
  const type = request.headers['content-type'];
  if (type !== 'application/json' && type?.split(';', 1)[0].trim().toLowerCase() !== 'application/json') {
    return refuseCall(response, credential, startedMs, problem(415, 'send JSON'));
  }
  let size = 0;
  const chunks = [];
  request.on('data', (chunk) => {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  });
  request.on('end', () => {
    if (size > MAX_BODY_BYTES)
      return refuseCall(response, credential, startedMs, problem(413, 'the body is too large'));
    const { body, errors } = read(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
    if (errors !== undefined) {
      return refuseCall(response, credential, startedMs, problem(400, TEXTS.badBody, errors));
    }
    void answer(response, callOf(body), credential, startedMs);
  });
}).listen(Number(process.env.PORT), '127.0.0.1');

async function answer(response, call, credential, startedMs) {
  const decision = await decide(call);
  const ms = performance.now() - startedMs;
  decisions.inc({ target: decision.target, reason: decision.reason });
  seconds.observe(ms / 1000);
  logger.info(logFields(call, decision, credential, ms), 'decision');
  const body = answers.get(decision.instructions);
  if (body === undefined) {
    response.writeHead(204, { 'X-SmartRouting-Reason': decision.reason, 'Cache-Control': 'no-store' }).end();
    return;
  }
  response
    .writeHead(200, {
      'X-SmartRouting-Reason': decision.reason,
      'Cache-Control': 'no-store',
      'Content-Type': 'application/json',
      'Content-Length': body.length,
    })
    .end(body);
}

/** @returns the `credential`'s id, or a `refusal`; every credential is compared, in constant time */
function authenticate({ 'x-benemen-apikey': apiKey, authorization }) {
  if (apiKey !== undefined) return matching('key', apiKey);
  if (authorization === undefined) return { refusal: TEXTS.noCredentials };
  const [scheme, encoded = ''] = authorization.split(' ', 2);
  if (scheme.toLowerCase() !== 'basic') return { refusal: TEXTS.noCredentials };
  return matching('basic', Buffer.from(encoded, 'base64'));
}

function matching(scheme, presented) {
  const presentedDigest = digest(presented);
  let found;
  for (const credential of credentials) {
    if (timingSafeEqual(credential.digest, presentedDigest) && credential.scheme === scheme)
      found = credential.id;
  }
  return { credential: found, refusal: TEXTS.wrongCredentials };
}

function read(bytes) {
  if (bytes.length === 0) return { errors: [{ path: '', message: TEXTS.empty }] };
  const text = bytes.toString('utf8');
  let body;
  try {
    body = JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch {
    return { errors: [{ path: '', message: TEXTS.noJson }] };
  }
  if (!isObject(body)) return { errors: [{ path: '', message: TEXTS.noObject }] };
  const errors = [];
  for (const path of ['anum', 'bnum']) {
    const value = body[path];
    if (value === undefined) errors.push({ path, message: TEXTS.missing });
    else if (value !== null && typeof value !== 'string') errors.push({ path, message: TEXTS.noText });
  }
  if (body.targetid != null && typeof body.targetid !== 'string')
    errors.push({ path: 'targetid', message: TEXTS.noText });
  if (body.extradata != null && !isObject(body.extradata))
    errors.push({ path: 'extradata', message: TEXTS.noExtradata });
  return errors.length > 0 ? { errors } : { body };
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuseCall(response, credential, startedMs, body) {
  const ms = performance.now() - startedMs;
  decisions.inc({ target: 'unknown', reason: 'invalid-request' });
  seconds.observe(ms / 1000);
  logger.warn(
    { credential, outcome: body.status, reason: 'invalid-request', detail: body.detail },
    'decision',
  );
  refuse(response, body, { 'X-SmartRouting-Reason': 'invalid-request' });
}

function refuse(response, body, headers = {}) {
  const text = JSON.stringify(body);
  response
    .writeHead(body.status, {
      ...headers,
      'Cache-Control': 'no-store',
      'Content-Type': 'application/problem+json',
      'Content-Length': Buffer.byteLength(text),
    })
    .end(text);
}

async function metrics(response) {
  response.setHeader('Content-Type', register.contentType);
  response.end(await register.metrics());
}
