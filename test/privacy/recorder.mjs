import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { closeSync, openSync, readdirSync, readFileSync, statSync, writeSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** A file beside a configuration that is larger was generated: what matters of it is asked about, and recorded then. */
const MAX_FILE_BYTES = 256 * 1024;
const MAX_BODY_BYTES = 64 * 1024;
const MAX_SEEN = 200;
/** Answers that nobody has to log in for. */
const OPEN_PAGE = /^\/(?:health|metrics)\b/;
const SECRET_PARAMETER = /(?:^|[?&])[a-z_]*(?:secret|token|assertion|password|key)=([^&]*)/gi;

/** Lines of JSON in a file of its own. */
export class Recording {
  #file;
  #seen = new Set();

  constructor(path) {
    this.#file = openSync(path, 'a');
  }

  /** Written at once: a test may kill the process. */
  add(kind, record) {
    if (this.#file !== undefined) writeSync(this.#file, `${JSON.stringify({ kind, ...record })}\n`);
  }

  /** A text to look for: `number` as a client sent it, `secret` as somebody presented it. */
  addOnce(kind, text) {
    if (this.#seen.has(kind + text)) return;
    // Written twice does no harm; a process whose memory is weighed must not keep all that it was ever sent.
    if (this.#seen.size >= MAX_SEEN) this.#seen.clear();
    this.#seen.add(kind + text);
    this.add(kind, { text });
  }

  close() {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

/** Adds a configuration with the files that lie beside it, and the environment: in them are the secrets and the lists. */
export function addConfiguration(recording, configFile, env) {
  const files = {};
  for (const path of [configFile, ...neighbours(configFile), env.NODE_EXTRA_CA_CERTS]) {
    const text = path && contentOf(path);
    if (text !== undefined) files[path] = text;
  }
  const named = Object.values(files)
    .join('\n')
    .matchAll(/\$\{file:([^}]+)\}|\bkey: *([^\s,}]+)/g);
  for (const [, secretFile, keyFile] of named) {
    const path = secretFile ?? keyFile;
    const text = contentOf(resolve(dirname(configFile), path));
    if (text !== undefined) files[path] = text;
  }
  recording.add('configuration', { files, env: { ...env, PATH: '' } });
}

function neighbours(configFile) {
  try {
    const folder = dirname(configFile);
    return readdirSync(folder)
      .filter((name) => /\.(?:csv|json|ya?ml|key|pem|txt)$/.test(name))
      .map((name) => join(folder, name));
  } catch (error) {
    if (error.code === 'ENOENT') return []; // a test of a missing configuration
    throw error;
  }
}

function contentOf(path) {
  try {
    return statSync(path).size > MAX_FILE_BYTES ? undefined : readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'EISDIR') return undefined;
    throw error;
  }
}

/**
 * Records what servers of this process are asked and what they tell to anybody: refusals, health, metrics.
 * @param isOurs told once an answer is complete whether the server is one of the service
 * @returns ends it
 */
export function recordServers(recording, isOurs) {
  const raw = new WeakSet();
  return listen({
    'http.server.request.start': ({ request, response }) => observe(recording, request, response, isOurs),
    // What is written past all responses: answers to what is not an HTTP.
    'net.server.socket': ({ socket: { server } }) => {
      if (raw.has(server)) return;
      raw.add(server);
      for (const event of ['clientError', 'upgrade', 'connect']) {
        if (server.listenerCount(event) === 0) continue;
        server.prependListener(event, (_, client) => recordRaw(recording, client));
      }
    },
  });
}

/** Refusals that are written to a connection as text; answers to earlier calls may be under way on it too. */
function recordRaw(recording, socket) {
  for (const name of ['write', 'end']) {
    const original = socket[name];
    socket[name] = function (chunk, ...more) {
      const text = typeof chunk === 'string' || chunk instanceof Uint8Array ? String(chunk) : '';
      if (/^HTTP\/1\.\d [45]/.test(text)) recording.add('answer', { url: '', text });
      return original.call(this, chunk, ...more);
    };
  }
}

function observe(recording, request, response, isOurs) {
  const sent = [];
  let bytes = 0;
  const push = request.push;
  request.push = function (chunk, ...more) {
    if (chunk && (bytes += chunk.length) <= MAX_BODY_BYTES) sent.push(Buffer.from(chunk));
    return push.call(this, chunk, ...more);
  };
  const told = [];
  for (const name of ['write', 'end']) {
    const original = response[name];
    response[name] = function (chunk, ...more) {
      const open = OPEN_PAGE.test(request.url);
      if ((open || this.statusCode >= 400) && (typeof chunk === 'string' || chunk instanceof Uint8Array)) {
        told.push(Buffer.from(chunk));
      }
      return original.call(this, chunk, ...more);
    };
  }
  response.once('close', () => {
    if (!isOurs(response)) return;
    const { url, method, headers } = request;
    if (sent.length > 0) recording.addOnce('asked', Buffer.concat(sent).toString());
    for (const name of ['x-benemen-apikey', 'authorization']) {
      if (headers[name]) recording.addOnce('presented', headers[name]);
    }
    const text = Buffer.concat(told).toString();
    // A connection that is kept alive keeps its last request.
    sent.length = told.length = 0;
    if (!OPEN_PAGE.test(url) && response.statusCode < 400) return;
    recording.add('answer', {
      method,
      url,
      status: response.statusCode,
      headers: response.getHeaders(),
      text,
    });
  });
}

/** Records what providers of this process prove themselves with to CRMs: tokens that no configuration knows. */
export function recordCredentialsSent(recording) {
  return listen({
    'undici:request:create': ({ request: { path, body, headers } }) => {
      const pairs = Array.isArray(headers) ? headers : String(headers ?? '').split(/: |\r\n/);
      for (let i = 0; i + 1 < pairs.length; i += 2) {
        if (/^authorization$|key$|token$/i.test(pairs[i]))
          recording.addOnce('presented', String(pairs[i + 1]));
      }
      const form = typeof body === 'string' && !body.startsWith('{') ? body : '';
      for (const text of [path, form]) {
        for (const [, value] of String(text).matchAll(SECRET_PARAMETER))
          recording.addOnce('presented', value);
      }
    },
  });
}

/** @returns unsubscribes */
export function listen(handlers) {
  for (const [name, handler] of Object.entries(handlers)) subscribe(name, handler);
  return () => {
    for (const [name, handler] of Object.entries(handlers)) unsubscribe(name, handler);
  };
}
