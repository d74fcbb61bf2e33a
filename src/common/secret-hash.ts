import type { ScryptOptions } from 'node:crypto';
import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** OWASP's cost for scrypt: N=2^17, r=8, p=1 takes 128 MiB and some tenths of a second for each guess. */
const LN = 17;
const R = 8;
/** The cost that a hash may ask for. The maximum takes 1 GiB and eight times as long as `LN`. */
const [LEAST_LN, MOST_LN] = [13, 20];
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** A PHC string; salt and hash in base64 without padding. */
const PHC = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,3})\$([A-Za-z0-9+/]{22,86})\$([A-Za-z0-9+/]{43})$/;
/** The format of earlier versions, with ln=14: 16 and 32 bytes in base64url without padding. */
const OLD = /^scrypt:([A-Za-z0-9_-]{22}):([A-Za-z0-9_-]{43})$/;
const API_KEY_HASH = /^sha256:([0-9a-f]{64})$/i;

/** scrypt with N=2^ln and r=8. */
export interface PasswordHash {
  readonly ln: number;
  readonly p: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/**
 * The text that replaces a password in the configuration, a PHC string: `$scrypt$ln=17,r=8,p=1$<salt>$<hash>`. The
 * password is normalised to Unicode form NFC, so it does not matter on which system it was typed.
 */
export async function hashPassword(password: string, ln = LN): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await deriveKey(password, { ln, p: 1, salt });
  const [saltText, hashText] = [salt, hash].map((bytes) => bytes.toString('base64').replace(/=+$/, ''));
  return `$scrypt$ln=${ln},r=${R},p=1$${saltText}$${hashText}`;
}

/**
 * Reads what `hashPassword` returns, or returned in earlier versions.
 * @returns `undefined` for a plain password; a text if a hash is wrong: a predicate with the cure
 */
export function readPasswordHash(text: string): PasswordHash | string | undefined {
  const [prefix] = /^(?:scrypt:|\$scrypt\$)/.exec(text) ?? [];
  if (prefix === undefined) return undefined;
  const old = OLD.exec(text);
  const [ln, r, p, salt, hash] = old ? ['14', '8', '1', ...old.slice(1)] : (PHC.exec(text)?.slice(1) ?? []);
  if (salt === undefined || hash === undefined) {
    return `starts with ${prefix} but is not $scrypt$ln=<n>,r=8,p=<n>$<salt>$<hash>. Write what the hash-secret command prints.`;
  }
  const cost = { ln: Number(ln), p: Number(p) };
  if (Number(r) === R && cost.ln >= LEAST_LN && cost.p >= 1 && 2 ** cost.ln * cost.p <= 2 ** MOST_LN) {
    return { ...cost, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') };
  }
  return `asks for a cost out of bounds: ln is ${LEAST_LN} to ${MOST_LN}, r is ${R}, and p times 2^ln at most 2^${MOST_LN}. Hash the password with the hash-secret command.`;
}

/** True when `stored` was made from `password`; costs one key derivation. */
export async function verifyPassword(password: string, stored: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await deriveKey(password, stored), stored.hash);
}

/** The text that replaces an API key in the configuration: `sha256:<hex>` of its UTF-8 bytes. */
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

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

function deriveKey(password: string, { ln, p, salt }: Omit<PasswordHash, 'hash'>): Promise<Buffer> {
  const cost = { N: 2 ** ln, r: R, p, maxmem: 256 * R * 2 ** ln };
  return derive(password.normalize('NFC'), salt, HASH_BYTES, cost);
}
