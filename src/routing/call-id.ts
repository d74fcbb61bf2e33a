import { randomBytes } from 'node:crypto';
import { isPlainObject } from '../common/json.js';
import { maskNumber, maskNumbersIn } from '../observability/masking.js';

const MAX_LENGTH = 64;
/** What Core sends; its digits are no telephone number, and masked it would find no call. */
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What a call is called in the log: Core's `CallId`, or where a call has none an id of our own, `req-5f0c9a31-17`. */
export class CallIds {
  /** Of this process, so that no other instance gives the same id. Counting on from it costs less than a UUID per call. */
  readonly #prefix = `req-${randomBytes(4).toString('hex')}-`;
  #count = 0;

  /** @param body what was parsed of the request, whatever that is */
  of(body: unknown): string {
    const extradata = isPlainObject(body) ? body['extradata'] : undefined;
    return callIdIn(extradata) ?? this.#prefix + ++this.#count;
  }
}

function callIdIn(extradata: unknown): string | undefined {
  if (!isPlainObject(extradata) || !Object.hasOwn(extradata, 'CallId')) return undefined;
  const callId = extradata['CallId'];
  if (typeof callId !== 'string' || callId === '') return undefined;
  const shown = callId.slice(0, MAX_LENGTH);
  if (GUID.test(shown)) return shown;
  return /^\+?\d{5,}$/.test(callId) ? maskNumber(callId) : maskNumbersIn(shown);
}
