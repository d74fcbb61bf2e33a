import { createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

export interface SigningKey {
  readonly key: KeyObject;
  readonly algorithm: 'RS256' | 'ES256';
}

const MIN_RSA_BITS = 2_048;
const GIVE_FILE = 'Give the whole file, for example privateKey: ${file:./crm-key.pem}';

/**
 * Reads a private key: PEM, PKCS #8 or the older forms of OpenSSL, without a passphrase.
 * @returns the key, or what is wrong with it
 */
export function readPrivateKey(pem: string): SigningKey | string {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    // OpenSSL's reasons differ from version to version.
    if (pem.includes('ENCRYPTED')) {
      return 'is protected by a passphrase. Remove it: openssl pkey -in crm-key.pem -out crm-key-plain.pem';
    }
    return `is not a private key in PEM. ${GIVE_FILE}`;
  }
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') {
    return modulusLength >= MIN_RSA_BITS
      ? { key, algorithm: 'RS256' }
      : `is an RSA key of ${modulusLength} bits. Make one of at least ${MIN_RSA_BITS} bits.`;
  }
  return key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1'
    ? { key, algorithm: 'ES256' }
    : 'is of a type that is not supported. Use an RSA key (RS256) or one on the curve P-256 (ES256).';
}

/** What is wrong with a private key, for an administrator; `undefined` if nothing is. Never repeats the key. */
export function privateKeyProblem(pem: string): string | undefined {
  const key = readPrivateKey(pem);
  return typeof key === 'string' ? key : undefined;
}
