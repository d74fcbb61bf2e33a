import type { IncomingMessage } from 'node:http';
import { closing } from './problem.js';
import type { Problem } from './problem.js';

/** Header lines that a request may have. */
export const MAX_HEADERS = 100;
/** Longest request target (path and query), characters. */
const MAX_TARGET_LENGTH = 8_000;

/**
 * Refuses what Node accepts but HTTP forbids: another version, no or several `Host` headers (RFC 9112, section 3.2),
 * a transfer coding that nobody decodes (section 6.1), and more headers than calls have. Node's own limit on the
 * number of headers is useless, because it silently drops the excess.
 */
export function whyRefused(request: IncomingMessage): Problem | undefined {
  const { rawHeaders } = request;
  if (request.httpVersionMajor !== 1) return closing(400, 'speak HTTP/1.1 or HTTP/1.0');
  if (request.url!.length > MAX_TARGET_LENGTH) {
    return closing(414, `the request target is longer than ${MAX_TARGET_LENGTH} characters`);
  }
  if (rawHeaders.length > 2 * MAX_HEADERS) {
    return closing(431, `the request has more than ${MAX_HEADERS} headers`);
  }
  const coding = request.headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
    return closing(400, 'the only Transfer-Encoding that can be read is chunked');
  }
  const hosts = hostLines(rawHeaders);
  if (hosts === 1 || (hosts === 0 && request.httpVersionMinor === 0)) return undefined;
  return closing(400, 'send one Host header');
}

/** @param rawHeaders names and values alternately */
function hostLines(rawHeaders: readonly string[]): number {
  let lines = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (name.length === 4 && (name === 'Host' || name.toLowerCase() === 'host')) lines++;
  }
  return lines;
}
