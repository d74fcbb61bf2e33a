import { describe, expect, it } from '@jest/globals';
import { crmOptionProblems } from '../../../test/support/crm-provider.js';
import { readSize } from './crm-http.rules.js';

const GOOD = { url: 'https://crm.example/?phone={{ number }}', record: 'contacts' };
const PORT =
  'has port 0, on which no server listens. Write the port that the server listens on, or leave it out.';

describe('an address with port 0', () => {
  it.each(['https://crm.example:0/', 'http://[::1]:000?phone={{ number }}'])('is refused: %s', (url) => {
    expect(crmOptionProblems({ ...GOOD, url })).toEqual([`url: ${PORT}`]);
  });

  it('is refused for pulls, and for tokens', () => {
    const url = 'https://crm.example:0/vips';
    const sync = { every: '15m', full: { url }, records: 'contacts' };
    expect(crmOptionProblems({ ...GOOD, sync })).toContain(`sync.full.url: ${PORT}`);
    const client = { clientId: 'id', clientSecret: 'c1ient-secret' };
    const auth = { type: 'oauth2-client-credentials', tokenUrl: 'https://login.example:0/token', ...client };
    expect(crmOptionProblems({ ...GOOD, auth })).toEqual([`auth.tokenUrl: ${PORT}`]);
  });

  it('is no other port that begins or ends so', () => {
    expect(crmOptionProblems({ ...GOOD, url: 'https://crm.example:0443/' })).toEqual([]);
    expect(crmOptionProblems({ ...GOOD, url: 'https://crm.example:8080/0' })).toEqual([]);
  });
});

describe('the name of a header', () => {
  it.each([
    'Host',
    'Content-Length',
    'transfer-encoding',
    'Connection',
    'EXPECT',
    'Accept-Encoding',
    'Keep-Alive',
    'TE',
    'Trailer',
    'Upgrade',
  ])('may not be %s under auth, nor under headers', (name) => {
    expect(crmOptionProblems({ ...GOOD, auth: { type: 'header', name, value: 'x' } })).toEqual([
      `auth.name: names ${name}, which is set by the connection. Write the header that the CRM reads, for example X-Api-Key.`,
    ]);
    expect(crmOptionProblems({ ...GOOD, headers: { [name]: 'x' } })).toEqual([
      `headers: ${name} is set by the connection. Remove it.`,
    ]);
  });

  it.each(['Authorization', 'X-Api-Key', 'constructor'])('may be %s under auth', (name) => {
    expect(crmOptionProblems({ ...GOOD, auth: { type: 'header', name, value: 'x' } })).toEqual([]);
  });
});

describe('a size', () => {
  it.each([
    ['1', 1],
    [65_536, 65_536],
    ['512B', 512],
    ['256KiB', 262_144],
    ['256 kib', 262_144],
    ['5KB', 5_000],
    ['2MB', 2_000_000],
    ['64MiB', 67_108_864],
    ['65MiB', undefined],
    ['0', undefined],
    ['-1', undefined],
    ['1.5MiB', undefined],
    ['1GiB', undefined],
    ['', undefined],
    [0.5, undefined],
    [null, undefined],
  ])('%p is %p bytes', (size, bytes) => {
    expect(readSize(size)).toBe(bytes);
  });
});
