import { randomBytes } from 'node:crypto';
import { isPlainObject } from '../common/json.js';
import { maskNumber, maskNumbersIn } from '../observability/masking.js';

const MAX_LENGTH = 64;
/** The form that Core sends; its digits are not a telephone number, and if masked, it would not lead to a call. */
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A call's id in the log: Core's `CallId` or, without one, a generated id such as `req-5f0c9a31-17`. */
export class CallIds {
  /**
   * Random for each process, so that no other instance generates the same id. Counting up costs less than a UUID per
   * call.
   */
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
