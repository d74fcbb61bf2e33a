import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authority, openssl } from '../../test/support/certificates.js';
import type { CertificateFiles } from '../../test/support/certificates.js';
import { fakeOnly } from '../../test/support/fake-time.js';
import { readTls } from './read-tls.js';
import type { TlsFiles } from './read-tls.js';

let folder: string;
let authority: Authority;
let good: CertificateFiles;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smartrouting-read-tls-'));
  authority = await Authority.make(folder, 'authority');
  good = await authority.sign('good');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, content: string): Promise<string> {
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

async function problemOf(files: TlsFiles): Promise<string> {
  try {
    await readTls(files);
  } catch (error) {
    const { name, message } = error as Error;
    expect(name).toBe('TlsError');
    expect(message).not.toContain(folder);
    return message;
  }
  return 'usable';
}

describe('certificate and key', () => {
  it('that belong together are usable, and nothing is to be said of a good pair with its chain', async () => {
    const { warnings, period, options } = await readTls(good);
    expect(warnings).toEqual([]);
    expect(period.validUntilMs - period.validFromMs).toBe(30 * 24 * 60 * 60 * 1000);
    expect(options).toMatchObject({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' });
    expect(options.requestCert).toBeUndefined();
  });

  it.each([
    ['ed25519', { newkey: 'ed25519' }],
    ['RSA of 2048 bits', { newkey: 'rsa:2048' }],
    ['EC P-384', { curve: 'secp384r1' }],
  ])('may be %s', async (_, wanted) => {
    expect(await problemOf(await authority.sign('other-kind', wanted))).toBe('usable');
  });

  it('of other kinds or weak are refused with the cure', async () => {
    expect(await problemOf(await authority.sign('weak', { newkey: 'rsa:1024' }))).toBe(
      'server.tls.cert has a weak key: RSA of 1024 bits. Get one with 2048 bits or more, or EC P-256',
    );
    expect(await problemOf(await authority.sign('curve', { curve: 'secp256k1' }))).toBe(
      'server.tls.cert has a key on the curve secp256k1, which clients do not accept. Get one with RSA or EC P-256',
    );
    expect(await problemOf(await authority.sign('ed448', { newkey: 'ed448' }))).toContain('of type ed448');
  });

  it('of two pairs are refused, of the same type and of different ones', async () => {
    const message = 'server.tls has a certificate and a key that do not match. Name PEM files that do';
    const { key } = await authority.sign('same-type');
    expect(await problemOf({ cert: good.cert, key })).toBe(message);
    const rsa = await authority.sign('other-type', { newkey: 'rsa:2048' });
    expect(await problemOf({ cert: good.cert, key: rsa.key })).toBe(message);
  });

  it('are told apart from files that are missing, in another form, or swapped', async () => {
    expect(await problemOf({ ...good, cert: join(folder, 'none') })).toBe(
      "server.tls.cert names a file that does not exist. Name a PEM file that the service's user may read",
    );
    expect(await problemOf({ ...good, key: folder })).toContain(
      'server.tls.key names a file that is a folder',
    );
    expect(await problemOf({ ...good, clientCa: join(folder, 'none') })).toContain(
      'server.tls.clientCa names a file that does not exist',
    );
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    for (const [name, kind] of [
      [join(folder, 'pipe'), 'a named pipe (FIFO)'],
      ['/dev/zero', 'a device'],
    ] as const) {
      expect(await problemOf({ ...good, key: name })).toContain(
        `server.tls.key names a file that is ${kind}`,
      );
    }
    expect(await problemOf({ cert: good.key, key: good.cert })).toContain(
      'server.tls.cert holds no certificate in PEM form',
    );
    expect(await problemOf({ cert: good.cert, key: good.cert })).toContain(
      'server.tls.key holds no private key in PEM form',
    );
    expect(await problemOf({ ...good, clientCa: await file('empty', '') })).toContain(
      'server.tls.clientCa holds no certificate in PEM form',
    );
  });

  it('that are cut short are refused', async () => {
    const cert = await readFile(good.cert, 'utf8');
    expect(await problemOf({ ...good, cert: await file('half.crt', cert.slice(0, 300)) })).toContain(
      'holds no certificate',
    );
    const broken = cert.replace(/(-----END CERTIFICATE-----\n)([\s\S]*?)[^\n]{60}\n/, '$1$2');
    expect(await problemOf({ ...good, cert: await file('broken.crt', broken) })).toMatch(
      /^server\.tls\.cert has a broken certificate: certificate 2 in it cannot be decoded \(.+\)\. Copy the file again$/,
    );
    const key = await readFile(good.key, 'utf8');
    expect(await problemOf({ ...good, key: await file('half.key', key.replace(/\n.{20}/, '\n')) })).toMatch(
      /^server\.tls\.key cannot be decoded \(.+\)\. Copy the file again$/,
    );
  });

  it('with a passphrase are refused with the command that takes it away', async () => {
    const key = join(folder, 'locked.key');
    await openssl('pkey', '-in', good.key, '-aes128', '-passout', 'pass:secret', '-out', key);
    expect(await problemOf({ ...good, key })).toMatch(/is protected by a passphrase.*openssl pkey -in/);
    await openssl('ec', '-in', good.key, '-aes128', '-passout', 'pass:secret', '-out', key);
    expect(await problemOf({ ...good, key })).toMatch(/is protected by a passphrase.*openssl pkey -in/);
  });

  it('name the cure when the chain comes before the certificate', async () => {
    const own = await readFile(good.cert.replace('.crt', '.alone.crt'), 'utf8');
    const chain = await readFile(authority.files.cert, 'utf8');
    const cert = await file('upside-down.crt', chain + own);
    expect(await problemOf({ ...good, cert })).toBe(
      'server.tls.cert begins with a certificate other than that of the key, which is number 2. Put it first, and its chain after it',
    );
  });
});

describe('what is allowed but probably not meant', () => {
  const warningsOf = async (files: TlsFiles): Promise<readonly string[]> => (await readTls(files)).warnings;

  it('is said of a certificate without its chain, but not of one that signed itself', async () => {
    const cert = good.cert.replace('.crt', '.alone.crt');
    expect(await warningsOf({ ...good, cert })).toEqual([
      expect.stringContaining('append the authority\'s intermediate certificates (the "full chain")'),
    ]);
    const own = { cert: join(folder, 'own.crt'), key: join(folder, 'own.key') };
    // prettier-ignore
    await openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30', '-subj', '/CN=own',
      '-addext', 'subjectAltName=DNS:own.test', '-keyout', own.key, '-out', own.cert);
    expect(await warningsOf(own)).toEqual([]);
  });

  it('is said of a chain in the wrong order, and of one without names', async () => {
    const other = await Authority.make(folder, 'other');
    const cert = await file(
      'stray.crt',
      (await readFile(good.cert, 'utf8')) + (await readFile(other.files.cert, 'utf8')),
    );
    expect(await warningsOf({ ...good, cert })).toEqual([
      expect.stringContaining('certificate 3 in the file did not sign the one before it'),
    ]);
    expect(await warningsOf(await authority.sign('nameless', { subjectAltName: '' }))).toEqual([
      expect.stringContaining('no subjectAltName'),
    ]);
  });

  it('is said of a certificate that has ended, or ends soon: it is used all the same', async () => {
    expect(await warningsOf(await authority.sign('ended', { days: 0 }))).toEqual([
      expect.stringMatching(/the certificate (ended|ends) \d{4}-/),
    ]);
    expect(await warningsOf(await authority.sign('soon', { days: 13 }))).toEqual([
      expect.stringContaining('within 14 days'),
    ]);
    expect(await warningsOf(await authority.sign('later', { days: 15 }))).toEqual([]);
  });

  it('is said of an authority of clients that has ended', async () => {
    const { cert } = await authority.sign('gone', { days: 0 });
    const clientCa = await file(
      'cas.crt',
      (await readFile(authority.files.cert, 'utf8')) + (await readFile(cert, 'utf8')),
    );
    const until = (await readTls({ cert, key: cert.replace('.crt', '.key') })).period.validUntilMs;
    fakeOnly('Date');
    jest.setSystemTime(until + 1);
    const warnings = await warningsOf({ ...good, clientCa }).finally(() => jest.useRealTimers());
    expect(warnings).toEqual([
      expect.stringMatching(/^server\.tls\.clientCa: certificate 2 in the file ended /),
    ]);
  });
});
