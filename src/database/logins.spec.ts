import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Authority } from '../../test/support/certificates.js';
import { startMariaDb } from '../../test/support/mariadb.js';
import type { MariaDb } from '../../test/support/mariadb.js';
import { withTemporaryFolder } from '../../test/support/temporary-folder.js';
import { openDatabase } from '../providers/database/vip-caller.repository.js';
import { Database } from './database.js';
import { failureOf } from './failure-texts.js';
import { select } from './select.js';

const folder = withTemporaryFolder();
const CHECK = 'check user and password in its URL';

/** What health says of a provider, and the command line of a command, that cannot connect. */
async function failuresOf(url: string): Promise<string[]> {
  const messageOf = (error: unknown): string => (error as Error).message;
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const nodes = new Database(url).use(
    {
      mustExist: true,
      prepare: async () => undefined,
      probe: (one, cut) => select(one, 'SELECT 1', [], cut),
    },
    quiet,
  );
  const failures = [
    await nodes.open().then(() => 'connected', messageOf),
    await openDatabase(url).then(async (dataSource) => {
      await dataSource.destroy();
      return 'connected';
    }, messageOf),
  ];
  await nodes.close();
  expect(failures.join()).not.toMatch(/sesame/);
  return [...new Set(failures)];
}

describe('a login that MariaDB refuses', () => {
  let server: MariaDb;
  beforeAll(async () => {
    const authority = await Authority.make(folder.path(''), 'authority');
    const { cert, key } = await authority.sign('server');
    server = await startMariaDb([`--ssl-cert=${cert}`, `--ssl-key=${key}`, '--plugin-load-add=auth_ed25519']);
    await server.sql(`
      CREATE USER plain@127.0.0.1 IDENTIFIED BY 'sesame';
      CREATE USER secure@127.0.0.1 IDENTIFIED BY 'sesame' REQUIRE SSL;
      CREATE USER ed@127.0.0.1 IDENTIFIED VIA ed25519 USING PASSWORD('sesame');
      GRANT ALL ON *.* TO plain@127.0.0.1, secure@127.0.0.1, ed@127.0.0.1`);
  });
  afterAll(() => server.stop());

  const refused = `database refuses the login (ER_ACCESS_DENIED_ERROR); ${CHECK}`;
  const refusedPlainly = `${refused}, or add ?ssl=true to it if this user must connect encrypted`;
  const untrusted =
    'database has a certificate that is not trusted (HANDSHAKE_SSL_ERROR); name the file of its authority in NODE_EXTRA_CA_CERTS, or write ?ssl=unverified to accept any certificate';

  it.each([
    ['a right password', 'plain:sesame@127.0.0.1', '', 'connected'],
    ['a right password, encrypted', 'plain:sesame@127.0.0.1', '?ssl=unverified', 'connected'],
    ['a wrong password', 'plain:sesame2@127.0.0.1', '', refusedPlainly],
    ['a wrong password, encrypted', 'plain:sesame2@127.0.0.1', '?ssl=unverified', refused],
    ['a user who must connect encrypted', 'secure:sesame@127.0.0.1', '', refusedPlainly],
    ['the same, encrypted', 'secure:sesame@127.0.0.1', '?ssl=unverified', 'connected'],
    ['a certificate that nobody knows', 'secure:sesame@localhost', '?ssl=true', untrusted],
    [
      'a plug-in that is not supported',
      'ed:sesame@127.0.0.1',
      '',
      "database wants a login by its plug-in client_ed25519, which is not supported; give the service a user with mysql_native_password or caching_sha2_password, for example ALTER USER … IDENTIFIED VIA mysql_native_password USING PASSWORD('…')",
    ],
  ])('because of %s tells the cure', async (_, login, parameters, expected) => {
    const url = server.url.replace('root@127.0.0.1', login) + parameters;
    expect(await failuresOf(url)).toEqual([expected]);
  });

  it('because it has no TLS tells the cure', async () => {
    const bare = await startMariaDb(['--skip-ssl']);
    try {
      expect(await failuresOf(`${bare.url}?ssl=unverified`)).toEqual([
        'database has no TLS (HANDSHAKE_NO_SSL_SUPPORT); take ?ssl=… out of its URL, or give the server a certificate',
      ]);
    } finally {
      await bare.stop();
    }
  });
});

describe('what keeps a connection from being made', () => {
  const failed = (code: string, message = ''): string =>
    failureOf(Object.assign(new Error(message), { code })).message;

  it.each([
    [
      'ER_SECURE_TRANSPORT_REQUIRED',
      'Connections using insecure transport are prohibited',
      'takes encrypted connections only (ER_SECURE_TRANSPORT_REQUIRED); add ?ssl=true to its URL',
    ],
    [
      'HANDSHAKE_SSL_ERROR',
      'certificate has expired',
      'has a certificate that has expired (HANDSHAKE_SSL_ERROR); renew it',
    ],
    [
      'HANDSHAKE_SSL_ERROR',
      "Hostname/IP does not match certificate's altnames: Host: db. is not in the cert's altnames: DNS:other",
      'has a certificate for another name (HANDSHAKE_SSL_ERROR); write the name of the certificate in its URL, or ?ssl=unverified to accept any certificate',
    ],
    [
      'HANDSHAKE_SSL_ERROR',
      'write EPROTO … wrong version number',
      'could not agree on an encrypted connection (HANDSHAKE_SSL_ERROR)',
    ],
    ['ECONNREFUSED', 'connect ECONNREFUSED', 'is not reachable (ECONNREFUSED)'],
    ['ER_PARSE_ERROR', `near 'sesame'`, 'failed (ER_PARSE_ERROR)'],
  ])('%s (%s) has its cure', (code, text, said) => {
    expect(failed(code, text)).toBe(`database ${said}`);
  });
});
