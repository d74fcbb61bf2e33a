import { describe, expect, it } from '@jest/globals';
import { readPasswordHash, verifyPassword } from '../common/secret-hash.js';
import type { PasswordHash } from '../common/secret-hash.js';
import { checkConfig } from '../app/app.config.js';
import { DEMO_SECRETS } from './credentials.config.js';
import { parseConfig } from '../config/read-config-file.js';

class NoOptions {}
const kinds = new Map([['none', { options: NoOptions }]]);
const SHA256 = `sha256:${'0aF9'.repeat(16)}`;
const PHC = `$scrypt$ln=17,r=8,p=1$${'a'.repeat(22)}$${'b'.repeat(43)}`;
const BOUNDS =
  'ln is 13 to 20, r is 8, and p times 2^ln at most 2^20. Hash the password with the hash-secret command.';
const SCRYPT = `scrypt:${'a'.repeat(22)}:${'b'.repeat(43)}`;

function check(credentials: string, { host = '127.0.0.1', variables = {} } = {}) {
  const text = `credentials: [${credentials}]
providers: { p: { kind: none } }
targets: { SALES: { providers: [p], routes: [{ instructions: { Priority: 1 } }] } }`;
  return checkConfig(parseConfig(text, 'test.yaml', variables), kinds, {
    databaseUrl: 'sqlite::memory:',
    host,
  });
}

function problemsOf(credentials: string, options = {}): string[] {
  try {
    check(credentials, options);
    return [];
  } catch (error) {
    expect((error as Error).name).toBe('ConfigError');
    return (error as Error).message.split('\n- line 1, credentials').slice(1);
  }
}

describe('a credential', () => {
  it.each<[string, object]>([
    ['{ id: a, apiKey: plain }', { id: 'a', apiKey: 'plain' }],
    [`{ id: a, apiKey: ${SHA256} }`, { id: 'a', apiKey: SHA256 }],
    ['{ id: a, apiKey: "two words" }', { id: 'a', apiKey: 'two words' }],
    ['{ id: a, username: ü, password: "p:ä ß" }', { id: 'a', username: 'ü', password: 'p:ä ß' }],
    [`{ id: a, username: u, password: "${SCRYPT}" }`, { id: 'a', username: 'u', password: SCRYPT }],
    ['{ id: a, apiKey: k, targets: [SALES] }', { id: 'a', apiKey: 'k', targets: ['SALES'] }],
    ['{ id: a, apiKey: k, targets: [default] }', { id: 'a', apiKey: 'k', targets: ['default'] }],
  ])('%s is usable', (text, credential) => {
    expect(check(text).credentials).toEqual([{ targets: undefined, ...credential }]);
  });

  const KEY = 'Write the key, sha256: and 64 hex digits, or ${NAME} of a variable that is not empty.';
  const PASSWORD =
    'Write the password, what the hash-secret command prints, or ${NAME} of a variable that is not empty.';
  const HEADER =
    'cannot be sent in an HTTP header. Use ASCII letters, digits and signs, without blanks at the ends.';
  const CONTROL = 'has a line end or another control character in it.';
  it.each<[string, string]>([
    ['{ apiKey: k }', '[0].id: is missing. Write a name for the logs.'],
    ['{ id: a }', '[0]: The credential has no secret. Write apiKey, or username and password.'],
    ['{ id: a, username: u }', '[0].password: is missing. username needs it; write both, or apiKey instead.'],
    ['{ id: a, password: p }', '[0].username: is missing. password needs it; write both, or apiKey instead.'],
    [
      '{ id: a, apiKey: k, username: u, password: p }',
      '[0]: Both apiKey and username and password are given. Write one credential for each, with ids of their own.',
    ],
    ['{ id: a, apiKey: "" }', `[0].apiKey: is empty. ${KEY}`],
    ['{ id: a, apiKey: "${EMPTY}" }', `[0].apiKey: is empty. ${KEY}`],
    ['{ id: a, apiKey: }', '[0].apiKey: is empty. Write a value, or remove the key.'],
    ['{ id: a, apiKey: 12345678 }', '[0].apiKey: is not text. Put it in quotes.'],
    ['{ id: a, apiKey: [s3cret] }', `[0].apiKey: is a list, not text. ${KEY}`],
    ['{ id: a, apiKey: "s3cret " }', `[0].apiKey: ${HEADER}`],
    ['{ id: a, apiKey: s3crët }', `[0].apiKey: ${HEADER}`],
    ['{ id: a, apiKey: "s3cret\\n" }', `[0].apiKey: ${CONTROL} ${KEY}`],
    [
      '{ id: a, apiKey: sha256:s3cret }',
      '[0].apiKey: starts with sha256: but has no 64 hex digits after it. Write what the hash-secret command prints.',
    ],
    [
      `{ id: a, apiKey: "${SCRYPT}" }`,
      '[0].apiKey: is the hash of a password. A hashed API key is sha256: and 64 hex digits.',
    ],
    ['{ id: a, username: u, password: "" }', `[0].password: is empty. ${PASSWORD}`],
    [
      '{ id: a, username: u, password: "scrypt:s3cret" }',
      '[0].password: starts with scrypt: but is not $scrypt$ln=<n>,r=8,p=<n>$<salt>$<hash>. Write what the hash-secret command prints.',
    ],
    [
      `{ id: a, username: u, password: '${PHC.replace('ln=17', 'ln=21')}' }`,
      `[0].password: asks for a cost out of bounds: ${BOUNDS}`,
    ],
    [
      `{ id: a, username: u, password: '${PHC.replace('p=1', 'p=99')}' }`,
      `[0].password: asks for a cost out of bounds: ${BOUNDS}`,
    ],
    [
      `{ id: a, apiKey: '${PHC}' }`,
      '[0].apiKey: is the hash of a password. A hashed API key is sha256: and 64 hex digits.',
    ],
    [
      `{ id: a, username: u, password: "${SHA256}" }`,
      '[0].password: starts with sha256:, which is for API keys. Write what the hash-secret command prints without --api-key.',
    ],
    [
      '{ id: a, username: "u:v", password: p }',
      '[0].username: "u:v" has a colon in it, which HTTP Basic does not allow in a user name.',
    ],
    [
      '{ id: a, apiKey: k, targets: [SALES, SALE] }',
      '[0].targets[1]: "SALE" is not a configured target. Did you mean "SALES"? Known: SALES, default.',
    ],
    [
      '{ id: a, apiKey: k }, { id: a, apiKey: l }',
      '[1].id: "a" is the id of another credential, in line 1. Ids must be unique.',
    ],
    [
      '{ id: a, apikey: s3cret, apiKey: k }',
      '[0].apikey: is not a known key. Did you mean "apiKey"? Known: id, apiKey, username, password, targets.',
    ],
    [
      `{ id: a, username: ${'ü'.repeat(300)}, password: ${'s3crët'.repeat(70)} }`,
      '[0]: The user name and the password have more than 1024 bytes together, and clients with such a login are refused. Write shorter ones.',
    ],
    [`{ id: a, apiKey: ${'s3cret'.repeat(90)} }`, `[0].apiKey: is longer than 500 characters. ${KEY}`],
    ['core', '[0]: is not a map of keys.'],
    ['apiKey:s3cret', '[0]: is not a map of keys.'],
    [
      '{ id: a, username: u, password: p, apiKey:s3cret }',
      '[0].apiKey: is not a key: a blank is missing after the colon. Write apiKey: and the value.',
    ],
    [
      '{ id: a, apiKey: k, s3cret=2$AAAA }',
      '[0]: has a piece of a value as a key: within { }, a text with a comma needs quotes.',
    ],
  ])('%s is refused, its secret unseen', (text, problem) => {
    const problems = problemsOf(text, { variables: { EMPTY: '' } });
    expect(problems).toEqual([problem]);
    expect(problems.join()).not.toMatch(/s3cr/);
  });

  it('is needed', () => {
    expect(problemsOf('')).toEqual([
      ': is empty. Write at least one credential with an id and an apiKey, or a username and password.',
    ]);
  });
});

