import { VipLookupError } from '../plugin-api/index.js';
import { codeOf, isNotPrepared, isServerNotReached } from './failures.js';

const CHECK = 'check user and password in its URL';
const TRUST =
  'name the file of its authority in NODE_EXTRA_CA_CERTS, or write ?ssl=unverified to accept any certificate';

/** Servers do not say whether it was the password, or that they want this user to connect encrypted. */
const LOGIN = /^ER_ACCESS_DENIED/;

/** What keeps a connection from being made, and the cure; the first that fits. */
const REFUSALS: readonly (readonly [code: RegExp, text: RegExp, said: string])[] = [
  [
    /^ER_SECURE_TRANSPORT_REQUIRED$/,
    /^/,
    'takes encrypted connections only (CODE); add ?ssl=true to its URL',
  ],
  [
    LOGIN,
    /^/,
    `refuses the login (CODE); ${CHECK}, or add ?ssl=true to it if this user must connect encrypted`,
  ],
  [
    /^HANDSHAKE_NO_SSL_SUPPORT$/,
    /^/,
    'has no TLS (CODE); take ?ssl=… out of its URL, or give the server a certificate',
  ],
  [
    /^(?:HANDSHAKE_SSL_ERROR|CERT_HAS_EXPIRED)$/,
    /expired/i,
    'has a certificate that has expired (CODE); renew it',
  ],
  [
    /^(?:HANDSHAKE_SSL_ERROR|ERR_TLS_CERT_ALTNAME_INVALID)$/,
    /altnames/i,
    'has a certificate for another name (CODE); write the name of the certificate in its URL, or ?ssl=unverified to accept any certificate',
  ],
  [
    /^(?:HANDSHAKE_SSL_ERROR|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_\w+)$/,
    /certificate|issuer/i,
    `has a certificate that is not trusted (CODE); ${TRUST}`,
  ],
  [/^HANDSHAKE_SSL_ERROR$/, /^/, 'could not agree on an encrypted connection (CODE)'],
];

/**
 * What operators may see of a failure: its code and the cure, never the driver's text, which contains data.
 * @param isEncrypted the connection was
 */
export function failureOf(error: unknown, isEncrypted = false): VipLookupError {
  if (error instanceof VipLookupError) return error;
  if (isNotPrepared(error))
    return new VipLookupError('database node is not a part of its cluster now (WSREP)');
  const code = codeOf(error);
  const shown = code ?? (error as { name?: string }).name ?? 'unknown error';
  const refusal = refusalOf(error, code, isEncrypted);
  if (refusal !== undefined) return new VipLookupError(`database ${refusal.replace('CODE', shown)}`);
  return new VipLookupError(
    code === undefined || isServerNotReached(error)
      ? `database is not reachable (${shown})`
      : `database failed (${shown})`,
  );
}

function refusalOf(error: unknown, code: string | undefined, isEncrypted: boolean): string | undefined {
  const { message } = error as { message?: unknown };
  const text = typeof message === 'string' ? message : '';
  // An old or foreign way to log in; the plug-in's name is the server's, not data.
  const [, plugin] =
    (code === 'AUTH_SWITCH_PLUGIN_ERROR' && /unknown plugin ([\w-]{1,64})\b/.exec(text)) || [];
  if (plugin !== undefined) {
    return `wants a login by its plug-in ${plugin}, which is not supported; give the service a user with mysql_native_password or caching_sha2_password, for example ALTER USER … IDENTIFIED VIA mysql_native_password USING PASSWORD('…')`;
  }
  if (isEncrypted && LOGIN.test(code ?? '')) return `refuses the login (CODE); ${CHECK}`;
  return REFUSALS.find(([codes, texts]) => codes.test(code ?? '') && texts.test(text))?.[2];
}
