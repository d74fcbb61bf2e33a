import { Agent, request } from 'undici';
import { readEnvironment } from '../app/environment.js';
import { loadConfig } from '../app/load-config.js';
import { isPlainObject } from '../common/json.js';
import { withTimeLimit } from '../common/time-limit.js';
import { explainNoAnswer } from './no-answer.js';
import { CliError, counted, print } from './output.js';

const PATIENCE_MS = 5_000;
const TOO_LATE = `no answer within ${PATIENCE_MS / 1000} s.`;
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const NO_HEALTH =
  'is not the /health of smartrouting-vip. Name the address that has it: management.port, where there is one.';

const EXIT = { up: 0, degraded: 1, 'no answer': 2 } as const;
type State = keyof typeof EXIT;

interface Instance {
  readonly shown: string;
  /** Of `/health`; `undefined`: it cannot be one. */
  readonly url: URL | undefined;
  /** The configuration's own address, for which no certificate is made. */
  readonly isOwn: boolean;
}

interface Found {
  readonly state: State;
  readonly lines: readonly string[];
  /** What should be the same everywhere. */
  readonly build?: string;
  readonly configuration?: string;
}

/** Asks each instance, prints what it says, and sets the exit code of the worst. */
export async function status(urls: readonly string[]): Promise<void> {
  const instances = urls.length > 0 ? urls.map(instanceAt) : [await ownInstance()];
  const found = await Promise.all(instances.map(ask));
  for (const { lines } of found) lines.forEach(print);
  if (found.length > 1) printTogether(found);
  process.exitCode = Math.max(...found.map(({ state }) => EXIT[state]));
}

function printTogether(found: readonly Found[]): void {
  const counts = (Object.keys(EXIT) as State[]).flatMap((state) => {
    const count = found.filter((one) => one.state === state).length;
    return count === 0 ? [] : [`${count} ${state}`];
  });
  print(`${counted(found.length, 'instance')}: ${counts.join(', ')}.`);
  for (const [key, what] of [
    ['build', 'builds'],
    ['configuration', 'configurations'],
  ] as const) {
    const different = new Set(found.flatMap((one) => one[key] ?? []));
    if (different.size > 1)
      print(`Warning: the instances run different ${what}: ${[...different].join(', ')}`);
  }
}

/** @param written `http://host:port`, with or without the scheme and `/health` */
function instanceAt(written: string): Instance {
  const text = /^https?:\/\//i.test(written) ? written : `http://${written}`;
  if (!URL.canParse(text)) return { shown: printable(written), url: undefined, isOwn: false };
  const url = new URL(text);
  // Neither is of any use, and both may be secrets.
  url.username = url.password = url.search = url.hash = '';
  url.pathname = `${url.pathname.replace(/(?:\/health(?:\/(?:live|ready))?)?\/*$/, '')}/health`;
  return { shown: url.href.replace(/\/health$/, ''), url, isOwn: false };
}

async function ownInstance(): Promise<Instance> {
  const { server, management } = (await loadConfig(readEnvironment())).config;
  const { host, port } = management ?? server;
  if (port === 0)
    throw new CliError('The configuration says port 0, a free one. Name the address: status http://…');
  const scheme = management === undefined && server.tls ? 'https' : 'http';
  const reached =
    host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host;
  return { ...instanceAt(`${scheme}://${reached}:${port}`), isOwn: true };
}

async function ask({ shown, url, isOwn }: Instance): Promise<Found> {
  const none = (why: string): Found => ({ state: 'no answer', lines: [`${shown}: no answer: ${why}`] });
  if (url === undefined) return none('that is no address. Write http://host:port.');
  const dispatcher = new Agent({ connect: { rejectUnauthorized: !isOwn } });
  try {
    return await withTimeLimit(PATIENCE_MS, [], async (signal) => {
      const options = { dispatcher, signal };
      const [health, ready] = await Promise.all(
        [url, new URL(`${url.href}/ready`)].map(async (one) => {
          const answer = await request(one, options);
          return { code: answer.statusCode, body: await readJson(answer.body) };
        }),
      );
      const details = partOf(health!.body, 'details');
      if (details === undefined) return none(`HTTP ${health!.code}, which ${NO_HEALTH}`);
      return judge(shown, details, partOf(partOf(ready!.body, 'details'), 'server'), ready!.code === 200);
    });
  } catch (error) {
    return none(explainNoAnswer(error, TOO_LATE));
  } finally {
    await dispatcher.destroy();
  }
}

type Part = Readonly<Record<string, unknown>>;

function judge(shown: string, details: Part, server: Part | undefined, isReady: boolean): Found {
  const parts = Object.keys(details).map((key): Part => ({ key, ...partOf(details, key) }));
  const troubled = parts.filter(({ status }) => status !== 'up');
  if (!isReady) troubled.unshift({ key: 'not ready', reason: server?.['reason'] ?? 'no reason given' });
  const state = troubled.length > 0 ? 'degraded' : 'up';
  const { version, commit } = partOf(details, 'build') ?? {};
  const { hash, loadedAt } = partOf(details, 'configuration') ?? {};
  const build = `${textOf(version)} (commit ${textOf(commit)})`;
  const configuration = textOf(hash);
  return {
    state,
    build,
    configuration,
    lines: [
      `${shown}: ${state}, version ${build}, configuration ${configuration} since ${textOf(loadedAt)}`,
      ...troubled.map(({ key, since, reason }) => {
        const when = since === undefined ? '' : ` since ${textOf(since)}`;
        return `  ${textOf(key)}${when}: ${textOf(reason)}`;
      }),
    ],
  };
}

/** @returns `undefined` when it is no JSON object, or too long */
async function readJson(body: AsyncIterable<Uint8Array>): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) return undefined;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    return undefined; // A page of somebody else's.
  }
}

function partOf(value: unknown, key: string): Part | undefined {
  const part = isPlainObject(value) ? (value as Part)[key] : undefined;
  return isPlainObject(part) ? part : undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? printable(value) : 'unknown';
}

/** What comes from elsewhere must not steer the terminal. */
function printable(text: string): string {
  return text.slice(0, 500).replace(/\p{C}/gu, ' ');
}
