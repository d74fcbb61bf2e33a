import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** PEM files. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** What an authority signs; the common name is the name of the files. */
export interface Wanted {
  /** From now on; 0 has ended a second after it was made. */
  readonly days?: number;
  /** OpenSSL's name of the kind of key: `rsa:2048`, `ed25519`; else EC on the curve P-256. */
  readonly newkey?: string;
  /** For EC: another curve. */
  readonly curve?: string;
  readonly subjectAltName?: string | undefined;
}

const run = promisify(execFile);
export const openssl = async (...args: string[]): Promise<string> => (await run('openssl', args)).stdout;

function keyArguments({ newkey = 'ec', curve = 'prime256v1' }: Wanted): string[] {
  return [
    '-newkey',
    newkey,
    ...(newkey === 'ec' ? ['-pkeyopt', `ec_paramgen_curve:${curve}`] : []),
    '-nodes',
  ];
}

/** A certificate authority of the test's own, made with openssl. */
export class Authority {
  private constructor(
    private readonly folder: string,
    readonly files: CertificateFiles,
  ) {}

  static async make(folder: string, name: string): Promise<Authority> {
    const files = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
    // prettier-ignore
    await openssl('req', '-x509', ...keyArguments({}), '-days', '30', '-subj', `/CN=${name}`, '-addext', 'keyUsage=keyCertSign',
      '-keyout', files.key, '-out', files.cert);
    return new Authority(folder, files);
  }

  /** Signs a certificate for 127.0.0.1 and localhost; its file has the chain. */
  async sign(name: string, wanted: Wanted = {}): Promise<CertificateFiles> {
    const file = (ending: string): string => join(this.folder, `${name}.${ending}`);
    const { days = 30, subjectAltName = 'DNS:localhost,IP:127.0.0.1' } = wanted;
    // prettier-ignore
    await openssl('req', '-new', ...keyArguments(wanted), '-subj', `/CN=${name}`, '-keyout', file('key'), '-out', file('csr'));
    await writeFile(file('ext'), subjectAltName === '' ? '' : `subjectAltName=${subjectAltName}`);
    // prettier-ignore
    await openssl('x509', '-req', '-in', file('csr'), '-CA', this.files.cert, '-CAkey', this.files.key, '-CAcreateserial',
      '-days', String(days), '-extfile', file('ext'), '-out', file('crt'));
    await writeFile(file('alone.crt'), await readFile(file('crt')));
    await writeFile(
      file('crt'),
      (await readFile(file('crt'), 'utf8')) + (await readFile(this.files.cert, 'utf8')),
    );
    return { cert: file('crt'), key: file('key') };
  }
}
