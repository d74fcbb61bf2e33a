import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Agent, Dispatcher } from 'undici';
import { VipLookupError } from '../../plugin-api/index.js';
import { Connections } from './crm-http.connections.js';
import { HostNames } from './crm-http.dns.js';
import { NotJsonError } from './crm-http.evaluator.js';
import { connectionFailure, requestFailure, stopped } from './crm-http.failures.js';
import type { CrmLimits, Spending } from './crm-http.limits.js';
import type { RefusedCredentials } from './crm-http.refused.js';
import type { CrmRequest } from './crm-http.request.js';
import type { CrmTempo } from './crm-http.tempo.js';
import { undici } from './libraries.js';
import { OAuthAuth } from './oauth/oauth-auth.js';
import type { AuthHeaders } from './oauth/oauth-auth.js';

/** Maximum of lookups at once: a contact centre's burst of calls must not become an attack on the CRM. */
export const MAX_LOOKUPS = 32;
/** Extra connections, so that a health check or the pull of a copy does not take a lookup's place. */
const MAX_CONNECTIONS = MAX_LOOKUPS + 1;
/** So that calls minutes apart find a connection. Servers with a shorter timeout announce it, or close the connection. */
const KEEP_ALIVE_MS = 10 * 60_000;
/** Up to this size, an unused answer is read so that its connection can be reused. */
const MAX_DISCARDED_BYTES = 65_536;

interface TransportSettings {
  /** Statuses that mean that the CRM lists nobody. */
  readonly notFound: readonly number[];
  readonly maxResponseBytes: number;
  /** Headers that never change, or the object that obtains them. */
  readonly auth: AuthHeaders | OAuthAuth;
  readonly limits: CrmLimits;
  /** Of credentials that never change. */
  readonly refused: RefusedCredentials;
  readonly tempo?: Pick<CrmTempo, 'connectMs' | 'connectLimitMs'>;
}

/** Connections to one CRM, kept open between lookups, with its credentials and within its limits. */
export class CrmTransport {
  readonly #agent: Agent;
  readonly #connections: Connections;
  readonly #oauth: OAuthAuth | undefined;

