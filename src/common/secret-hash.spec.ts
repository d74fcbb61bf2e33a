import { describe, expect, it } from '@jest/globals';
import { scryptSync } from 'node:crypto';
import {
  apiKeyDigest,
  hashApiKey,
  hashPassword,
  isPasswordHash,
  readApiKeyHash,
  verifyPassword,
} from './secret-hash.js';

describe('password hash', () => {
  it('is scrypt with N=16384, r=8, p=1 over a salt of 16 bytes, in base64url', async () => {
    const stored = await hashPassword('s3cret');
    const [scheme, salt, hash, ...rest] = stored.split(':');
    expect(scheme).toBe('scrypt');
    expect(rest).toEqual([]);
    const bytes = Buffer.from(salt!, 'base64url');
    expect(bytes).toHaveLength(16);
    expect(hash).toBe(scryptSync('s3cret', bytes, 32, { N: 16384, r: 8, p: 1 }).toString('base64url'));
    expect(isPasswordHash(stored)).toBe(true);
  });

  it('differs each time, and each verifies', async () => {
    const [one, two] = await Promise.all([hashPassword('same'), hashPassword('same')]);
    expect(one).not.toBe(two);
    await expect(verifyPassword('same', one)).resolves.toBe(true);
    await expect(verifyPassword('same', two)).resolves.toBe(true);
  });

  it('refuses another password', async () => {
    const stored = await hashPassword('right');
    await expect(verifyPassword('wrong', stored)).resolves.toBe(false);
    await expect(verifyPassword('', stored)).resolves.toBe(false);
  });

  it('takes composed and decomposed letters for the same password', async () => {
    const stored = await hashPassword('a\u0308iti');
    await expect(verifyPassword('\u00e4iti', stored)).resolves.toBe(true);
  });

  it.each(['', 'scrypt:', 'scrypt:abc:def', 'plain', `sha256:${'0'.repeat(64)}`])(
    'does not read %j and does not repeat it in the error',
    async (stored) => {
      expect(isPasswordHash(stored)).toBe(false);
      await expect(verifyPassword('x', stored)).rejects.toMatchObject({
        name: 'RangeError',
        message: 'is not scrypt:<salt>:<hash> as the hash-secret command prints it',
      });
    },
  );
});

describe('API key hash', () => {
  it('is sha256 of the UTF-8 bytes in hex', () => {
    expect(hashApiKey('abc')).toBe('sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(apiKeyDigest('avain-ä')).toEqual(apiKeyDigest(Buffer.from('avain-ä', 'utf8')));
  });

  it('is read back, in either case of hex digits', () => {
    const digest = apiKeyDigest('abc');
    expect(readApiKeyHash(hashApiKey('abc'))).toEqual(digest);
    expect(readApiKeyHash(`sha256:${digest.toString('hex').toUpperCase()}`)).toEqual(digest);
  });

  it.each(['abc', 'sha256:', `sha256:${'0'.repeat(63)}`, `sha256:${'g'.repeat(64)}`])('is not %j', (text) => {
    expect(readApiKeyHash(text)).toBeUndefined();
  });
});
