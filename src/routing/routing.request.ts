import { isPlainObject } from '../common/json.js';
import type { JsonObject } from '../common/json.js';
import type { RequestError } from '../http/problem.js';
import { Problem } from '../http/problem.js';
import type { Call } from './decision.js';

/**
 * The call in what Enreach Core sends (SmartRouting HTTP integrator guide). Unknown properties are ignored.
 * @throws Problem 400 that lists everything wrong with the body
 */
export function readCall(body: unknown): Call {
  if (!isPlainObject(body)) throw unusable([{ path: '', message: 'must be a JSON object' }]);
  const errors: RequestError[] = [];
  const text = (path: string, missing?: string): string | undefined => {
    const value = body[path];
    if (typeof value === 'string') return value;
    const message = value === undefined ? missing : 'must be a string or null';
    if (value !== null && message !== undefined) errors.push({ path, message });
    return undefined;
  };
  const missing = 'is missing; send a string, or null when the number is withheld';
  const anum = text('anum', missing);
  const bnum = text('bnum', missing);
  const targetid = text('targetid') || undefined;
  const extradata = (body['extradata'] ?? {}) as JsonObject;
  if (!isPlainObject(extradata)) errors.push({ path: 'extradata', message: 'must be an object or null' });
  if (errors.length > 0) throw unusable(errors);
  return { anum, bnum, targetid, extradata };
}

function unusable(errors: readonly RequestError[]): Problem {
  return new Problem(400, 'the body is not usable', { errors });
}
