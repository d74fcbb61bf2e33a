import type { KeyObject } from 'node:crypto';
import { constants, createPrivateKey, X509Certificate } from 'node:crypto';
import type { TlsOptions } from 'node:tls';
import { createSecureContext } from 'node:tls';
import { OrdinaryFileError, readOrdinaryFile } from '../common/ordinary-file.js';
import type { CertificatePeriod } from '../config/config-status.js';
import { certificateTrouble } from './certificate-period.js';

/** Absolute paths of PEM files. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Authorities of client certificates; if set, every client must present a certificate. */
  readonly clientCa?: string | undefined;
}

/** The content of the files, checked and usable. */
export interface TlsMaterial {
  readonly files: TlsFiles;
  /** For the server; all of these options are set again with each new certificate. */
  readonly options: TlsOptions;
  readonly period: CertificatePeriod;
  /** Settings that are allowed but probably not intended. */
  readonly warnings: readonly string[];
}

/** A file is not usable. Neither the message nor `problem` contains a path or any part of the key. */
export class TlsError extends Error {
  override readonly name = 'TlsError';
  /**
   * @param key of the configuration, `server.tls.cert`
   * @param problem a predicate whose subject is the file, with the cure
   */
  constructor(
    readonly key: string,
    readonly problem: string,
  ) {
    super(`${key} ${problem}`);
  }
}

/**
 * Mozilla's "intermediate" without the DHE suites: TLS 1.2 with ephemeral keys and authenticated encryption only. The
 * suites of TLS 1.3 are all secure, and are left to OpenSSL.
 */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');
/** Several times the bundle of all public authorities, which is some 250 KiB. */
const MAX_PEM_BYTES = 1024 * 1024;
const MIN_RSA_BITS = 2048;
/** The curves for which TLS 1.3 defines signatures. */
const CURVES: readonly unknown[] = ['prime256v1', 'secp384r1', 'secp521r1'];
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const CERT = 'server.tls.cert';
const KEY = 'server.tls.key';
const CLIENT_CA = 'server.tls.clientCa';

/**
 * Reads the files and checks that they match.
 * @throws TlsError naming the key of the configuration, the rule and the cure
 */
export async function readTls(files: TlsFiles): Promise<TlsMaterial> {
  const cert = await textOf(CERT, files.cert);
  const key = await textOf(KEY, files.key);
  const ca = files.clientCa === undefined ? undefined : await textOf(CLIENT_CA, files.clientCa);

  const chain = certificatesIn(CERT, cert);
  const leaf = chain[0]!;
  checkPair(chain, privateKeyIn(key));
  checkStrength(leaf.publicKey);
  const authorities = ca === undefined ? [] : certificatesIn(CLIENT_CA, ca);
  const options: TlsOptions = {
    cert,
    key,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: CIPHERS,
    // All of them are secure, and the client knows which is fastest on its hardware.
    honorCipherOrder: false,
    // Renegotiation lets clients cause load; none of ours needs it, and TLS 1.3 has removed it.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    ...(ca !== undefined && { ca, requestCert: true, rejectUnauthorized: true }),
  };
  try {
    createSecureContext(options);
  } catch (error) {
    const { reason, code } = error as { reason?: string; code?: string };
    throw new TlsError('server.tls', `cannot be used (${reason ?? code ?? 'unknown reason'})`);
  }
  return {
    files,
    options,
    period: periodOf(leaf),
    warnings: [...chainWarnings(chain), ...authorityWarnings(authorities)],
  };
}

async function textOf(key: string, file: string): Promise<string> {
  try {
    return (await readOrdinaryFile(file, MAX_PEM_BYTES)).toString('utf8');
  } catch (error) {
    if (!(error instanceof OrdinaryFileError)) throw error;
    const cure = "Name a PEM file that the service's user may read";
    throw new TlsError(key, `names a file that ${error.message}. ${cure}`);
  }
}

