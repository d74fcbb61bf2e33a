import type { IncomingMessage } from 'node:http';
import { closing, Problem } from './problem.js';

export const MAX_BODY_BYTES = 64 * 1024;
/** Bodies that will never be complete, and why; the connection can no longer be read. */
const failed = new WeakMap<IncomingMessage, Problem>();
const BYTE_ORDER_MARK = '\ufeff';

/**
 * Reads a JSON body. One without any media type is read as JSON too, since Core's exact header is not documented.
 * @throws Problem 400 (not JSON), 413 (over 64 KiB) or 415 (another media type, charset or content coding)
 */
export async function readJsonBody(request: IncomingMessage): Promise<unknown> {
  const { headers } = request;
  checkType(headers['content-type']);
  const coding = headers['content-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'identity') {
    throw unsupported('send the body without Content-Encoding', { 'Accept-Encoding': 'identity' });
  }
  if (Number(headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  return parse(await readAll(request));
}

/** Ends the reading of a body with a problem, now or when it is requested. */
export function failBody(request: IncomingMessage, problem: Problem): void {
  failed.set(request, problem);
  if (request.listenerCount('error') > 0) request.emit('error', problem);
}

/** UTF-8 by its name, by a common wrong name, and its subset. */
const UTF_8 = ['utf-8', 'utf8', 'us-ascii'];

/** The usual spelling first, which nearly every call uses. */
function checkType(header: string | undefined): void {
  if (!header || header === 'application/json') return;
  const [mediaType, ...parameters] = header.split(';').map((part) => part.trim().toLowerCase());
  if (mediaType !== 'application/json') throw unsupported('send the body as Content-Type: application/json');
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length);
  if (charset !== undefined && !UTF_8.includes(charset.replace(/^"(.*)"$/, '$1'))) {
    throw unsupported('send the body in UTF-8');
  }
}

function readAll(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // Its connection may have ended while a password was verified.
    if (request.destroyed || failed.has(request)) return reject(failureOf(request));
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
      else reject(tooLarge());
    });
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    request.on('error', () => reject(failureOf(request)));
  });
}

function parse(body: Buffer): unknown {
  if (body.length === 0) throw notJson('is empty; send a JSON object');
  const text = body.toString('utf8');
  try {
    return JSON.parse(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text) as unknown;
  } catch {
    throw notJson('is not valid JSON');
  }
}

function tooLarge(): Problem {
  return closing(413, `the body is larger than ${MAX_BODY_BYTES} bytes`);
}

function failureOf(request: IncomingMessage): Problem {
  return failed.get(request) ?? closing(400, 'the body could not be read completely');
}

function notJson(message: string): Problem {
  return new Problem(400, 'the body is not usable', { errors: [{ path: '', message }] });
}

/** @param accepted what would have been accepted */
function unsupported(
  cure: string,
  accepted: Record<string, string> = { Accept: 'application/json' },
): Problem {
  return new Problem(415, cure, { headers: accepted });
}
