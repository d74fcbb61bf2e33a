import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startCrmServer } from '../../../test/support/crm-server.js';
import type { CrmServer } from '../../../test/support/crm-server.js';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

describe('crm-http over TLS', () => {
  let crm: CrmServer;

  beforeEach(async () => {
    crm = await startCrmServer({ tls: true, contacts: { '+358501231234': { tier: 'gold' } } });
  });
  afterEach(() => crm.stop());

  async function lookUpElsewhere(url: string): Promise<string> {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', path('../../../test/support/crm-lookup.ts'), url, '+358501231234'],
      {
        cwd: path('../../..'),
        env: { ...process.env, NODE_EXTRA_CA_CERTS: path('../../../test/support/crm-server.cert.pem') },
      },
    );
    return stdout;
  }

  it('trusts a certificate authority of the company that NODE_EXTRA_CA_CERTS names', async () => {
    expect(await lookUpElsewhere(`${crm.url}/contacts?phone={{ number }}`)).toBe('gold');
  });
});
