import { describe, expect, it } from '@jest/globals';
import { scryptSync } from 'node:crypto';
import {
  apiKeyDigest,
  hashApiKey,
  hashPassword,
  readApiKeyHash,
  readPasswordHash,
  verifyPassword,
} from './secret-hash.js';
import type { PasswordHash } from './secret-hash.js';

const hashed = async (password: string) => readPasswordHash(await hashPassword(password, 13)) as PasswordHash;

describe('password hash', () => {
  it('is a PHC string of scrypt with N=2^17, r=8, p=1 over a salt of 16 bytes', async () => {
    const stored = await hashPassword('s3cret');
    const [, scheme, cost, salt, hash, ...rest] = stored.split('$');
    expect([scheme, cost, rest]).toEqual(['scrypt', 'ln=17,r=8,p=1', []]);
    const bytes = Buffer.from(salt!, 'base64');
    expect(bytes).toHaveLength(16);
    const derived = scryptSync('s3cret', bytes, 32, { N: 131_072, r: 8, p: 1, maxmem: 2 ** 28 });
    expect(hash).toBe(derived.toString('base64').replaceAll('=', ''));
    expect(readPasswordHash(stored)).toEqual({ ln: 17, p: 1, salt: bytes, hash: derived });
  });

  it('differs each time, and each verifies', async () => {
    const [one, two] = await Promise.all([hashed('same'), hashed('same')]);
    expect(one.hash).not.toEqual(two.hash);
    await expect(verifyPassword('same', one)).resolves.toBe(true);
    await expect(verifyPassword('same', two)).resolves.toBe(true);
  });

  it('refuses another password', async () => {
    const stored = await hashed('right');
    await expect(verifyPassword('wrong', stored)).resolves.toBe(false);
    await expect(verifyPassword('', stored)).resolves.toBe(false);
  });

  it('takes composed and decomposed letters for the same password', async () => {
    await expect(verifyPassword('\u00e4iti', await hashed('a\u0308iti'))).resolves.toBe(true);
  });

  it('is read in the form that earlier versions made, and in that of other programs', async () => {
    const old = 'scrypt:2jKVlln3TrOWjBgvz6BWPA:-Uj73eqZLuP-xbzDosSD1XZyZWX122D8q649js6rB9I';
    await expect(verifyPassword('demo-password', readPasswordHash(old) as PasswordHash)).resolves.toBe(true);
    // The example in the documentation of Python's passlib.
    const passlib =
      '$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E';
    await expect(verifyPassword('password', readPasswordHash(passlib) as PasswordHash)).resolves.toBe(true);
  });

  it.each([
    'scrypt:',
    'scrypt:abc:def',
    '$scrypt$',
    '$scrypt$ln=17,r=8,p=1$YWJj$ZGVm',
    '$scrypt$ln=1e1,r=8,p=1$$',
  ])('is not %j, which means to be one, and the problem does not repeat it', (stored) => {
    expect(readPasswordHash(stored)).toMatch(
      /^starts with (scrypt:|\$scrypt\$) but is not \$scrypt\$ln=<n>,r=8,p=<n>\$<salt>\$<hash>\. Write what/,
    );
  });

  it.each([
    ['ln=12,r=8,p=1', false],
    ['ln=13,r=8,p=1', true],
    ['ln=20,r=8,p=1', true],
    ['ln=21,r=8,p=1', false],
    ['ln=99,r=8,p=1', false],
    ['ln=17,r=8,p=8', true],
    ['ln=17,r=8,p=9', false],
    ['ln=17,r=8,p=0', false],
    ['ln=17,r=16,p=1', false],
  ])('may ask for %s: %s', (cost, isAllowed) => {
    const read = readPasswordHash(`$scrypt$${cost}$${'a'.repeat(22)}$${'b'.repeat(43)}`);
    if (isAllowed) expect(read).toMatchObject({ hash: { length: 32 } });
    else expect(read).toMatch(/^asks for a cost out of bounds: ln is 13 to 20, r is 8, and p times/);
  });

  it('can be verified at the least and at the widest cost that it may ask for', async () => {
    for (const [ln, p] of [
      [13, 1],
      [13, 128],
    ] as const) {
      const salt = Buffer.alloc(16);
      const hash = scryptSync('s', salt, 32, { N: 2 ** ln, r: 8, p, maxmem: 2 ** 30 });
      await expect(verifyPassword('s', { ln, p, salt, hash })).resolves.toBe(true);
    }
  });

  it.each(['', 'plain', `sha256:${'0'.repeat(64)}`, '$2b$12$x'])('is not %j, a plain password', (stored) => {
    expect(readPasswordHash(stored)).toBeUndefined();
  });
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
