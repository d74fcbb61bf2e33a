import type { JsonObject } from '../common/json.js';
import { withTimeLimit } from '../common/time-limit.js';
import { explainNoAnswer } from './no-answer.js';
import { CliError, print } from './output.js';

/** Enreach Core gives up after 5 s. */
const CORE_PATIENCE_MS = 5_000;
const TOO_LATE = `it took longer than ${CORE_PATIENCE_MS / 1000} s, after which Enreach Core gives up.`;

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
    throw new CliError(`No answer from ${url}: ${explainNoAnswer(error, TOO_LATE)}`);
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

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text; // not JSON: show what came
  }
}
