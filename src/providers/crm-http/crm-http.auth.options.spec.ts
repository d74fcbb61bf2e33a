import { describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { crmOptionProblems } from '../../../test/support/crm-provider.js';

const CLIENT = { tokenUrl: 'https://login.example/token', clientId: 'id', clientSecret: 'c1ient-secret' };
const CREDENTIALS = { type: 'oauth2-client-credentials', ...CLIENT };
const REFRESH = {
  type: 'oauth2-refresh-token',
  tokenUrl: CLIENT.tokenUrl,
  clientId: 'id',
  refreshToken: 'r3fresh',
  encryptionKey: 'a secret of twenty characters',
};
const ofKind = (kind: 'pkcs1' | 'pkcs8', bits = 2048) =>
  generateKeyPairSync('rsa', {
    modulusLength: bits,
    privateKeyEncoding: { type: kind, format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey;
const onCurve = (namedCurve: string) =>
  generateKeyPairSync('ec', {
    namedCurve,
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey;
const withPassphrase = () =>
  generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'p4ss' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey;
const ASSERTION = {
  type: 'oauth2-jwt-bearer',
  tokenUrl: CLIENT.tokenUrl,
  issuer: 'consumer-key',
  subject: 'svc@example.com',
  audience: 'https://login.example',
};

const problemsOf = (auth: object): string[] =>
  crmOptionProblems({ url: 'https://crm.example/', record: 'contacts', auth });

describe('OAuth2 in the options of crm-http', () => {
  it.each([
    [CREDENTIALS],
    [
      {
        ...CREDENTIALS,
        clientAuth: 'basic',
        scope: 'a b',
        parameters: { audience: 'crm' },
        scheme: 'Zoho-oauthtoken',
      },
    ],
    [REFRESH],
    [{ ...REFRESH, clientSecret: 'c1ient-secret', clientAuth: 'post' }],
    [{ ...ASSERTION, privateKey: ofKind('pkcs1') }],
    [{ ...ASSERTION, privateKey: ofKind('pkcs8'), clientId: 'id', clientSecret: 'c1ient-secret' }],
    [{ ...ASSERTION, privateKey: onCurve('P-256') }],
  ])('is well as %#', (auth) => {
    expect(problemsOf(auth)).toEqual([]);
  });

  it.each([
    [
      { type: 'oauth2-client-credentials', clientId: 'id' },
      [
        'auth.tokenUrl: is missing. Auth type oauth2-client-credentials needs tokenUrl, clientId and clientSecret.',
        'auth.clientSecret: is missing. Auth type oauth2-client-credentials needs tokenUrl, clientId and clientSecret.',
      ],
    ],
    [
      { ...CREDENTIALS, refreshToken: 'r3fresh', username: 'x' },
      [
        'auth.username: belongs to auth type basic or oauth2-password. Remove it, or change type.',
        'auth.refreshToken: belongs to auth type oauth2-refresh-token. Remove it, or change type.',
      ],
    ],
    [
      { type: 'bearer', token: 'x', scope: 'a' },
      [
        'auth.scope: belongs to auth type oauth2-client-credentials, oauth2-refresh-token, oauth2-jwt-bearer or oauth2-password. Remove it, or change type.',
      ],
    ],
    [
      { ...REFRESH, encryptionKey: 'too short', clientAuth: 'post' },
      [
        'auth.clientAuth: needs clientSecret beside it.',
        'auth.encryptionKey: must be a secret text of one line, at least 20 characters. Make one with: openssl rand -base64 32',
      ],
    ],
    [
      { ...REFRESH, clientAuth: 'header' },
      ['auth.clientAuth: is not known. Write post or basic. Default: post.'],
    ],
    [
      { ...REFRESH, refreshToken: 'two words' },
      [
        'auth.refreshToken: must be one word of ASCII characters. Is it empty, or is there a space or a line end in it?',
      ],
    ],
    [
      { ...CREDENTIALS, clientSecret: 'c1ient\nsecret', scheme: 'Two words' },
      [
        'auth.clientSecret: must be text of one line. Is it empty, or is there a line end in it?',
        'auth.scheme: must be the word before the token in the header Authorization, for example Zoho-oauthtoken. Default: Bearer.',
      ],
    ],
    [
      { ...CREDENTIALS, parameters: { grant_type: 'password' } },
      ['auth.parameters: has grant_type, which is set by type. Remove it.'],
    ],
    [
      { ...CREDENTIALS, parameters: { audience: 1 } },
      ['auth.parameters: must hold texts only. Put them in quotes.'],
    ],
    [
      { ...CREDENTIALS, parameters: ['a'] },
      ['auth.parameters: must be a map of names and texts, for example { audience: crm }.'],
    ],
    [
      { ...ASSERTION, privateKey: ofKind('pkcs1'), clientSecret: 'c1ient-secret' },
      ['auth.clientSecret: needs clientId beside it.'],
    ],
    [
      { type: 'constructor' },
      [expect.stringMatching(/^auth.type: is not a kind of auth\. Write none, basic,/)],
    ],
  ])('is refused: %#', (auth, problems) => {
    expect(problemsOf(auth)).toEqual(problems);
    expect(problemsOf(auth).join()).not.toMatch(/c1ient|r3fresh|too short/);
  });

  it.each([
    [
      'login.example/token',
      'must be the address of the token endpoint, for example https://login.example/oauth2/token.',
    ],
    [
      'ftp://login.example/',
      'must be the address of the token endpoint, for example https://login.example/oauth2/token.',
    ],
    [
      'https://id:secret@login.example/',
      'has a user name or password before the host. Write clientId and clientSecret.',
    ],
    ['https://login.example/#x', 'has a # in it, and what follows is never sent. Remove it.'],
  ])('refuses the tokenUrl %s', (tokenUrl, problem) => {
    expect(problemsOf({ ...CREDENTIALS, tokenUrl })).toEqual([`auth.tokenUrl: ${problem}`]);
  });

  it.each([
    [
      'text',
      () => 'MIIE',
      'is not a private key in PEM. Give the whole file, for example privateKey: ${file:./crm-key.pem}',
    ],
    [
      'half a key',
      () => ofKind('pkcs8').slice(0, 300),
      'is not a private key in PEM. Give the whole file, for example privateKey: ${file:./crm-key.pem}',
    ],
    [
      'a short key',
      () => ofKind('pkcs8', 1024),
      'is an RSA key of 1024 bits. Make one of at least 2048 bits.',
    ],
    [
      'another curve',
      () => onCurve('P-384'),
      'is of a type that is not supported. Use an RSA key (RS256) or one on the curve P-256 (ES256).',
    ],
    [
      'a passphrase',
      withPassphrase,
      'is protected by a passphrase. Remove it: openssl pkey -in crm-key.pem -out crm-key-plain.pem',
    ],
  ])('refuses a private key with %s', (_, privateKey, problem) => {
    expect(problemsOf({ ...ASSERTION, privateKey: privateKey() })).toEqual([`auth.privateKey: ${problem}`]);
  });
});