  constructor(
    origin: string,
    private readonly settings: TransportSettings,
    names = new HostNames(),
  ) {
    this.#oauth = settings.auth instanceof OAuthAuth ? settings.auth : undefined;
    this.#connections = new Connections(origin, names, settings.tempo);
    const { Agent } = undici();
    this.#agent = new Agent({
      connections: MAX_CONNECTIONS,
      pipelining: 1,
      connect: this.#connections.connect,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      // The lookup's signal limits its time; undici's timers have a resolution of a second.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxResponseSize: settings.maxResponseBytes,
    });
  }

  /** Why requests fail now, or soon will; `undefined` if nothing is known. */
  get trouble(): string | undefined {
    return this.#oauth?.trouble ?? this.settings.refused.trouble ?? this.settings.limits.trouble;
  }

  /**
   * Sends a request with the credentials, and only to the configured host: redirects are not followed. The request is
   * repeated only if the CRM refused the credentials (401) and there are newer ones.
   * @returns the result of `read`; `undefined` if the status means that the CRM lists nobody
   * @throws VipLookupBusyError, at once, during a pause or if the rate limit is used up; VipLookupError for anything
   *   else, and when the signal aborts
   */
  async ask<T>(
    request: CrmRequest,
    signal: AbortSignal,
    spending: Spending,
    read: (body: Uint8Array) => Promise<T>,
    notFound = this.settings.notFound,
  ): Promise<T | undefined> {
    const { limits } = this.settings;
    const oauth = this.#oauth;
    if (signal.aborted) throw stopped();
    limits.admit();
    const ended = this.settings.refused.admit();
    try {
      const credentials = oauth ? await oauth.headers(signal) : (this.settings.auth as AuthHeaders);
      limits.spend(spending);
      return await this.#exchange(request, credentials, signal, spending, read, notFound);
    } finally {
      ended();
    }
  }

  async #exchange<T>(
    request: CrmRequest,
    credentials: AuthHeaders,
    signal: AbortSignal,
    spending: Spending,
    read: (body: Uint8Array) => Promise<T>,
    notFound: readonly number[],
  ): Promise<T | undefined> {
    const { limits } = this.settings;
    const oauth = this.#oauth;
    try {
      const answer = await this.#send(request, credentials, signal);
      if (oauth === undefined || answer.statusCode !== 401) {
        oauth?.taken(credentials);
        return await this.#read(answer, request, signal, read, notFound);
      }
      await discard(answer, signal);
      const renewed = await oauth.renewed(credentials, signal);
      if (renewed === undefined) throw new VipLookupError('HTTP 401');
      limits.spend(spending === 'none' ? 'none' : 'owe');
      const second = await this.#send(request, renewed, signal);
      if (second.statusCode === 401) oauth.refusedAnew(renewed);
      else oauth.taken(renewed);
      return await this.#read(second, request, signal, read, notFound);
    } catch (error) {
      limits.failed();
      throw requestFailure(error, signal, this.settings.maxResponseBytes);
    }
  }

  /**
   * Makes a connection before calls come, without a request, and keeps one ready from then on; obtains the credentials.
   * @throws VipLookupError if the CRM cannot be reached now
   */
  async open(): Promise<void> {
    const warm = this.#connections.warm().catch((error: unknown) => {
      throw connectionFailure(error);
    });
    await Promise.all([warm, this.#oauth?.open()]);
  }

  /** Closes every connection, including those with a request in progress. */
  async close(): Promise<void> {
    this.#connections.close();
    await Promise.all([this.#agent.destroy(), this.#oauth?.close()]);
  }

  async #send(request: CrmRequest, credentials: AuthHeaders, signal: AbortSignal): Promise<Answer> {
    const askedMs = this.settings.limits.now();
    const headers = { ...request.headers, ...credentials };
    return { ...(await this.#agent.request({ ...request, headers, signal })), askedMs };
  }

  async #read<T>(
    answer: Answer,
    request: CrmRequest,
    signal: AbortSignal,
    read: (body: Uint8Array) => Promise<T>,
    notFound: readonly number[],
  ): Promise<T | undefined> {
    const { statusCode, headers, body, askedMs } = answer;
    const { limits } = this.settings;
    const isNobody = notFound.includes(statusCode);
    if (statusCode >= 200 && statusCode <= 299 && !isNobody) {
      const made = await read(await bytesOf(answer)).catch((error: unknown) => {
        throw error instanceof NotJsonError ? notJson(headers) : error;
      });
      limits.answered(askedMs);
      this.settings.refused.accepted(askedMs);
      return made;
    }
    if (isNobody) {
      await discard(answer, signal);
      limits.answered(askedMs);
      this.settings.refused.accepted(askedMs);
      return undefined;
    }
    const retryAfter = [headers['retry-after']].flat()[0];
    const refused = { status: statusCode, retryAfter, askedMs };
    // The headers are enough; while a slow body arrives, further calls must already be turned away.
    if (limits.isBusy(refused)) {
      body.on('error', () => undefined).destroy(); // ends the connection, which is an error to the body
      limits.pause(refused);
    }
    if (limits.readsBodies) await limits.heed(refused, await bytesOf(answer), signal);
    else await discard(answer, signal);
    if (this.#refusesCredentials(statusCode)) throw this.settings.refused.refused(statusCode, askedMs);
    throw new VipLookupError(`HTTP ${statusCode}${redirection(statusCode, headers, request.origin)}`);
  }

  /** A 403 may mean anything where nothing was sent that could be refused. */
  #refusesCredentials(status: number): boolean {
    if (this.#oauth !== undefined) return false;
    return status === 401 || (status === 403 && Object.keys(this.settings.auth).length > 0);
  }
}

type Answer = Dispatcher.ResponseData & {
  /** When it was requested, by the clock of the limits. */
  readonly askedMs: number;
};

/** Reads an unneeded body, so that the connection can be reused. */
async function discard({ body }: Dispatcher.ResponseData, signal: AbortSignal): Promise<void> {
  await body.dump({ limit: MAX_DISCARDED_BYTES, signal });
  // undici returns a connection one turn after the end of the body; an immediate request would open a second one.
  await nextTurn();
}

async function bytesOf({ body }: Answer): Promise<Uint8Array> {
  const bytes = new Uint8Array(await body.arrayBuffer());
  await nextTurn(); // as above
  return bytes;
}

type Headers = Record<string, string | string[] | undefined>;

function notJson(headers: Headers): VipLookupError {
  const described = ['content-type', 'content-encoding']
    .map((name) => [name, /^[\w.+/-]{1,80}/.exec(String(headers[name] ?? ''))?.[0]] as const)
    .filter(([name, value]) => value !== undefined || name === 'content-type')
    .map(([name, value]) => `${name} ${value ?? 'not given'}`);
  const cure = /\bxml\b/i.test(described.join()) ? '; to read XML, take its texts in record as `#text`' : '';
  return new VipLookupError(`answer is not JSON (${described.join(', ')})${cure}`);
}

function redirection(statusCode: number, headers: Headers, origin: string): string {
  if (statusCode < 300 || statusCode > 399) return '';
  const location = [headers['location']].flat()[0];
  const host = location !== undefined && URL.canParse(location, origin) ? new URL(location, origin).host : '';
  return `: a redirect${host === '' ? '' : ` to ${host}`}, which is not followed; configure the address that answers`;
}
