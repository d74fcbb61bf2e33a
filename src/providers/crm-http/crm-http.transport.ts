import { setImmediate as nextTurn } from 'node:timers/promises';
import { Agent } from 'undici';
import { VipLookupError } from '../../plugin-api/index.js';
import type { Json } from '../../plugin-api/index.js';
import { Connections } from './crm-http.connections.js';
import { HostNames } from './crm-http.dns.js';
import { connectionFailure, requestFailure, stopped } from './crm-http.failures.js';
import type { CrmRequest } from './crm-http.request.js';

/** Lookups at once: a contact centre's burst of calls must not become an attack on the CRM. */
export const MAX_LOOKUPS = 32;
/** A health check takes no lookup's place. */
const MAX_CONNECTIONS = MAX_LOOKUPS + 1;
/** So that calls minutes apart find a connection. Servers that keep one for less announce it, or close it. */
const KEEP_ALIVE_MS = 10 * 60_000;
/** An unused answer is read up to here so that its connection can be used again. */
const MAX_DISCARDED_BYTES = 65_536;

/** Connections to one CRM, kept open between lookups. */
export class CrmTransport {
  readonly #agent: Agent;
  readonly #connections: Connections;

  /** @param origin scheme, host and port of all requests */
  constructor(
    origin: string,
    private readonly notFound: readonly number[],
    private readonly maxResponseBytes: number,
    names = new HostNames(),
  ) {
    this.#connections = new Connections(origin, names);
    this.#agent = new Agent({
      connections: MAX_CONNECTIONS,
      pipelining: 1,
      connect: this.#connections.connect,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      // The time of a lookup is its signal's business; undici's timers are a second coarse.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxResponseSize: maxResponseBytes,
    });
  }

  /**
   * Sends a request, never a second time and never to another place: redirects are not followed, so credentials stay
   * with the configured host.
   * @returns the answer's JSON; `undefined` when its status says that the CRM lists nobody
   * @throws VipLookupError for anything else, and when the signal aborts
   */
  async ask(request: CrmRequest, signal: AbortSignal): Promise<Json | undefined> {
    if (signal.aborted) throw stopped();
    try {
      const { statusCode, headers, body } = await this.#agent.request({ ...request, signal });
      if (statusCode >= 200 && statusCode <= 299 && !this.notFound.includes(statusCode)) {
        const text = await body.text();
        await connectionReturned();
        return readJson(text, headers);
      }
      await body.dump({ limit: MAX_DISCARDED_BYTES, signal });
      await connectionReturned();
      if (this.notFound.includes(statusCode)) return undefined;
      throw new VipLookupError(`HTTP ${statusCode}${redirection(statusCode, headers, request.origin)}`);
    } catch (error) {
      throw requestFailure(error, signal, this.maxResponseBytes);
    }
  }

  /**
   * Makes a connection before calls come, without asking anything, and keeps one ready from then on.
   * @throws VipLookupError when there is none to be had now
   */
  async warm(): Promise<void> {
    try {
      await this.#connections.warm();
    } catch (error) {
      throw connectionFailure(error);
    }
  }

  /** Closes every connection, those with a request under way too. */
  async close(): Promise<void> {
    this.#connections.close();
    await this.#agent.destroy();
  }
}

/** undici takes a connection back one turn later than it ends the body; asking at once would open a second one. */
async function connectionReturned(): Promise<void> {
  await nextTurn();
}

type Headers = Record<string, string | string[] | undefined>;

function readJson(text: string, headers: Headers): Json {
  try {
    return JSON.parse(text.replace(/^\ufeff/, '')) as Json;
  } catch {
    const described = ['content-type', 'content-encoding']
      .map((name) => [name, /^[\w.+/-]{1,80}/.exec(String(headers[name] ?? ''))?.[0]] as const)
      .filter(([name, value]) => value !== undefined || name === 'content-type')
      .map(([name, value]) => `${name} ${value ?? 'not given'}`);
    throw new VipLookupError(`answer is not JSON (${described.join(', ')})`);
  }
}

function redirection(statusCode: number, headers: Headers, origin: string): string {
  if (statusCode < 300 || statusCode > 399) return '';
  const location = [headers['location']].flat()[0];
  const host = location !== undefined && URL.canParse(location, origin) ? new URL(location, origin).host : '';
  return `: a redirect${host === '' ? '' : ` to ${host}`}, which is not followed; configure the address that answers`;
}
