import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** RFC 7914 parameters: 16 MiB and some tens of milliseconds for each guess. */
const COST = { N: 16_384, r: 8, p: 1 } as const;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** 16 and 32 bytes in base64url without padding. */
const PASSWORD_HASH = /^scrypt:([A-Za-z0-9_-]{22}):([A-Za-z0-9_-]{43})$/;
const API_KEY_HASH = /^sha256:([0-9a-f]{64})$/i;

/**
 * What stands in the configuration instead of a password: `scrypt:<salt>:<hash>`, both base64url.
 * The password is taken in Unicode form NFC, so that it does not matter on which system it was typed.
 */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await deriveKey(password, salt);
  return `scrypt:${salt.toString('base64url')}:${hash.toString('base64url')}`;
}

/**
 * True when `stored` was made from `password`; costs one key derivation.
 * @param stored what `hashPassword` returned
 * @throws RangeError when `stored` has another form; the message never shows it
 */
export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [, salt, hash] = PASSWORD_HASH.exec(stored) ?? [];
  if (salt === undefined || hash === undefined) {
    throw new RangeError('is not scrypt:<salt>:<hash> as the hash-secret command prints it');
  }
  return timingSafeEqual(
    await deriveKey(password, Buffer.from(salt, 'base64url')),
    Buffer.from(hash, 'base64url'),
  );
}

/** True for the form that `hashPassword` returns. */
export function isPasswordHash(text: string): boolean {
  return PASSWORD_HASH.test(text);
}

/** What stands in the configuration instead of an API key: `sha256:<hex>` of its UTF-8 bytes. */
export function hashApiKey(key: string): string {
  return `sha256:${apiKeyDigest(key).toString('hex')}`;
}

/** SHA-256 of an API key's bytes; a text counts as UTF-8. An API key is random, so it needs no slow hash. */
export function apiKeyDigest(key: string | Buffer): Buffer {
  return createHash('sha256').update(key).digest();
}

/** The digest inside `sha256:<hex>`; `undefined` when the text has another form. */
export function readApiKeyHash(text: string): Buffer | undefined {
  const hex = API_KEY_HASH.exec(text)?.[1];
  return hex === undefined ? undefined : Buffer.from(hex, 'hex');
}

function deriveKey(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, HASH_BYTES, COST, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}