function certificatesIn(key: string, text: string): X509Certificate[] {
  const blocks = text.match(CERTIFICATE) ?? [];
  if (blocks.length === 0) {
    throw new TlsError(
      key,
      'holds no certificate in PEM form, which begins with -----BEGIN CERTIFICATE-----. Name another file, or convert this one with openssl x509 (DER) or openssl pkcs12 (PFX)',
    );
  }
  return blocks.map((block, index) => {
    const which = blocks.length === 1 ? 'a certificate' : `certificate ${index + 1} in it`;
    return decoded(key, `has a broken certificate: ${which} `, () => new X509Certificate(block));
  });
}

function decoded<T>(key: string, what: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    const { reason, code } = error as { reason?: string; code?: string };
    throw new TlsError(key, `${what}cannot be decoded (${reason ?? code}). Copy the file again`);
  }
}

function privateKeyIn(text: string): KeyObject {
  if (/ENCRYPTED/.test(text)) {
    throw new TlsError(
      KEY,
      "is protected by a passphrase, which the service cannot ask for. Write it without one, openssl pkey -in <this file> -out <new file>, and let only the service's user read it",
    );
  }
  if (!/-----BEGIN (?:RSA |EC )?PRIVATE KEY-----/.test(text)) {
    throw new TlsError(
      KEY,
      'holds no private key in PEM form, which begins with -----BEGIN PRIVATE KEY-----. Name another file, or convert this one with openssl pkey',
    );
  }
  return decoded(KEY, '', () => createPrivateKey(text));
}

/** OpenSSL itself takes a pair of different types, RSA and EC, and then fails at every handshake. */
function checkPair(chain: readonly X509Certificate[], key: KeyObject): void {
  const own = chain.findIndex((certificate) => certificate.checkPrivateKey(key));
  if (own === 0) return;
  if (own > 0) {
    throw new TlsError(
      CERT,
      `begins with a certificate other than that of the key, which is number ${own + 1}. Put it first, and its chain after it`,
    );
  }
  throw new TlsError('server.tls', 'has a certificate and a key that do not match. Name PEM files that do');
}

function checkStrength({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): void {
  const isRsa = type === 'rsa' || type === 'rsa-pss';
  if (isRsa && details!.modulusLength! < MIN_RSA_BITS) {
    throw new TlsError(
      CERT,
      `has a weak key: RSA of ${details!.modulusLength} bits. Get one with ${MIN_RSA_BITS} bits or more, or EC P-256`,
    );
  }
  const isUsable = isRsa || type === 'ed25519' || (type === 'ec' && CURVES.includes(details!.namedCurve));
  if (!isUsable) {
    const what = type === 'ec' ? `on the curve ${details!.namedCurve}` : `of type ${type}`;
    throw new TlsError(CERT, `has a key ${what}, which clients do not accept. Get one with RSA or EC P-256`);
  }
}

function periodOf({ validFrom, validTo }: X509Certificate): CertificatePeriod {
  return { validFromMs: Date.parse(validFrom), validUntilMs: Date.parse(validTo) };
}

function* chainWarnings(chain: readonly X509Certificate[]): Generator<string> {
  const leaf = chain[0]!;
  const trouble = certificateTrouble(periodOf(leaf), Date.now());
  if (trouble !== undefined) yield `${CERT}: ${trouble.reason}`;
  if (leaf.subjectAltName === undefined) {
    yield `${CERT}: the certificate has no subjectAltName, where clients look for the host's name.`;
  }
  if (chain.length === 1 && !leaf.checkIssued(leaf)) {
    yield `${CERT}: the file has the certificate alone. Clients that do not know who signed it refuse it: append the authority's intermediate certificates (the "full chain").`;
  }
  const stray = chain.findIndex((one, index) => index > 0 && !chain[index - 1]!.checkIssued(one));
  if (stray > 0) {
    yield `${CERT}: certificate ${stray + 1} in the file did not sign the one before it. The order is: the server's own, then each time the one that signed it.`;
  }
}

function* authorityWarnings(authorities: readonly X509Certificate[]): Generator<string> {
  for (const [index, authority] of authorities.entries()) {
    const { validUntilMs } = periodOf(authority);
    if (validUntilMs > Date.now()) continue;
    const ended = new Date(validUntilMs).toISOString();
    yield `${CLIENT_CA}: certificate ${index + 1} in the file ended ${ended}: clients that it signed are refused.`;
  }
}
