import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Certificate {
  readonly key: Buffer;
  readonly cert: Buffer;
}

export interface Certificates {
  /** PEM file of the authority, for `NODE_EXTRA_CA_CERTS`. */
  readonly authority: string;
  readonly good: Certificate;
  /** By the same authority, out of date a second after it was made. */
  readonly expired: Certificate;
}

/** The host that they are for. */
export const CRM_HOST = 'crm.test';
const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** An authority and two certificates, made with openssl in `folder`. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  const file = (name: string): string => join(folder, name);
  const openssl = (...args: string[]) => promisify(execFile)('openssl', args);
  await writeFile(file('names'), `subjectAltName=DNS:${CRM_HOST}`);
  // prettier-ignore
  await openssl('req', '-x509', ...EC, '-days', '2', '-subj', '/CN=authority of the fault suite', '-keyout', file('ca.key'), '-out', file('ca.pem'));
  await openssl(
    'req',
    '-new',
    ...EC,
    '-subj',
    `/CN=${CRM_HOST}`,
    '-keyout',
    file('crm.key'),
    '-out',
    file('crm.csr'),
  );
  const sign = async (name: string, days: string): Promise<Certificate> => {
    // prettier-ignore
    await openssl('x509', '-req', '-in', file('crm.csr'), '-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial',
      '-days', days, '-extfile', file('names'), '-out', file(name));
    return { key: await readFile(file('crm.key')), cert: await readFile(file(name)) };
  };
  return {
    authority: file('ca.pem'),
    good: await sign('crm.pem', '2'),
    expired: await sign('expired.pem', '0'),
  };
}
