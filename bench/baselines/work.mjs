// What every baseline that does the whole work shares: reading the number, finding the record and choosing the
// instructions with the product's own compiled modules, the texts of the refusals, and what the log line says. HTTP,
// credentials, validation, logging and metrics are each baseline's own.
import { pathToFileURL } from 'node:url';

const { BENCH_DIST, BENCH_LIST, BENCH_SETTINGS } = process.env;
const dist = (path) => import(pathToFileURL(`${BENCH_DIST}/${path}`).href);

const { Caller } = await dist('plugin-api/caller.js');
const { isWithheldNumber } = await dist('plugin-api/phone-number.js');
const { recordApplies } = await dist('plugin-api/vip-record.js');
const { StaticFileProvider } = await dist('providers/static-file/static-file.provider.js');
const { maskNumber } = await dist('observability/masking.js');

/** Credentials, targets and path, as the service's configuration has them. */
export const settings = JSON.parse(BENCH_SETTINGS);
export const MAX_BODY_BYTES = 64 * 1024;
export const SECONDS_BUCKETS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2.5, 5,
];

const targets = new Map(Object.entries(settings.targets));
const neverAborted = AbortSignal.any([]);
const silent = { info() {}, warn() {}, error: (fields, message) => console.error(message) };
const list = new StaticFileProvider({
  name: 'list',
  options: { file: BENCH_LIST },
  country: settings.country,
  databaseUrl: 'sqlite::memory:',
  logger: silent,
  resolvePath: (path) => path,
});
await list.open();

/**
 * @param call `anum`, `targetid`: text or absent
 * @returns `reason`, the `target`'s name, `caller`, and for a VIP the `route` with its instructions
 */
export async function decide({ anum, targetid }) {
  const target = targets.get(targetid ?? 'default');
  if (target === undefined) return { reason: 'unknown-target', target: 'unknown' };
  if (anum === undefined || isWithheldNumber(anum)) return { reason: 'no-number', target: targetid };
  const caller = Caller.read(anum, settings.country);
  const answer = await list.lookup(caller, neverAborted);
  const now = Date.now();
  const record = (Array.isArray(answer) ? answer : [answer]).find(
    (candidate) => candidate !== null && recordApplies(candidate, targetid, now),
  );
  if (record === undefined) return { reason: 'no-match', target: targetid, caller };
  const route = target.routes.findIndex(({ tier }) => tier === record.tier);
  if (route < 0) return { reason: 'no-route', target: targetid, caller, provider: 'list' };
  const { instructions } = target.routes[route];
  return { reason: 'matched', target: targetid, caller, provider: 'list', route, instructions };
}

/** The body's four properties, `null` and empty text turned into "absent". */
export function callOf({ anum, bnum, targetid, extradata }) {
  return {
    anum: anum ?? undefined,
    bnum: bnum ?? undefined,
    targetid: targetid || undefined,
    extradata: extradata ?? {},
  };
}

/** Fields of the log line of one decision. */
export function logFields(call, { reason, target, caller, provider, route }, credential, ms) {
  const { CallId } = call.extradata;
  return {
    callId: typeof CallId === 'string' ? CallId.slice(0, 64) : undefined,
    target,
    credential,
    caller: caller && maskNumber(caller.key),
    outcome: reason === 'matched' ? 200 : 204,
    reason,
    provider,
    route,
    ms: Math.round(ms * 1000) / 1000,
  };
}

const HOW_TO_LOG_IN =
  'Send the header X-Benemen-APIKey: <key>, or Authorization: Basic with user name and password in UTF-8.';
export const TEXTS = {
  noCredentials: `No credentials. ${HOW_TO_LOG_IN}`,
  wrongCredentials: `Wrong credentials. ${HOW_TO_LOG_IN}`,
  challenge: 'Basic realm="SmartRouting", charset="UTF-8"',
  badBody: 'the body is not usable',
  noJson: 'is not valid JSON',
  empty: 'is empty; send a JSON object',
  noObject: 'must be a JSON object',
  missing: 'is missing; send a string, or null when the number is withheld',
  noText: 'must be a string or null',
  noExtradata: 'must be an object or null',
};

const TITLES = {
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  500: 'Internal Server Error',
};

/** Body of a refusal (RFC 9457). */
export function problem(status, detail, errors) {
  return { type: 'about:blank', title: TITLES[status] ?? 'Error', status, detail, errors };
}
