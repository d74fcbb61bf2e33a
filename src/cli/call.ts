import type { JsonObject } from '../common/json.js';
import { withTimeLimit } from '../common/time-limit.js';
import { CliError, print } from './output.js';

/** Enreach Core gives up after 5 s. */
const CORE_PATIENCE_MS = 5_000;

/** OpenSSL's and Node's codes for problems with a server's certificate. */
const UNKNOWN_AUTHORITY = /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+)$/;
const BAD_CERTIFICATE = /^(?:CERT_\w+|ERR_TLS_CERT_ALTNAME_INVALID)$/;

export interface CallOptions {
  url: string;
  anum: string;
  bnum: string;
  target?: string;
  extradata?: JsonObject;
  apiKey?: string;
  user?: string;
  password?: string;
}

export async function call(options: CallOptions): Promise<void> {
  const { url, anum, bnum, target: targetid, extradata } = options;
  const body = JSON.stringify({ anum, bnum, targetid, extradata });
  const headers = { 'Content-Type': 'application/json', ...authorization(options) };
  const startedMs = performance.now();
  let answer: Response;
  let text: string;
  try {
    [answer, text] = await withTimeLimit(CORE_PATIENCE_MS, [], async (signal) => {
      const given = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
      return [given, await given.text()] as const;
    });
  } catch (error) {
    throw new CliError(`No answer from ${url}: ${explain(error)}`);
  }
  const ms = Math.round(performance.now() - startedMs);
  const reason = answer.headers.get('x-smartrouting-reason');
  print(`HTTP ${answer.status}${reason === null ? '' : `, ${reason}`}, ${ms} ms`);
  if (answer.status === 204) print('Core proceeds normally with this call.');
  else print(pretty(text));
  if (answer.status !== 200 && answer.status !== 204) process.exitCode = 1;
}

function authorization({ apiKey, user, password }: CallOptions): Record<string, string> {
  if (user !== undefined)
    return { Authorization: `Basic ${Buffer.from(`${user}:${password ?? ''}`).toString('base64')}` };
  if (apiKey !== undefined) return { 'X-Benemen-APIKey': Buffer.from(apiKey).toString('latin1') };
  throw new CliError(
    'No credentials. Set SMARTROUTING_API_KEY, or SMARTROUTING_USER and SMARTROUTING_PASSWORD (or give --api-key, --user, --password).',
  );
}

function explain(error: unknown): string {
  const { name, message, cause } = error as Error & { cause?: { code?: string } };
  if (name === 'TimeoutError')
    return `it took longer than ${CORE_PATIENCE_MS / 1000} s, after which Enreach Core gives up.`;
  const code = cause?.code ?? '';
  if (UNKNOWN_AUTHORITY.test(code))
    return `its certificate is not trusted (${code}). Set NODE_EXTRA_CA_CERTS=<PEM file of the authority that signed it> in the environment.`;
  if (BAD_CERTIFICATE.test(code))
    return `its certificate does not match (${code}). Correct it, or the host in the URL.`;
  return `${cause?.code ?? message}. Is the service running, and is the URL right?`;
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text; // not JSON: show what came
  }
}
