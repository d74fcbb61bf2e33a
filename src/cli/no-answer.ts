/** OpenSSL's and Node's codes for problems with a server's certificate. */
const UNKNOWN_AUTHORITY = /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+)$/;
const BAD_CERTIFICATE = /^(?:CERT_\w+|ERR_TLS_CERT_ALTNAME_INVALID)$/;

/**
 * Why a request to a running service got nothing, and what to do.
 * @param tooLate for a `TimeoutError`
 */
export function explainNoAnswer(error: unknown, tooLate: string): string {
  const { name, message, cause, code: own } = error as Error & { code?: string; cause?: { code?: string } };
  if (name === 'TimeoutError') return tooLate;
  // `fetch` wraps what happened.
  const code = cause?.code ?? own ?? '';
  if (UNKNOWN_AUTHORITY.test(code))
    return `its certificate is not trusted (${code}). Set NODE_EXTRA_CA_CERTS=<PEM file of the authority that signed it> in the environment.`;
  if (BAD_CERTIFICATE.test(code))
    return `its certificate does not match (${code}). Correct it, or the host in the URL.`;
  return `${code || message}. Is the service running, and is the URL right?`;
}
