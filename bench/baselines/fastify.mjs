// Fastify 5 doing the whole work, as its documentation has it: schemas for the body and the answer, its own pino logger
// with one line per call, a hook for the credentials.
import { createHash, timingSafeEqual } from 'node:crypto';
import Fastify from 'fastify';
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

const app = Fastify({
  logger: {
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    stream: pino.destination({ sync: false }),
  },
  disableRequestLogging: true,
  bodyLimit: MAX_BODY_BYTES,
  ajv: {
    customOptions: { allErrors: true, coerceTypes: false, removeAdditional: false, useDefaults: false },
  },
});
app.decorateRequest('credential', '');
app.decorateRequest('startedMs', 0);

const textOrNull = { type: ['string', 'null'] };
const schema = {
  body: {
    type: 'object',
    required: ['anum', 'bnum'],
    properties: {
      anum: textOrNull,
      bnum: textOrNull,
      targetid: textOrNull,
      extradata: { type: ['object', 'null'] },
    },
  },
  response: {
    200: {
      type: 'object',
      properties: {
        InitialTarget: { type: 'string' },
        FailTarget: { type: 'string' },
        Priority: { type: 'number' },
        ExtraPriority: { type: 'number' },
      },
      additionalProperties: true,
    },
  },
};

app.post(settings.path, { schema, onRequest: authenticate }, async (request, reply) => {
  const call = callOf(request.body);
  const decision = await decide(call);
  const ms = performance.now() - request.startedMs;
  decisions.inc({ target: decision.target, reason: decision.reason });
  seconds.observe(ms / 1000);
  app.log.info(logFields(call, decision, request.credential, ms), 'decision');
  reply.header('X-SmartRouting-Reason', decision.reason).header('Cache-Control', 'no-store');
  if (decision.instructions === undefined) return reply.code(204).send();
  return decision.instructions;
});

app.get('/metrics', async (_request, reply) => {
  reply.type(register.contentType);
  return register.metrics();
});

const digest = (secret) => createHash('sha256').update(secret).digest();
const credentials = settings.credentials.map(({ id, apiKey, username, password }) => ({
  id,
  scheme: apiKey === undefined ? 'basic' : 'key',
  digest: digest(apiKey ?? `${username}:${password}`),
}));

async function authenticate(request) {
  request.startedMs = performance.now();
  const { 'x-benemen-apikey': apiKey, authorization } = request.headers;
  if (apiKey !== undefined) request.credential = matching('key', apiKey);
  else if (authorization !== undefined && /^basic /i.test(authorization)) {
    request.credential = matching('basic', Buffer.from(authorization.slice('Basic '.length), 'base64'));
  } else throw new Refusal(401, TEXTS.noCredentials);
}

function matching(scheme, presented) {
  const presentedDigest = digest(presented);
  const [found] = credentials.filter(
    (credential) => timingSafeEqual(credential.digest, presentedDigest) && credential.scheme === scheme,
  );
  if (found === undefined) throw new Refusal(401, TEXTS.wrongCredentials);
  return found.id;
}

class Refusal extends Error {
  constructor(statusCode, detail) {
    super(detail);
    this.statusCode = statusCode;
  }
}

app.setErrorHandler((error, request, reply) => {
  const status = error.statusCode ?? 500;
  const errors = error.validation ? invalid(error.validation) : unreadable(error.code);
  const body = problem(status, errors === undefined ? error.message : TEXTS.badBody, errors);
  if (status === 401) reply.header('WWW-Authenticate', TEXTS.challenge);
  else {
    decisions.inc({ target: 'unknown', reason: 'invalid-request' });
    seconds.observe((performance.now() - request.startedMs) / 1000);
    const { credential } = request;
    app.log.warn({ credential, outcome: status, reason: 'invalid-request', detail: body.detail }, 'decision');
    reply.header('X-SmartRouting-Reason', 'invalid-request');
  }
  return reply
    .code(status)
    .header('Cache-Control', 'no-store')
    .type('application/problem+json')
    .send(JSON.stringify(body));
});

const ORDER = ['', 'anum', 'bnum', 'targetid', 'extradata'];

function invalid(problems) {
  return problems
    .map(({ keyword, instancePath, params }) => {
      if (keyword === 'required') return { path: params.missingProperty, message: TEXTS.missing };
      const path = instancePath.slice(1);
      const message = path === '' ? TEXTS.noObject : path === 'extradata' ? TEXTS.noExtradata : TEXTS.noText;
      return { path, message };
    })
    .sort((a, b) => ORDER.indexOf(a.path) - ORDER.indexOf(b.path));
}

function unreadable(code) {
  if (code === 'FST_ERR_CTP_EMPTY_JSON_BODY') return [{ path: '', message: TEXTS.empty }];
  if (code === 'FST_ERR_CTP_INVALID_JSON_BODY') return [{ path: '', message: TEXTS.noJson }];
  return undefined;
}

await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