describe("the demo's secrets", () => {
  const [key, password, hash] = DEMO_SECRETS as [string, string, string];
  const WELL_KNOWN = "This is the demo's secret, which everybody knows.";
  const CURE = 'write your own, or set the environment variable that it comes from';

  it('are those of the demo', async () => {
    expect(await verifyPassword(password, readPasswordHash(hash) as PasswordHash)).toBe(true);
  });

  it.each(['127.0.0.1', '127.0.0.53', '::1', 'localhost', '::ffff:127.0.0.1'])(
    'give a warning on %s',
    (host) => {
      expect(check(`{ id: a, apiKey: ${key} }`, { host }).warnings).toEqual([
        `line 1, credentials[0].apiKey: ${WELL_KNOWN} Before others can reach the service, ${CURE}.`,
      ]);
    },
  );

  it.each(['0.0.0.0', '::', '10.0.0.1', 'vip.example.com'])('are refused on %s', (host) => {
    const credentials = `{ id: a, apiKey: "\${KEY:-${key}}" }, { id: b, username: u, password: "${hash}" }, { id: c, username: u, password: ${password} }`;
    const problem = `${WELL_KNOWN} Listen on 127.0.0.1 only, or ${CURE}.`;
    expect(problemsOf(credentials, { host })).toEqual([
      `[0].apiKey: ${problem}`,
      `[1].password: ${problem}`,
      `[2].password: ${problem}`,
    ]);
    expect(problemsOf('{ id: a, apiKey: "${KEY:-k}" }', { host })).toEqual([]);
  });

  it('is given for a plain key that could be guessed', () => {
    const short =
      'line 1, credentials[0].apiKey: The key has fewer than 16 characters, and could be guessed. Make one with openssl rand -hex 24.';
    expect(check('{ id: a, apiKey: fifteen-letters }').warnings).toContain(short);
    expect(check('{ id: a, apiKey: sixteen-letters- }').warnings).toEqual([]);
    expect(check(`{ id: a, apiKey: ${SHA256} }`).warnings).toEqual([]);
  });
});
