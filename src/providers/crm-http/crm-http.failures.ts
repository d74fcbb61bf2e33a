import { VipLookupError } from '../../plugin-api/index.js';

/** What an error code of Node, undici or OpenSSL means to an operator. */
const MEANINGS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection closed before the answer was complete',
  EPIPE: 'connection closed before the answer was complete',
  UND_ERR_SOCKET: 'connection closed before the answer was complete',
  ETIMEDOUT: 'no connection in time',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the host',
  ENOTFOUND: 'host name is not known',
  EAI_AGAIN: 'host name could not be resolved, the name server does not answer',
  UND_ERR_HEADERS_OVERFLOW: 'the headers of the answer are too large',
  UND_ERR_DESTROYED: 'the provider is closed',
  UND_ERR_CLOSED: 'the provider is closed',
  CERT_HAS_EXPIRED: 'the TLS certificate has expired',
  CERT_NOT_YET_VALID: 'the TLS certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the TLS certificate is for another host',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the TLS certificate is not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'the TLS certificate is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the TLS certificate is not trusted',
  UNABLE_TO_GET_ISSUER_CERT: 'the TLS certificate is not trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the TLS certificate is not trusted',
  EPROTO: 'no TLS connection could be agreed on',
};

/**
 * Says why a request failed, in a form suitable for health and logs: the texts of network errors contain addresses
 * and parts of the answer, so only their codes are used.
 * @param signal the signal of the lookup, to distinguish "stopped" from "failed"
 */
export function requestFailure(
  error: unknown,
  signal: AbortSignal,
  maxResponseBytes: number,
): VipLookupError {
  if (error instanceof VipLookupError) return error;
  if (signal.aborted) return stopped();
  const { name } = error as { name?: unknown };
  const known = codeOf(error);
  if (known === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') {
    return new VipLookupError(`the answer is larger than maxResponseSize (${maxResponseBytes} bytes)`);
  }
  if (name === 'HTTPParserError' || known.startsWith('HPE_'))
    return new VipLookupError(`the answer is not HTTP (${known})`);
  return connectionFailure(error);
}

export function connectionFailure(error: unknown): VipLookupError {
  const code = codeOf(error);
  const meaning =
    MEANINGS[code] ?? (/^(ERR_)?(SSL|TLS)_/.test(code) ? MEANINGS['EPROTO']! : 'request failed');
  return new VipLookupError(`${meaning} (${code.slice(0, 60)})`);
}

function codeOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown';
}

/** The reason in any error, in a form suitable for health and logs. */
export function messageOf(error: unknown): string {
  return error instanceof VipLookupError ? error.message : codeOf(error);
}

export function stopped(): VipLookupError {
  return new VipLookupError('stopped before the answer was complete');
}
